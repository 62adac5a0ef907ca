"""Price rules: what one variant costs. Pure; whole units in the catalogue, millionths of them here.

The same rules say both what a variant costs whom orders it (in credits) and what it costs us (in US dollars).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

MICRO = 1_000_000

Amount = Annotated[
    Decimal,
    Field(ge=0, le=100_000, decimal_places=6, validation_alias=AliasChoices("credits", "usd")),
]


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tier(_Rule):
    upto: int = Field(gt=0)
    amount: Amount


def _share(quoted: int, units: int, expected: int) -> int:
    """What `units` of the `expected` ones cost, at the price that was quoted, whatever the price is now."""
    return min(quoted, -(-quoted * units // expected))


def micro(amount: Decimal) -> int:
    return int(amount * MICRO)


class _Tiered(_Rule):
    tiers: tuple[Tier, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rising(self) -> _Tiered:
        bounds = [tier.upto for tier in self.tiers]
        if bounds != sorted(set(bounds)):
            raise ValueError("tiers must rise")
        return self

    def _at(self, measure: int) -> int:
        """The price of the first tier that holds the measure. Raises ValueError above the last."""
        for tier in self.tiers:
            if measure <= tier.upto:
                return micro(tier.amount)
        raise ValueError(f"there is no price for {measure}")


class ByCount(_Rule):
    by: Literal["count"]
    amount: Amount

    def quoted(self, _size: int, _parameters: Mapping[str, Any]) -> int:
        return micro(self.amount)

    def actual(self, _units: int, quoted: int, _parameters: Mapping[str, Any]) -> int:
        return quoted


class BySize(_Tiered):
    """By the long side of the output in pixels."""

    by: Literal["size"]

    def quoted(self, size: int, _parameters: Mapping[str, Any]) -> int:
        return self._at(size)

    def actual(self, _units: int, quoted: int, _parameters: Mapping[str, Any]) -> int:
        return quoted


class ByParameter(_Tiered):
    by: Literal["parameter"]
    parameter: str

    def quoted(self, _size: int, parameters: Mapping[str, Any]) -> int:
        return self._at(int(parameters[self.parameter]))

    def actual(self, _units: int, quoted: int, _parameters: Mapping[str, Any]) -> int:
        return quoted


class BySeconds(_Rule):
    """By the seconds that are ordered; charged by those that were made, never more than quoted."""

    by: Literal["seconds"]
    parameter: str = "seconds"
    amount: Amount

    def quoted(self, _size: int, parameters: Mapping[str, Any]) -> int:
        return micro(self.amount) * int(parameters[self.parameter])

    def actual(self, units: int, quoted: int, parameters: Mapping[str, Any]) -> int:
        return _share(quoted, units, int(parameters[self.parameter]))


class ByTokens(_Rule):
    """By what the provider counts; `expected` tokens are quoted and held, and never more is charged."""

    by: Literal["tokens"]
    expected: int = Field(gt=0)
    per_1000: Annotated[Amount, Field(validation_alias=AliasChoices("credits_per_1000", "usd_per_1000"))]

    def quoted(self, _size: int, _parameters: Mapping[str, Any]) -> int:
        return -(-micro(self.per_1000) * self.expected // 1000)

    def actual(self, units: int, quoted: int, _parameters: Mapping[str, Any]) -> int:
        return _share(quoted, units, self.expected)


Price = Annotated[ByCount | BySize | ByParameter | BySeconds | ByTokens, Field(discriminator="by")]
