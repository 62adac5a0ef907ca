"""Customers and their cards."""

from __future__ import annotations

import re
from typing import Any

import stripe.params as forms

from tests.fakes.stripe.cards import CARDS, TOKENS, Card
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.routes import EXPANDS, page, route
from tests.fakes.stripe.world import Object, World, listed

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


@route("POST", "customers", forms.CustomerCreateParams)
def create(world: World, params: Object) -> Object:
    clock = params.get("test_clock")
    if clock is not None:
        world.get("test_helpers.test_clock", clock)
    found = world.add(
        "customer",
        created=world.objects[clock]["frozen_time"] if clock else world.now(),
        email=params.get("email"),
        name=params.get("name"),
        description=params.get("description"),
        address=params.get("address"),
        preferred_locales=params.get("preferred_locales", []),
        metadata=params.get("metadata") or {},
        balance=0,
        delinquent=False,
        invoice_prefix=f"{len(world.objects):08X}",
        invoice_settings={"default_payment_method": None},
        livemode=False,
        next_invoice_sequence=1,
        tax_exempt="none",
        test_clock=clock,
    )
    world.emit("customer.created", found)
    return found


@route("GET", "customers/search", forms.CustomerSearchParams)
def search(world: World, params: Object) -> Object:
    wanted = re.fullmatch(r"metadata\['(\w+)'\]:'([^']*)'", params["query"])
    if wanted is None:
        raise invalid("The fake searches by one of the metadata only.", "parameter_invalid", "query")
    found = [
        c for c in world.all("customer") if not c.get("deleted") and c["metadata"].get(wanted[1]) == wanted[2]
    ]
    return {
        "object": "search_result",
        "data": found,
        "has_more": False,
        "url": "/v1/customers/search",
        "next_page": None,
    }


@route("GET", "customers", forms.CustomerListParams)
def several(world: World, params: Object) -> Object:
    wanted = {name: params[name] for name in ("email", "test_clock") if name in params}
    return page(
        world, "customers", (c for c in world.all("customer", **wanted) if not c.get("deleted")), params
    )


@route("GET", "customers/{}")
def one(world: World, name: str, params: Object) -> Object:
    return world.get("customer", name)


@route("POST", "customers/{}", forms.CustomerUpdateParams)
def update(world: World, name: str, params: Object) -> Object:
    found = living(world, name)
    for key in ("email", "name", "description", "address", "preferred_locales", "tax_exempt"):
        if key in params:
            found[key] = params[key] or None
    found["metadata"] |= params.get("metadata") or {}
    settings = params.get("invoice_settings", {})
    if "default_payment_method" in settings:
        found["invoice_settings"]["default_payment_method"] = settings["default_payment_method"] or None
    world.emit("customer.updated", found)
    return found


@route("DELETE", "customers/{}")
def delete(world: World, name: str, params: Object) -> Object:
    from tests.fakes.stripe import subscriptions

    found = living(world, name)
    for each in list(world.all("subscription", customer=name)):
        if each["status"] not in subscriptions.OVER:
            subscriptions.end(world, each, "cancellation_requested")
    world.emit("customer.deleted", found)
    found["deleted"] = True
    return found


@route("GET", "customers/{}/payment_methods", forms.CustomerPaymentMethodListParams)
def cards(world: World, name: str, params: Object) -> Object:
    living(world, name)
    wanted = {"type": params["type"]} if "type" in params else {}
    return page(
        world,
        f"customers/{name}/payment_methods",
        world.all("payment_method", customer=name, **wanted),
        params,
    )


@route("GET", "payment_methods/{}")
def card(world: World, name: str, params: Object) -> Object:
    return world.get("payment_method", name)


@route("POST", "payment_methods/{}/attach", forms.PaymentMethodAttachParams)
def attach_route(world: World, name: str, params: Object) -> Object:
    return attach(world, name, params["customer"])


@route("POST", "payment_methods/{}/detach", forms.PaymentMethodDetachParams)
def detach(world: World, name: str, params: Object) -> Object:
    found = world.get("payment_method", name)
    owner, found["customer"] = found["customer"], None
    settings = world.objects[owner]["invoice_settings"]
    if settings["default_payment_method"] == name:
        settings["default_payment_method"] = None
    world.emit("payment_method.detached", found)
    return found


def living(world: World, name: Any) -> Object:
    """A customer that was not deleted."""
    found = world.get("customer", name)
    if found.get("deleted"):
        raise invalid(f"No such customer: '{name}'", "resource_missing", "customer")
    return found


def behaviour(method: Object) -> Card:
    return CARDS[method["_number"]]


def new_card(world: World, number: str) -> Object:
    """A card that was typed in; nobody's yet."""
    if number not in CARDS:
        raise invalid("Your card number is incorrect.", "incorrect_number", "number")
    brand = CARDS[number].brand
    is_card = brand != "sepa_debit"
    details: Object = (
        {"brand": brand, "country": "US", "exp_month": 12, "exp_year": 2034, "funding": "credit"}
        if is_card
        else {"country": "DE", "bank_code": "37040044", "fingerprint": "fake"}
    )
    kind = "card" if is_card else "sepa_debit"
    return world.add(
        "payment_method",
        created=world.now(),
        type=kind,
        billing_details={},
        livemode=False,
        metadata={},
        customer=None,
        allow_redisplay="always",
        _number=number,
        **{kind: {"last4": number[-4:], **details}},
    )


def attach(world: World, name: str, customer: str) -> Object:
    """A card, by its id or its token, made a customer's."""
    living(world, customer)
    found = new_card(world, TOKENS[name]) if name in TOKENS else world.get("payment_method", name)
    if found["customer"] not in (None, customer):
        raise invalid("The payment method belongs to another customer.", "payment_method_invalid_parameter")
    if found["customer"] is None:
        found["customer"] = customer
        world.emit("payment_method.attached", found)
    return found


def default_card(world: World, customer: str, subscription: Object | None = None) -> Object | None:
    """What would be charged: the subscription's card, else the customer's."""
    name = subscription and subscription.get("default_payment_method")
    name = name or world.objects[customer]["invoice_settings"]["default_payment_method"]
    return world.objects.get(name) if name else None


def country(world: World, customer: str) -> str | None:
    return (world.objects[customer].get("address") or {}).get("country")


EXPANDS["customer", "subscriptions"] = lambda world, found: listed(
    [
        each
        for each in world.all("subscription", customer=found["id"])
        if each["status"] not in ("canceled", "incomplete_expired")
    ],
    f"/v1/customers/{found['id']}/subscriptions",
)
