"""Where the mock keeps its objects: a SQLite file that web and workers share. One writer at a time, all or nothing."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

from pydantic import TypeAdapter

from packshot.ports.payment_states import Kind
from packshot.ports.payments import Order, Price

T = TypeVar("T")

_TABLES = """
create table if not exists object (kind text, ref text, body text not null, primary key (kind, ref)) without rowid;
create table if not exists act (id text primary key, refs text not null) without rowid;
create table if not exists message (
    seq integer primary key, body text not null, at text not null, sent integer not null
);
"""


@dataclass(frozen=True, slots=True)
class Customer:
    ref: str
    organization: UUID
    name: str
    email: str
    card: str | None
    """One of cards.CARDS."""
    credit: int = 0
    """Minor units that later invoices are lessened by."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A price and how many."""

    price: Price
    quantity: int


@dataclass(frozen=True, slots=True)
class Contract:
    """What a subscription's state does not say: its prices in full, and what waits."""

    ref: str
    """The subscription's."""
    terms: Terms
    scheduled: Terms | None = None
    pending: Terms | None = None
    """Waits for the payment of `pending_invoice`."""
    pending_at: datetime | None = None
    pending_invoice: str | None = None
    attempts: int = 0
    """How often the invoice that is owed was tried."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a checkout is for."""

    ref: str
    """The checkout's."""
    order: Order


@dataclass(frozen=True, slots=True)
class Maturing:
    """A payment by a bank that takes days."""

    ref: str
    at: datetime
    succeeds: bool


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(found: type[Any]) -> TypeAdapter[Any]:
    if found not in _ADAPTERS:
        _ADAPTERS[found] = TypeAdapter(found)
    return _ADAPTERS[found]


class Session:
    """One transaction."""

    def __init__(self, connection: sqlite3.Connection, mint: Callable[[str], str]) -> None:
        self._connection = connection
        self._mint = mint

    def get(self, found: type[T], ref: str | None) -> T | None:
        row = self._connection.execute(
            "select body from object where kind = ? and ref = ?", (found.__name__, ref)
        ).fetchone()
        return None if row is None else cast("T", _adapter(found).validate_json(row[0]))

    def all(self, found: type[T]) -> list[T]:
        rows = self._connection.execute("select body from object where kind = ?", (found.__name__,))
        return [_adapter(found).validate_json(row[0]) for row in rows.fetchall()]

    def put(self, thing: Any) -> None:
        body = _adapter(type(thing)).dump_json(thing).decode()
        self._connection.execute(
            "insert or replace into object values (?, ?, ?)", (type(thing).__name__, thing.ref, body)
        )

    def drop(self, thing: Any) -> None:
        self._connection.execute(
            "delete from object where kind = ? and ref = ?", (type(thing).__name__, thing.ref)
        )

    def acted(self, act: str) -> list[str] | None:
        row = self._connection.execute("select refs from act where id = ?", (act,)).fetchone()
        return None if row is None else list(json.loads(row[0]))

    def act(self, act: str, refs: list[str]) -> None:
        self._connection.execute("insert into act values (?, ?)", (act, json.dumps(refs)))

    def tell(self, kind: Kind, ref: str, what: str, at: datetime) -> None:
        """A message that something of this object has changed."""
        body = {
            "id": self._mint("ev"),
            "type": f"{kind.value}.{what}",
            "kind": kind.value,
            "ref": ref,
            "created_at": at.isoformat(),
        }
        self._connection.execute(
            "insert into message (body, at, sent) values (?, ?, 0)", (json.dumps(body), at.isoformat())
        )

    def messages(
        self, since: datetime | None = None, *, unsent: bool = False
    ) -> list[tuple[int, dict[str, Any]]]:
        rows = self._connection.execute("select seq, body, at, sent from message order by at, seq").fetchall()
        return [
            (seq, json.loads(body))
            for seq, body, at, sent in rows
            if (since is None or datetime.fromisoformat(at) >= since) and not (unsent and sent)
        ]

    def sent(self, seq: int) -> None:
        self._connection.execute("update message set sent = 1 where seq = ?", (seq,))

    def number(self, word: str) -> str:
        """A new id; nobody guesses it."""
        return self._mint(word)


def _random(word: str) -> str:
    return f"{word}_{secrets.token_hex(8)}"


class Store:
    """`mint` makes ids: random ones, unless a test wants the same again."""

    def __init__(self, home: Path, mint: Callable[[str], str] = _random) -> None:
        self._path = home / "state.sqlite"
        self._mint = mint

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Everything of it or nothing; sessions wait for each other, across processes."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=30, isolation_level=None)) as connection:
            connection.executescript(_TABLES)
            connection.execute("begin immediate")
            try:
                yield Session(connection, self._mint)
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")
