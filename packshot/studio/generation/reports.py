"""What the command line tells an operator of the models: lists, checks and prices, as text and as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from packshot.db.sql import call
from packshot.errors import Invalid
from packshot.studio.credits.money import format_credits
from packshot.studio.generation import providers
from packshot.studio.generation.catalogue import Model, Parameter, catalogue
from packshot.studio.generation.offers import Offer, changes, offers
from packshot.studio.generation.operator import model as known_model
from packshot.studio.generation.prices import MICRO


@dataclass(frozen=True, slots=True)
class Line:
    """One model in the list."""

    offer: Offer
    prices: tuple[int, int]
    """Micro-credits for the cheapest and the dearest variant that can be ordered."""
    costs: tuple[int, int]
    """Micro-dollars that the same cost us."""
    margin: Decimal | None
    """Of the least profitable choice: what is left of its price, as a share; None where it is free."""

    def cells(self) -> tuple[str, ...]:
        model = self.offer.model
        return (
            model.id,
            model.operation,
            ", ".join(model.routes),
            _range(*(format_credits(each) for each in self.prices)),
            "" if model.cost is None else _range(*(dollars(each) for each in self.costs)),
            "" if self.margin is None else f"{self.margin:.0%}",
            state(self.offer),
        )

    def document(self) -> dict[str, Any]:
        model = self.offer.model
        return {
            "id": model.id,
            "title": model.title,
            "operation": model.operation,
            "routes": model.routes,
            "available": self.offer.available,
            "state": state(self.offer),
            "price_micro_credits": self.prices,
            "cost_micro_usd": self.costs,
            "cost_source": model.cost_source,
            "margin": None if self.margin is None else round(float(self.margin), 4),
        }


@dataclass(frozen=True, slots=True)
class Check:
    """The catalogue and what was set, examined."""

    available: list[str]
    unavailable: dict[str, str]
    """Why, by model."""
    wrong: list[str]
    out: dict[str, dict[str, Any]]
    """Providers that fail now."""

    def document(self) -> dict[str, Any]:
        return {
            "ok": not self.wrong,
            "available": self.available,
            "unavailable": self.unavailable,
            "wrong": self.wrong,
            "failing_providers": self.out,
        }

    def sentences(self) -> list[str]:
        told = [f"{len(self.available)} models can be ordered: {', '.join(self.available)}."]
        told += [f"{model}: {why}" for model, why in self.unavailable.items()]
        told += [
            f"{name} is {one['state']} since {one['since']} ({one['code']})."
            for name, one in self.out.items()
        ]
        return told + [f"WRONG: {one}" for one in self.wrong]


def lines(credit_usd: Decimal) -> list[Line]:
    """Every model, in the order in which they are offered; `credit_usd` is what a credit brings in."""
    return [_line(offer, credit_usd) for offer in offers().values()]


def checked() -> Check:
    """Look at everything. The catalogue's own data was checked when it was read."""
    found = offers()
    wrong = [
        f"{model} was changed, and the catalogue has it no more"
        for model in changes.all()
        if model not in catalogue()
    ]
    wrong += [
        f"{offer.model.id}: the price that was set does not fit it"
        for offer in found.values()
        if offer.unpriced
    ]
    wrong += [
        f"{offer.model.id}: no provider is called {name}"
        for offer in found.values()
        for name in offer.model.routes
        if name not in providers.known()
    ]
    health = call("generation_status_v1")["providers"]
    return Check(
        available=[model for model, offer in found.items() if offer.available],
        unavailable={model: state(offer) for model, offer in found.items() if not offer.available},
        wrong=wrong,
        out={name: one for name, one in health.items() if one["state"] != "working"},
    )


def quoted(
    model_id: str, size: int | None, count: int, choices: dict[str, str], credit_usd: Decimal
) -> dict[str, Any]:
    """What an order would cost. Raises NotFound and InvalidOrder or Invalid for what the model does not take."""
    known_model(model_id)
    model = offers()[model_id].model
    if size is not None and size not in model.sizes:
        raise Invalid(f"{model_id} makes {', '.join(map(str, model.sizes)) or 'no sizes'}.")
    chosen = size or (1024 if 1024 in model.sizes else next(iter(model.sizes), 1024))
    parameters = model.completed({name: _read(model, name, text) for name, text in choices.items()})
    price = model.each(chosen, parameters) * count
    cost = model.cost_each(chosen, parameters) * count
    left = _margin(price, cost, credit_usd)
    sentence = f"{format_credits(price)} credits"
    if model.cost is not None:
        sentence += f"; costs us {dollars(cost)} ({model.cost_source})"
    if left is not None:
        sentence += f"; at ${credit_usd} a credit {left:.0%} are left"
    return {"micro_credits": price, "cost_micro_usd": cost, "sentence": f"{sentence}."}


def said(model_id: str) -> str:
    """How a model stands now, in a line."""
    offer = offers().get(model_id)
    if offer is None:
        return f"{model_id} is not in the catalogue."
    prices = _range(*(format_credits(each) for each in _line(offer, Decimal(1)).prices))
    return f"{model_id}: {prices} credits; {state(offer) or 'can be ordered'}."


def state(offer: Offer) -> str:
    """Why it cannot be ordered and what to do, for the operator; empty where it can."""
    if offer.off:
        return f"switched off (packshot models set {offer.model.id} --on)"
    if offer.unpriced:
        return f"its price does not fit it (packshot models set {offer.model.id} --reset)"
    if not offer.routes:
        return f"not set up: {' or '.join(offer.enable) or 'no such provider'}"
    return ""


def dollars(micro_usd: int) -> str:
    return f"${Decimal(micro_usd) / MICRO:.6f}".rstrip("0").rstrip(".")


def _line(offer: Offer, credit_usd: Decimal) -> Line:
    pairs = [
        (offer.model.each(size, chosen), offer.model.cost_each(size, chosen))
        for size, chosen in offer.model.choices()
    ]
    prices, costs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    margins = [m for price, cost in pairs if (m := _margin(price, cost, credit_usd)) is not None]
    return Line(offer, (min(prices), max(prices)), (min(costs), max(costs)), min(margins, default=None))


def _margin(price: int, cost: int, credit_usd: Decimal) -> Decimal | None:
    """What is left of a price when the provider is paid, as a share of it."""
    return 1 - Decimal(cost) / (price * credit_usd) if price else None


def _range(least: str, most: str) -> str:
    return least if least == most else f"{least}–{most}"


def _read(model: Model, name: str, text: str) -> object:
    known: Parameter | None = model.parameters.get(name)
    if known is None:
        raise Invalid(f"{model.id} knows no {name}.")
    return int(text) if known.type == "integer" and text.isdecimal() else text
