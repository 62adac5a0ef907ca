"""The months of an allowance, counted as the ledger counts them (studio/credits/sql/rules.sql): from one anchor, in
UTC, clamped to the month; and what a difference of plans is worth for the rest of one. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from packshot.foundation.billing.plans import MICRO


@dataclass(frozen=True, slots=True)
class Month:
    start: datetime
    end: datetime


def boundary(anchor: datetime, k: int) -> datetime:
    """The start of the k-th month."""
    anchor = anchor.astimezone(UTC)
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + k, 12)
    return anchor.replace(
        year=year, month=month + 1, day=min(anchor.day, calendar.monthrange(year, month + 1)[1])
    )


def month_at(anchor: datetime, at: datetime) -> Month:
    """The month that a moment lies in."""
    anchor, at = anchor.astimezone(UTC), at.astimezone(UTC)
    k = (at.year - anchor.year) * 12 + at.month - anchor.month
    if boundary(anchor, k) > at:
        k -= 1
    return Month(boundary(anchor, k), boundary(anchor, k + 1))


def months_from(anchor: datetime, start: datetime, end: datetime) -> Iterator[datetime]:
    """Where the months begin that do so from `start` on and before `end`."""
    anchor, start = anchor.astimezone(UTC), start.astimezone(UTC)
    k = (start.year - anchor.year) * 12 + start.month - anchor.month
    while (at := boundary(anchor, k)) < end:
        if at >= start:
            yield at
        k += 1


def difference(before: int, after: int, month: Month, at: datetime) -> int:
    """Micro-credits for the rest of the month when each now includes `after` instead of `before`: the proportion of
    time that is left, cut to whole credits. Nothing is taken where it includes less."""
    left = max((month.end - at).total_seconds(), 0)
    whole = (month.end - month.start).total_seconds()
    more = max(after - before, 0)
    # Microseconds as whole numbers: no float decides about credits.
    worth = more * round(left * MICRO) // round(whole * MICRO)
    return worth - worth % MICRO
