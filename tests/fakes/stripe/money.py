"""Periods, shares and taxes, to the second and the minor unit."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

TAXES = {"DE": 19, "FR": 20, "GB": 20, "HU": 27, "IT": 22, "JP": 10, "NL": 21, "PL": 23, "SE": 25}
"""Per cent on top of the price, by the customer's country; elsewhere nothing is collected."""


def share(amount: int, part: int, whole: int) -> int:
    """The part of an amount, rounded half away from zero."""
    return int((Decimal(amount) * part / whole).to_integral_value(ROUND_HALF_UP))


def period(anchor: int, interval: str, count: int, at: int) -> tuple[int, int]:
    """The period around a moment. Counted from the anchor, so that the 31st comes back after a February."""
    steps = 0
    while step(anchor, interval, count * (steps + 1)) <= at:
        steps += 1
    return step(anchor, interval, count * steps), step(anchor, interval, count * (steps + 1))


def step(anchor: int, interval: str, count: int) -> int:
    if interval in ("day", "week"):
        return anchor + count * (86400 if interval == "day" else 7 * 86400)
    start = datetime.fromtimestamp(anchor, UTC)
    months = start.month - 1 + count * (12 if interval == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def tax(amount: int, country: str | None) -> int:
    return share(amount, TAXES.get(country or "", 0), 100)
