"""Plans and packs: data in plans.toml (or a file of the operator's), checked as a whole when it is read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files
from re import fullmatch
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from packshot.ports.money import Money, decimals
from packshot.ports.payments import Price
from packshot.settings import settings

MICRO = 1_000_000
"""Micro-credits in a credit."""

Amounts = dict[str, Decimal]
Interval = Literal["month", "year"]
LIMITS = frozenset({"boards", "concurrent_jobs"})
FEATURES = frozenset({"auto_topup", "members", "audit", "commerce"})


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Translation(_Data):
    """What stands in the place of a plan's or pack's own words; what is left out stays as it is."""

    name: str = Field(default="", max_length=60)
    about: str = Field(default="", max_length=160)


class _Sold(_Data):
    name: str = Field(min_length=1, max_length=60)
    translations: dict[str, Translation] = {}
    """By the language's code. No part of what is bought: a better word is no other version."""
    version: int = Field(ge=1)
    credits: int = Field(ge=0, le=10_000_000)
    """Whole credits: a month's and a seat's for a plan, once for a pack."""

    @field_validator("translations")
    @classmethod
    def _languages(cls, found: dict[str, Translation]) -> dict[str, Translation]:
        for code in found:
            if not fullmatch(r"[a-z]{2,3}(-[a-z]+)?", code):
                raise ValueError(f"{code} is no language's code, such as de or pt-br")
        return found

    @field_validator("month", "year", "once", check_fields=False)
    @classmethod
    def _exact(cls, amounts: Amounts) -> Amounts:
        for currency, amount in amounts.items():
            if amount < 0 or amount.scaleb(decimals(currency)) % 1:
                raise ValueError(f"{amount} {currency} is not a whole number of its minor units")
        return amounts


class Plan(_Sold):
    about: str = Field(default="", max_length=160)
    rank: int
    """The higher plan is an upgrade of the lower one."""
    seats: int = Field(ge=1)
    per_seat: bool = False
    """The price and the credits are a seat's, and seats are what is bought."""
    most: int = Field(default=1, ge=1, le=10_000)
    slots: int = Field(ge=0)
    """Products that the commerce layer may hold."""
    trial_days: int = Field(default=0, ge=0, le=90)
    limits: dict[str, int]
    features: tuple[str, ...]
    month: Amounts = {}
    year: Amounts = {}

    @model_validator(mode="after")
    def _known(self) -> Plan:
        if set(self.limits) != LIMITS:
            raise ValueError(f"limits are exactly {', '.join(sorted(LIMITS))}")
        if any(limit < 1 and limit != -1 for limit in self.limits.values()):
            raise ValueError("a limit is 1 or more, or -1 for none")
        if unknown := set(self.features) - FEATURES:
            raise ValueError(f"no gate asks for {', '.join(sorted(unknown))}")
        if self.most > 1 and not self.per_seat:
            raise ValueError("only a plan by the seat is bought more than once")
        return self


class Pack(_Sold):
    once: Amounts

    @model_validator(mode="after")
    def _something(self) -> Pack:
        if not self.credits:
            raise ValueError("a pack without credits")
        return self


class Offer(_Data):
    """A price that is sold now, and what it buys."""

    price: Price
    kind: Literal["plan", "pack"]
    terms: dict[str, Any]


class Book(_Data):
    grace_days: int = Field(ge=0, le=60)
    plans: dict[str, Plan]
    packs: dict[str, Pack] = {}

    @model_validator(mode="after")
    def _whole(self) -> Book:
        if "free" not in self.plans or self.plans["free"].month or self.plans["free"].year:
            raise ValueError("there is one plan called free, and it has no price")
        ranks = [plan.rank for plan in self.plans.values()]
        if len(set(ranks)) < len(ranks) or self.plans["free"].rank != min(ranks):
            raise ValueError("ranks differ, and that of free is the lowest")
        if both := set(self.plans) & set(self.packs):
            raise ValueError(f"{', '.join(both)} is a plan and a pack")
        return self

    def terms(self, key: str) -> dict[str, Any]:
        """What a plan or pack brings, as the database keeps it; credits in micro-credits."""
        if key in self.packs:
            return {"name": self.packs[key].name, "credits": self.packs[key].credits * MICRO, "most": 100}
        plan = self.plans[key]
        return {
            "name": plan.name,
            "credits": plan.credits * MICRO,
            "seats": plan.seats,
            "per_seat": plan.per_seat,
            "most": plan.most,
            "slots": plan.slots,
            "rank": plan.rank,
            "limits": plan.limits,
            "features": list(plan.features),
            "grace_days": self.grace_days,
        }

    def offers(self, currency: str) -> Iterator[Offer]:
        """Every price in this currency."""
        for key, plan in self.plans.items():
            for interval, amounts in (("month", plan.month), ("year", plan.year)):
                if currency in amounts:
                    yield self._offer("plan", key, plan, interval, currency, amounts[currency])
        for key, pack in self.packs.items():
            if currency in pack.once:
                yield self._offer("pack", key, pack, None, currency, pack.once[currency])

    def _offer(
        self,
        kind: Literal["plan", "pack"],
        item: str,
        sold: _Sold,
        interval: Any,
        currency: str,
        amount: Decimal,
    ) -> Offer:
        money = Money(int(amount.scaleb(decimals(currency))), currency)
        key = f"{item}-{sold.version}-{interval or 'once'}-{currency}-{money.amount}"
        return Offer(price=Price(key, item, sold.name, money, interval), kind=kind, terms=self.terms(item))


def read(text: str) -> Book:
    """Raises ValueError with what is wrong, line by line."""
    return Book.model_validate(tomllib.loads(text))


@cache
def book() -> Book:
    """The plans of this installation. Raises ValueError and OSError where its file cannot be used."""
    own = settings().plans
    return read((files(__package__) / "plans.toml").read_text() if own is None else own.read_text())


@cache
def offers() -> dict[str, Offer]:
    """What is sold here, by the price's key."""
    return {offer.price.key: offer for offer in book().offers(settings().currency)}


def published() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Plans and prices as `billing_publish_v1` takes them."""
    plans = [
        {"key": key, "rank": plan.rank, "terms": book().terms(key)} for key, plan in book().plans.items()
    ]
    prices = [
        {
            "key": key,
            "item": offer.price.item,
            "kind": offer.kind,
            "interval": offer.price.interval,
            "unit": offer.price.unit.amount,
            "currency": offer.price.unit.currency,
            "terms": offer.terms,
        }
        for key, offer in offers().items()
    ]
    return plans, prices
