"""Stripe's amounts: mostly ISO 4217's minor units, with exceptions that Stripe documents."""

from __future__ import annotations

from typing import Any, Final

from packshot.ports.money import Money, decimals
from packshot.ports.payments import Refused

_OTHER: Final = {"isk": 2, "ugx": 2, "mga": 0}
"""How many decimals Stripe counts where it is not as many as the currency has."""


def sent(money: Money) -> int:
    """The amount as Stripe counts. Raises Refused for one that Stripe cannot charge."""
    shift = _OTHER.get(money.currency, decimals(money.currency)) - decimals(money.currency)
    amount = money.amount * 10 ** max(0, shift)
    rest = amount % 10 ** max(0, -shift)
    # Of three decimals Stripe takes two.
    if rest or (decimals(money.currency) == 3 and amount % 10):
        raise Refused(f"{money.major} {money.currency} cannot be charged to the last digit.", "not_offered")
    return int(amount // 10 ** max(0, -shift))


def told(amount: Any, currency: str) -> Money:
    """An amount of Stripe's. Raises ValueError for what is no amount."""
    if not isinstance(amount, int):
        raise ValueError(f"not an amount: {amount!r}")
    shift = _OTHER.get(currency, decimals(currency)) - decimals(currency)
    # Only whole units are ever charged in these currencies, so nothing is lost.
    return Money(int(amount * 10 ** max(0, -shift) // 10 ** max(0, shift)), currency)
