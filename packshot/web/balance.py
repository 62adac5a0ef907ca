"""The wallet in the words of the frame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from packshot.db.tenancy import Actor

ENTRIES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class LotLine:
    word: str
    remaining: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class BalanceLines:
    """Amounts are micro-credits."""

    available: int
    held: int
    debt: int
    resets_at: datetime | None
    lots: tuple[LotLine, ...]


@dataclass(frozen=True, slots=True)
class EntryLine:
    word: str
    amount: int
    at: datetime


def read(actor: Actor) -> BalanceLines:
    return BalanceLines(0, 0, 0, None, ())  # until credits/queries.py is there


def entries(actor: Actor) -> list[EntryLine]:
    return []
