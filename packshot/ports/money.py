"""Amounts of money: whole numbers of a currency's minor units, always with that currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# ISO 4217: what has other than two decimals. An adapter whose provider counts otherwise converts at its border.
_NONE: Final = tuple("bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf".split())  # noqa: SIM905  (readable)
_THREE: Final = tuple("bhd iqd jod kwd lyd omr tnd".split())  # noqa: SIM905
_DECIMALS: Final[Mapping[str, int]] = dict.fromkeys(_NONE, 0) | dict.fromkeys(_THREE, 3)


def decimals(currency: str) -> int:
    """How many decimals a currency has: 2 for eur, 0 for jpy, 3 for kwd."""
    return _DECIMALS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units; the currency is three small letters of ISO 4217."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.islower():
            raise ValueError(f"not a currency: {self.currency!r}")

    @property
    def major(self) -> Decimal:
        """The amount as people write it: 1999 eur is 19.99, 1999 jpy is 1999."""
        return Decimal(self.amount).scaleb(-decimals(self.currency))
