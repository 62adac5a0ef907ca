"""What crosses the room's border. Amounts are micro-credits, days are UTC's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

WORK = ("reserve", "debit", "release")
KINDS = (
    "grant", "topup", "monthly_reset", "reserve", "debit", "release", "refund", "expire", "adjust",
    "freeze", "unfreeze", "claw", "repay",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines of the history; an empty tuple of kinds and None are all of them."""

    kinds: tuple[str, ...] = ()
    member: UUID | None = None
    board: UUID | None = None
    model: str | None = None
    since: date | None = None
    until: date | None = None
    """The last day that is in it."""

    def document(self) -> dict[str, Any]:
        """For the SQL function, without what is not asked for."""
        found: dict[str, Any] = {"kinds": list(self.kinds)} if self.kinds else {}
        for name in ("member", "board", "model", "since", "until"):
            value = getattr(self, name)
            if value is not None:
                found[name] = str(value)
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """An entry and what it was for. Of work on a board that the reader does not see nothing but the amount is told."""

    seq: int
    kind: str
    amount: int
    available_after: int
    held_after: int
    debt_after: int
    at: datetime
    lot_source: str | None
    note: dict[str, Any] | None
    member_id: UUID | None
    batch_id: UUID | None
    board_id: UUID | None
    board_title: str | None
    """None where the board is not seen or is gone."""
    board_slug: str | None
    inbox: bool
    model: str | None
    operation: str | None
    asked: str | None
    asset_id: UUID | None
    hidden: bool


@dataclass(frozen=True, slots=True)
class Share:
    """One model, operation, member or board, and what was used on it."""

    key: str
    spent: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What was charged less what was refunded in a range of days; the largest shares first."""

    since: date
    until: date
    total: int
    days: tuple[tuple[date, int], ...]
    """Each day of the range, those without usage too."""
    models: tuple[Share, ...]
    operations: tuple[Share, ...]
    members: tuple[Share, ...]
    boards: tuple[Share, ...]
