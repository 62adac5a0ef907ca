"""The wallet in the words of the frame. Amounts are micro-credits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from packshot.db.tenancy import Actor
from packshot.studio.credits import notices, queries
from packshot.studio.credits.words import entry_word, kind_words, source_words

ENTRIES_SHOWN = 5
ENTRIES_READ = 50
TOGETHER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class LotLine:
    word: str
    remaining: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class BalanceLines:
    available: int
    held: int
    debt: int
    resets_at: datetime | None
    """None where no allowance comes again."""
    lots: tuple[LotLine, ...]
    low: bool
    """Below the mark at which the organization wants to be told."""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry of the log, or several of one kind that came together: a batch is held picture by picture."""

    word: str
    amount: int
    count: int
    at: datetime


def read(actor: Actor) -> BalanceLines:
    found, watch = notices.balance_and_watch(actor)
    sources = source_words()
    return BalanceLines(
        available=found.available,
        held=found.held,
        debt=found.debt,
        resets_at=found.next_reset_at if found.allowance else None,
        lots=tuple(
            LotLine(sources.get(lot.source, lot.source), lot.remaining, lot.expires_at)
            for lot in found.lots
            if lot.remaining
        ),
        low=watch is not None and watch.low,
    )


def entries(actor: Actor) -> list[EntryLine]:
    """The last lines of the log, newest first."""
    lines: list[EntryLine] = []
    kinds = kind_words()
    for entry in queries.entries(actor, ENTRIES_READ):
        word = entry_word(kinds, entry.kind, entry.amount)
        if lines and lines[-1].word == word and lines[-1].at - entry.at < TOGETHER:
            last = lines[-1]
            lines[-1] = replace(last, amount=last.amount + entry.amount, count=last.count + 1)
        elif len(lines) == ENTRIES_SHOWN:
            break
        else:
            lines.append(EntryLine(word, entry.amount, 1, entry.at))
    return lines
