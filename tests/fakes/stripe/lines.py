"""Lines of invoices: what a period costs, and what a change gives back and asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.stripe.money import share, tax
from tests.fakes.stripe.world import Object, World


@dataclass(frozen=True)
class Terms:
    """What an item of a subscription is, or would be."""

    item: str
    """The item's id."""
    price: str
    quantity: int


def line(
    world: World,
    price: Object,
    quantity: int,
    amount: int,
    period: tuple[int, int],
    *,
    subscription: str | None = None,
    item: str | None = None,
    proration: bool = False,
    description: str | None = None,
) -> Object:
    """A line that belongs to no invoice yet; discount and tax come with it."""
    details: Object = {"proration": proration, "subscription": subscription}
    if item is not None:
        parent: Object = {
            "type": "subscription_item_details",
            "subscription_item_details": details | {"subscription_item": item},
        }
    else:
        parent = {
            "type": "invoice_item_details",
            "invoice_item_details": details | {"invoice_item": "ii_fake"},
        }
    return {
        "object": "line_item",
        "amount": amount,
        "subtotal": amount,
        "currency": price["currency"],
        "description": description or f"{quantity} × {world.objects[price['product']]['name']}",
        "discountable": not proration,
        "discount_amounts": [],
        "discounts": [],
        "livemode": False,
        "metadata": {},
        "parent": parent,
        "period": {"start": period[0], "end": period[1]},
        "pricing": {
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": str(price["unit_amount"]),
        },
        "quantity": quantity,
        "subscription": subscription,
        "taxes": [],
    }


def regular(
    world: World, subscription: str | None, terms: Sequence[Terms], period: tuple[int, int]
) -> list[Object]:
    """What a whole period costs."""
    out = []
    for each in terms:
        price = world.objects[each.price]
        amount = price["unit_amount"] * each.quantity
        out.append(
            line(world, price, each.quantity, amount, period, subscription=subscription, item=each.item)
        )
    return out


def prorated(
    world: World,
    subscription: str,
    before: Sequence[Terms],
    after: Sequence[Terms],
    period: tuple[int, int],
    at: int,
) -> list[Object]:
    """The rest of the old terms given back, the rest of the new asked for; only of what changes."""
    start, end = period
    rest, whole = end - at, end - start
    out = []
    for sign, terms, others, words in (
        (-1, before, after, "Unused time on"),
        (1, after, before, "Remaining time on"),
    ):
        for each in terms:
            if each in others:
                continue
            price = world.objects[each.price]
            amount = sign * share(price["unit_amount"] * each.quantity, rest, whole)
            name = world.objects[price["product"]]["name"]
            out.append(
                line(
                    world,
                    price,
                    each.quantity,
                    amount,
                    (at, end),
                    subscription=subscription,
                    item=each.item,
                    proration=True,
                    description=f"{words} {each.quantity} × {name}",
                )
            )
    return out


def reckon(found: Sequence[Object], coupon: Object | None, country: str | None, *, taxed: bool) -> Object:
    """Put discount and tax on the lines, and add everything up."""
    positive = sum(each["amount"] for each in found if each["amount"] > 0)
    left = min(coupon["amount_off"], positive) if coupon and coupon["amount_off"] else 0
    for each in found:
        discount = 0
        if coupon and coupon["percent_off"]:
            discount = share(each["amount"], round(coupon["percent_off"] * 100), 10_000)
        elif coupon and each["amount"] > 0:
            discount = min(left, each["amount"])
            left -= discount
        each["discount_amounts"] = [{"amount": discount, "discount": "di_fake"}] if discount else []
        net = each["amount"] - discount
        each["taxes"] = [_tax(tax(net, country), net, country)] if taxed else []
    subtotal = sum(each["amount"] for each in found)
    discounts = sum(each["discount_amounts"][0]["amount"] for each in found if each["discount_amounts"])
    taxes = sum(each["taxes"][0]["amount"] for each in found if each["taxes"])
    return {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": subtotal - discounts + taxes,
        "total_excluding_tax": subtotal - discounts,
        "total_discount_amounts": [{"amount": discounts, "discount": "di_fake"}] if discounts else [],
        "total_taxes": [_tax(taxes, subtotal - discounts, country)] if taxed else [],
    }


def _tax(amount: int, taxable: int, country: str | None) -> dict[str, Any]:
    return {
        "amount": amount,
        "tax_behavior": "exclusive",
        "tax_rate_details": {"tax_rate": f"txr_{(country or 'none').lower()}"} if amount else None,
        "taxability_reason": "standard_rated" if amount else "not_collecting",
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    }
