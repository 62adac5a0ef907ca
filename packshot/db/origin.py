"""From where a request came: what the audit log notes beside who did it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Origin:
    """Empty where there is no request: on the command line and in workers."""

    address: str = ""
    user_agent: str = ""
    request_id: str = ""

    @property
    def claims(self) -> dict[str, str]:
        """As the settings of a transaction that SQL reads (see foundation/audit/sql/audit.sql)."""
        return {
            "app.address": self.address,
            "app.user_agent": self.user_agent,
            "app.request_id": self.request_id,
        }


_NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """What is done inside was asked for from there."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def origin() -> Origin:
    """Of the request that is being answered."""
    return _current.get()


def claim(claims: dict[str, str]) -> None:
    """Set these for the rest of the transaction; one statement."""
    settings = ", ".join(["set_config(%s, %s, true)"] * len(claims))
    with connection.cursor() as cursor:
        # A zero byte, which a header may carry, cannot be told to the database.
        given = [part.replace("\0", "") for pair in claims.items() for part in pair]
        cursor.execute(f"select {settings}", given)
