"""`packshot ledger explain`: why a balance is what it is, at any time since the wallet was opened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from packshot.errors import NotFound
from packshot.studio.credits.fold import LogEntry, LotFold, WalletFold


@dataclass(frozen=True, slots=True)
class LotStory:
    """One lot's way: what came, and where it is or went."""

    id: UUID
    source: str
    ref: str | None
    expires_at: datetime | None
    parts: LotFold


@dataclass(frozen=True, slots=True)
class Pending:
    """Decided by time, and not booked yet: the next command books it."""

    kind: str
    amount: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Explanation:
    """The sums of every kind of entry up to `at`, every lot's story, and the balance that they come to."""

    wallet_id: UUID
    at: datetime
    available: int
    held: int
    debt: int
    entries: int
    by_kind: dict[str, int]
    lots: list[LotStory]
    open_holds: dict[UUID, int]
    pending: list[Pending]


def explain(connection: psycopg.Connection[Any], organization_id: UUID, at: datetime) -> Explanation:
    """Fold the log up to `at`; see `verify.reading` for the connection. Raises NotFound."""
    row = connection.execute(
        "select touched_at from credits_wallet where organization_id = %s and id = %s", [organization_id] * 2
    ).fetchone()
    if row is None:
        raise NotFound("There is no such organization.")
    fold, kinds, holds = WalletFold(), Counter[str](), Counter[UUID]()
    with connection.cursor(name="explain_log") as cursor:
        for found in cursor.execute(_ENTRIES, [organization_id, at]):
            entry = LogEntry(*found)
            held = fold.held
            fold.add(entry)
            kinds[entry.kind] += entry.amount
            if entry.hold_id is not None and entry.held_after != held:
                holds[entry.hold_id] += entry.held_after - held
    available, held, debt, pending = fold.available, fold.held, fold.debt, list[Pending]()
    if at >= row[0]:
        # Nobody has touched the wallet since: what time has decided in between is not in the log yet.
        now = _balance(connection, organization_id, at)
        available, held, debt = now["available"], now["held"], now["debt"]
        pending = [
            Pending(step["kind"], step["amount"], datetime.fromisoformat(step["at"]))
            for step in now["pending"]
        ]
    return Explanation(
        wallet_id=organization_id,
        at=at,
        available=available,
        held=held,
        debt=debt,
        entries=fold.seq,
        by_kind=dict(kinds),
        lots=_stories(connection, organization_id, fold),
        open_holds={hold: amount for hold, amount in holds.items() if amount},
        pending=pending,
    )


def _balance(connection: psycopg.Connection[Any], wallet: UUID, at: datetime) -> dict[str, Any]:
    row = connection.execute("select credits_balance_at_v1(%s, %s)", [wallet, at]).fetchone()
    assert row is not None
    found: dict[str, Any] = row[0]
    return found


def _stories(connection: psycopg.Connection[Any], wallet: UUID, fold: WalletFold) -> list[LotStory]:
    rows = connection.execute(
        "select id, source, ref, expires_at from credits_lot where wallet_id = %s order by effective_at, id",
        [wallet],
    ).fetchall()
    return [
        LotStory(lot_id, source, ref, expires_at, fold.lots[lot_id])
        for lot_id, source, ref, expires_at in rows
        if lot_id in fold.lots
    ]


_ENTRIES = """
    select e.wallet_id, e.seq, e.kind, e.amount, e.lot_id, e.hold_id, e.available_after, e.held_after, e.debt_after,
        e.at, e.command
    from credits_entry as e
    where e.organization_id = %s and e.wallet_id = e.organization_id and e.at <= %s
    order by e.seq
"""
