"""Credits in micro-credits: whole numbers inside, one way of writing them for people."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal, InvalidOperation

MICRO = 1_000_000
"""Micro-credits in a credit."""

MOST = 2**53
"""The most micro-credits in any one amount: what every program can count to exactly."""


def micro(credits_: str | int | Decimal) -> int:
    """Credits as micro-credits; raises ValueError for what is not a whole number of them. Never a float."""
    try:
        found = Decimal(credits_) * MICRO
    except InvalidOperation:
        raise ValueError(f"not an amount of credits: {credits_!r}") from None
    if not found.is_finite() or found != found.to_integral_value() or abs(found) > MOST:
        raise ValueError(f"not an amount of credits: {credits_!r}")
    return int(found)


def format_credits(amount: int, *, places: int = 6) -> str:
    """Micro-credits as credits, cut (never rounded up) to `places`: 1250000 is "1.25", 1000000000 "1,000"."""
    value = (Decimal(amount) / MICRO).quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN)
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
