"""The mock's arithmetic: periods, proportions, tax. Pure; amounts in minor units, halves rounded up."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

from packshot.adapters.mock.payments.store import Terms
from packshot.ports.money import Money
from packshot.ports.payment_states import InvoiceLine


def months_later(anchor: datetime, months: int) -> datetime:
    anchor = anchor.astimezone(UTC)
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return anchor.replace(
        year=year, month=month + 1, day=min(anchor.day, calendar.monthrange(year, month + 1)[1])
    )


def period_end(anchor: datetime, start: datetime, interval: str | None) -> datetime:
    """Where the period that begins at `start` ends, counted from the original anchor."""
    step = 12 if interval == "year" else 1
    k = 0
    while months_later(anchor, k) <= start:
        k += step
    return months_later(anchor, k)


def share(amount: int, part: float, whole: float) -> int:
    """The proportion, rounded half up; times in seconds."""
    part_us, whole_us = round(part * 1_000_000), round(whole * 1_000_000)
    return (2 * amount * part_us + whole_us) // (2 * whole_us)


def tax_of(amount: int, percent: int) -> int:
    sign = -1 if amount < 0 else 1
    return sign * ((2 * abs(amount) * percent + 100) // 200)


def whole_line(terms: Terms, start: datetime, end: datetime, amount: int | None = None) -> InvoiceLine:
    """A whole period; `amount` 0 in a trial."""
    unit = terms.price.unit
    return InvoiceLine(
        description=terms.price.name,
        amount=Money(unit.amount * terms.quantity if amount is None else amount, unit.currency),
        quantity=terms.quantity,
        price=terms.price.key,
        period_start=start,
        period_end=end,
        proration=False,
    )


def rest_line(terms: Terms, at: datetime, start: datetime, end: datetime, sign: int) -> InvoiceLine:
    """The rest of a period on these terms; given back with the sign -1."""
    unit = terms.price.unit
    left = share(unit.amount * terms.quantity, (end - at).total_seconds(), (end - start).total_seconds())
    return InvoiceLine(
        description=f"{'Unused time' if sign < 0 else 'Remaining time'} on {terms.price.name}",
        amount=Money(sign * left, unit.currency),
        quantity=terms.quantity,
        price=terms.price.key,
        period_start=at,
        period_end=end,
        proration=True,
    )
