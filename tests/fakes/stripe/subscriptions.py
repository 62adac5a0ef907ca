"""Subscriptions: begun, run, ended. What changes them is in changes.py, what time does to them in ageing.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import stripe.params as forms

from tests.fakes.stripe import customers, invoices, lines, payments
from tests.fakes.stripe.catalogue import usable_price
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.lines import Terms
from tests.fakes.stripe.money import step
from tests.fakes.stripe.routes import page, route
from tests.fakes.stripe.world import Object, World, listed

OVER = ("canceled", "incomplete_expired")
FIRST_PAYMENT = 23 * 3600


@route("POST", "subscriptions", forms.SubscriptionCreateParams)
def create(world: World, params: Object) -> Object:
    customer = customers.living(world, params.get("customer"))
    wanted = [(usable_price(world, each.get("price")), each.get("quantity", 1)) for each in params["items"]]
    behaviour = params.get("payment_behavior", "allow_incomplete")
    at = world.now(customer["id"])
    trial_end = params.get("trial_end")
    if days := params.get("trial_period_days"):
        trial_end = at + days * 86400
    found = begin(
        world,
        customer["id"],
        wanted,
        metadata=params.get("metadata") or {},
        trial_end=None if trial_end == "now" else trial_end,
        method=params.get("default_payment_method"),
        taxed=params.get("automatic_tax", {}).get("enabled", False),
        coupon=None,
        missing=params.get("trial_settings", {}).get("end_behavior", {}).get("missing_payment_method"),
    )
    invoice = world.objects[found["latest_invoice"]]
    if invoice["status"] == "open" and behaviour != "default_incomplete":
        intent = invoices.pay(world, invoice, off_session=params.get("off_session", False))
        if behaviour == "error_if_incomplete" and found["status"] == "incomplete":
            expire_incomplete(world, found)
            payments.raise_declined(intent or {"last_payment_error": None})
    return found


@route("GET", "subscriptions", forms.SubscriptionListParams)
def several(world: World, params: Object) -> Object:
    wanted = {name: params[name] for name in ("customer",) if name in params}
    status = params.get("status")
    found = (
        each
        for each in world.all("subscription", **wanted)
        if status == "all" or each["status"] == status or (status is None and each["status"] not in OVER)
    )
    if price := params.get("price"):
        found = (
            each for each in found if any(item["price"]["id"] == price for item in each["items"]["data"])
        )
    return page(world, "subscriptions", found, params)


@route("GET", "subscriptions/{}")
def one(world: World, name: str, params: Object) -> Object:
    return world.get("subscription", name)


@route("DELETE", "subscriptions/{}", forms.SubscriptionCancelParams)
def cancel(world: World, name: str, params: Object) -> Object:
    found = running(world, name)
    if params.get("prorate") or params.get("invoice_now"):
        raise invalid("The fake cancels without a last invoice.", "parameter_invalid")
    end(world, found, "cancellation_requested")
    return found


def running(world: World, name: Any) -> Object:
    """A subscription that has not ended."""
    found = world.get("subscription", name)
    if found["status"] in OVER:
        raise invalid(f"No such subscription: '{name}'", "resource_missing", "id")
    return found


def begin(
    world: World,
    customer: str,
    wanted: Sequence[tuple[Object, int]],
    *,
    metadata: Object,
    trial_end: int | None,
    method: str | None,
    taxed: bool,
    coupon: Object | None,
    missing: str | None = None,
    **invoice: Any,
) -> Object:
    """A subscription with its first invoice, finalized: paid already where nothing is due."""
    at = world.now(customer)
    recurring = wanted[0][0]["recurring"]
    if recurring is None:
        raise invalid("The price must be recurring.", "parameter_invalid", "items[0][price]")
    anchor = trial_end or at
    until = trial_end or step(at, recurring["interval"], recurring["interval_count"])
    found = world.add(
        "subscription",
        automatic_tax={"enabled": taxed},
        billing_cycle_anchor=anchor,
        billing_mode={"type": "flexible", "flexible": {"proration_discounts": "included"}},
        billing_schedules=[],
        cancel_at_period_end=False,
        cancellation_details={},
        collection_method="charge_automatically",
        created=at,
        currency=wanted[0][0]["currency"],
        customer=customer,
        default_payment_method=method,
        default_tax_rates=[],
        discounts=[],
        invoice_settings={"issuer": {"type": "self"}},
        livemode=False,
        metadata=dict(metadata),
        payment_settings={"save_default_payment_method": "on_subscription"},
        start_date=at,
        status="trialing" if trial_end else "incomplete",
        test_clock=world.objects[customer]["test_clock"],
        trial_start=at if trial_end else None,
        trial_end=trial_end,
        trial_settings={"end_behavior": {"missing_payment_method": missing or "create_invoice"}},
        _coupon=coupon,
        _pending_lines=[],
        _told_of_trial=False,
    )
    found["items"] = listed(
        [item(world, found, price, quantity, (at, until)) for price, quantity in wanted],
        f"/v1/subscription_items?subscription={found['id']}",
    )
    rows = lines.regular(world, found["id"], terms(found), (at, until))
    if trial_end:
        for each in rows:
            each["amount"] = each["subtotal"] = 0
            each["description"] = "Trial period"
    first = invoices.draft(
        world,
        customer,
        rows,
        "subscription_create",
        currency=found["currency"],
        taxed=taxed,
        subscription=found,
        coupon=coupon,
        period=(at, at),
        **invoice,
    )
    found["latest_invoice"] = first["id"]
    world.emit("customer.subscription.created", found)
    invoices.finalize(world, first)
    return found


def item(world: World, found: Object, price: Object, quantity: int, period: tuple[int, int]) -> Object:
    return world.add(
        "subscription_item",
        created=found["created"],
        current_period_start=period[0],
        current_period_end=period[1],
        discounts=[],
        metadata={},
        plan=plan_of(price),
        price=price,
        quantity=quantity,
        subscription=found["id"],
        tax_rates=[],
    )


def plan_of(price: Object) -> Object:
    """The old name of a price, which items still carry."""
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "livemode": False,
        "product": price["product"],
        "usage_type": "licensed",
    }


def terms(found: Object) -> list[Terms]:
    return [Terms(each["id"], each["price"]["id"], each["quantity"]) for each in found["items"]["data"]]


def period_of(found: Object) -> tuple[int, int]:
    first = found["items"]["data"][0]
    return first["current_period_start"], first["current_period_end"]


def set_period(found: Object, period: tuple[int, int]) -> None:
    for each in found["items"]["data"]:
        each["current_period_start"], each["current_period_end"] = period


def coupon_now(found: Object) -> Object | None:
    """The coupon for the next invoice; `once` is used up by the first."""
    coupon: Object | None = found["_coupon"]
    return coupon if coupon and coupon["duration"] == "forever" else None


def updated(world: World, found: Object, **previous: Any) -> None:
    world.emit("customer.subscription.updated", found, previous)


def become(world: World, found: Object, status: str) -> None:
    before = found["status"]
    if before != status:
        found["status"] = status
        updated(world, found, status=before)


def end(world: World, found: Object, reason: str) -> None:
    at = world.now(found["customer"])
    found |= {"status": "canceled", "ended_at": at, "canceled_at": found.get("canceled_at") or at}
    found["cancellation_details"] = {"reason": reason}
    found["pending_update"] = None
    if schedule := world.objects.get(found.get("schedule") or ""):
        schedule |= {"status": "canceled", "canceled_at": at}
        world.emit("subscription_schedule.canceled", schedule)
    for each in world.all("invoice", status="draft"):
        if invoices.subscription_of(each) == found["id"]:
            each["auto_advance"] = False
    for each in world.all("invoice", status="open"):
        if invoices.subscription_of(each) == found["id"]:
            each["next_payment_attempt"] = None
            each["auto_advance"] = False
    world.emit("customer.subscription.deleted", found)


def expire_incomplete(world: World, found: Object) -> None:
    """The first payment never came."""
    invoice = world.objects[found["latest_invoice"]]
    found |= {"status": "incomplete_expired", "ended_at": world.now(found["customer"])}
    if invoice["status"] == "open":
        invoices.void(world, invoice)
    updated(world, found, status="incomplete")


def invoice_paid(world: World, invoice: Object) -> None:
    from tests.fakes.stripe import changes

    found = world.objects.get(invoices.subscription_of(invoice) or "")
    if found is None or found["status"] in OVER:
        return
    if found.get("pending_update") and found["_pending"]["invoice"] == invoice["id"]:
        changes.apply_pending(world, found)
        return
    owed = any(
        each["status"] == "open" and invoices.subscription_of(each) == found["id"]
        for each in world.all("invoice")
    )
    if found["status"] in ("incomplete", "past_due", "unpaid") and not owed:
        become(world, found, "active")


def invoice_failed(world: World, invoice: Object) -> None:
    found = world.objects.get(invoices.subscription_of(invoice) or "")
    if found is None or found["status"] in OVER:
        return
    if invoice["billing_reason"] == "subscription_create":
        if found["status"] == "active":  # money was on its way and did not come
            end(world, found, "payment_failed")
        return
    if invoice["billing_reason"] == "subscription_update":
        return  # what becomes of it, the change decides
    if invoice["next_payment_attempt"] is not None:
        become(world, found, "past_due")
    elif world.after_dunning == "canceled":
        end(world, found, "payment_failed")
    else:
        become(world, found, world.after_dunning)
