"""Checkout sessions: opened, walked through, expired."""

from __future__ import annotations

from typing import Any

import stripe.params.checkout as forms

from tests.fakes.stripe import customers, invoices, lines, payments, subscriptions
from tests.fakes.stripe.catalogue import usable_price
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.routes import EXPANDS, page, route
from tests.fakes.stripe.world import Object, World, listed

SOONEST, LATEST = 30 * 60, 24 * 3600


@route("POST", "checkout/sessions", forms.SessionCreateParams)
def create(world: World, params: Object) -> Object:
    customer = params.get("customer")
    if customer is not None:
        customers.living(world, customer)
    at = world.now(customer)
    _checked(params, at)
    wanted = [
        (usable_price(world, each.get("price")), each.get("quantity", 1)) for each in params["line_items"]
    ]
    recurring = any(price["type"] == "recurring" for price, _ in wanted)
    if recurring != (params["mode"] == "subscription"):
        raise invalid("The mode does not go with the prices.", "parameter_invalid", "mode")
    coupon = None
    for each in params.get("discounts") or []:
        coupon = world.get("coupon", each.get("coupon"))
    found = world.add(
        "checkout.session",
        allow_promotion_codes=params.get("allow_promotion_codes"),
        automatic_tax={"enabled": params.get("automatic_tax", {}).get("enabled", False)},
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        created=at,
        currency=wanted[0][0]["currency"],
        custom_fields=[],
        custom_text={},
        customer=customer,
        customer_email=params.get("customer_email"),
        expires_at=params.get("expires_at", at + LATEST),
        livemode=False,
        locale=params.get("locale"),
        metadata=params.get("metadata") or {},
        mode=params["mode"],
        payment_method_types=["card"],
        payment_method_collection=params.get("payment_method_collection", "always"),
        payment_status="unpaid",
        shipping_options=[],
        status="open",
        success_url=params["success_url"],
        ui_mode="hosted_page",
        _wanted=wanted,
        _coupon=coupon,
        _params=params,
        _method=None,
    )
    found["url"] = f"{world.url()}/checkout/{found['id']}"
    _count(world, found)
    return found


def _checked(params: Object, at: int) -> None:
    """What Stripe refuses of sessions, as far as it is documented."""
    if not params.get("line_items") or not params.get("success_url"):
        raise invalid("Missing required param: line_items or success_url.", "parameter_missing")
    if params.get("mode") not in ("payment", "subscription"):
        raise invalid("The fake knows payments and subscriptions.", "parameter_invalid", "mode")
    other = {"payment": {"subscription_data", "payment_method_collection"}}.get(
        params["mode"], {"payment_intent_data", "invoice_creation", "submit_type"}
    )
    if wrong := params.keys() & other:
        raise invalid(f"{sorted(wrong)} cannot be used in `{params['mode']}` mode.", "parameter_invalid")
    if "expires_at" in params and not SOONEST <= params["expires_at"] - at <= LATEST:
        raise invalid("expires_at must be 30 minutes to 24 hours away.", "parameter_invalid", "expires_at")
    days = params.get("subscription_data", {}).get("trial_period_days")
    if days is not None and days < 1:
        raise invalid("The minimum number of trial period days is 1.", "parameter_invalid")
    if params.get("discounts") and params.get("allow_promotion_codes") is not None:
        raise invalid("You may only specify one of discounts, allow_promotion_codes.", "parameter_invalid")
    _checked_customer(params)


def _checked_customer(params: Object) -> None:
    renewed = params.get("customer_update", {})
    if params.get("customer"):
        if params.get("automatic_tax", {}).get("enabled") and renewed.get("address") != "auto":
            raise invalid("Automatic tax needs customer_update[address].", "customer_tax_location_invalid")
        if params.get("tax_id_collection", {}).get("enabled") and renewed.get("name") != "auto":
            raise invalid("Tax id collection needs customer_update[name].", "parameter_missing")
    elif renewed:
        raise invalid("customer_update needs a customer.", "parameter_invalid", "customer_update")


@route("GET", "checkout/sessions", forms.SessionListParams)
def several(world: World, params: Object) -> Object:
    wanted = {k: params[k] for k in ("customer", "subscription", "payment_intent", "status") if k in params}
    return page(world, "checkout/sessions", world.all("checkout.session", **wanted), params)


@route("GET", "checkout/sessions/{}")
def one(world: World, name: str, params: Object) -> Object:
    return world.get("checkout.session", name)


@route("POST", "checkout/sessions/{}/expire")
def expire_route(world: World, name: str, params: Object) -> Object:
    found = world.get("checkout.session", name)
    if found["status"] != "open":
        raise invalid('Only Checkout Sessions with a status in ["open"] can be expired.', "parameter_invalid")
    expire(world, found)
    return found


def expire(world: World, found: Object) -> None:
    found |= {"status": "expired", "url": None}
    world.emit("checkout.session.expired", found)


def complete(
    world: World,
    found: Object,
    number: str,
    *,
    country: str = "US",
    name: str = "Pat Example",
    email: str | None = None,
    coupon: str | None = None,
) -> Object | None:
    """The person presses `Pay`. The payment intent where the bank still wants to ask; raises StripeError of a card."""
    if found["status"] != "open":
        raise invalid("This page is not open any more.", "parameter_invalid")
    _customer(world, found, country, name, email)
    if coupon:
        if not found["allow_promotion_codes"]:
            raise invalid("This page takes no codes.", "parameter_invalid")
        found["_coupon"] = world.get("coupon", coupon)
    _count(world, found)
    needs_card = found["amount_total"] > 0 or (
        found["mode"] == "subscription" and found["payment_method_collection"] == "always"
    )
    method = customers.new_card(world, number) if needs_card else None
    if found["amount_total"] == 0:
        if method and _saves(found):
            customers.attach(world, method["id"], found["customer"])
        _fulfil(world, found, None, method)
        return None
    assert method is not None
    return _charge(world, found, method)


def _charge(world: World, found: Object, method: Object) -> Object | None:
    intent = _intent(world, found)
    intent["payment_method"] = method["id"]
    payments.attempt(world, intent, off_session=False, first=True)
    payments.raise_declined(intent)
    if _saves(found):
        customers.attach(world, method["id"], found["customer"])
    if intent["status"] == "requires_action":
        return intent
    settled(world, intent)
    return None


def _intent(world: World, found: Object) -> Object:
    """The page's one payment; another card is another attempt of it."""
    if known := world.objects.get(found.get("_intent") or ""):
        known["amount"] = found["amount_total"]
        return known
    data = found["_params"].get("payment_intent_data", {})
    intent = payments.intent(
        world,
        found["amount_total"],
        found["currency"],
        found["customer"],
        data.get("metadata", {}),
        _session=found["id"],
    )
    intent["setup_future_usage"] = data.get("setup_future_usage")
    found["_intent"] = intent["id"]
    if found["mode"] == "payment":
        found["payment_intent"] = intent["id"]
    return intent


def settled(world: World, intent: Object) -> None:
    """The money is there, is on its way, or will not come."""
    found = world.objects[intent["_session"]]
    if intent["status"] == "succeeded" and found["status"] == "complete":
        found["payment_status"] = "paid"
        if found["mode"] == "payment":
            _receipt(world, found, intent)
        else:
            invoices.settled(world, intent)
        world.emit("checkout.session.async_payment_succeeded", found)
    elif intent["status"] in ("succeeded", "processing") and found["status"] == "open":
        _fulfil(world, found, intent, world.objects[intent["payment_method"]])
    elif intent["status"] == "requires_payment_method" and found["status"] == "complete":
        if found["mode"] == "subscription":
            invoices.settled(world, intent)
        world.emit("checkout.session.async_payment_failed", found)


def _fulfil(world: World, found: Object, intent: Object | None, method: Object | None) -> None:
    if found["mode"] == "subscription":
        _subscribe(world, found, intent, method)
    elif intent is not None:
        found["payment_intent"] = intent["id"]
    found |= {"status": "complete", "url": None}
    if intent is None:
        found["payment_status"] = "no_payment_required"
    elif intent["status"] == "succeeded":
        found["payment_status"] = "paid"
    if found["mode"] == "payment" and (intent is None or intent["status"] == "succeeded"):
        _receipt(world, found, intent)
    world.emit("checkout.session.completed", found)


def _subscribe(world: World, found: Object, intent: Object | None, method: Object | None) -> None:
    data = found["_params"].get("subscription_data", {})
    at = world.now(found["customer"])
    days = data.get("trial_period_days")
    subscription = subscriptions.begin(
        world,
        found["customer"],
        found["_wanted"],
        metadata=data.get("metadata", {}),
        trial_end=at + days * 86400 if days else data.get("trial_end"),
        method=method["id"] if method else None,
        taxed=found["automatic_tax"]["enabled"],
        coupon=found["_coupon"],
        missing=data.get("trial_settings", {}).get("end_behavior", {}).get("missing_payment_method"),
    )
    invoice = world.objects[subscription["latest_invoice"]]
    found |= {"subscription": subscription["id"], "invoice": invoice["id"]}
    if intent is not None:
        invoices.paid_by(world, invoice, intent)
        # With money on its way it runs already, and ends if the money does not come.
        subscriptions.become(world, subscription, "active")


def _receipt(world: World, found: Object, intent: Object | None) -> None:
    """The paid invoice of a payment, where one was asked for."""
    asked = found["_params"].get("invoice_creation", {})
    if not asked.get("enabled"):
        return
    invoice = invoices.draft(
        world,
        found["customer"],
        _lines(world, found),
        "manual",
        currency=found["currency"],
        taxed=found["automatic_tax"]["enabled"],
        coupon=found["_coupon"],
        metadata=asked.get("invoice_data", {}).get("metadata", {}),
        auto_advance=False,
    )
    found["invoice"] = invoice["id"]
    invoices.finalize(world, invoice)
    if intent is not None:
        invoices.paid_by(world, invoice, intent)


def _customer(world: World, found: Object, country: str, name: str, email: str | None) -> None:
    if found["customer"] is None:
        made = customers.create(world, {"email": email or found["customer_email"], "name": name})
        found["customer"] = made["id"]
    customer = world.objects[found["customer"]]
    address = dict.fromkeys(customers.ADDRESS) | {"country": country}
    renewed = found["_params"].get("customer_update", {})
    if renewed.get("address") == "auto" or not found["_params"].get("customer"):
        customer["address"] = address
    if renewed.get("name") == "auto":
        customer["name"] = name
    found["customer_details"] = {
        "address": address,
        "email": customer["email"],
        "name": name,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _saves(found: Object) -> bool:
    return bool(
        found["mode"] == "subscription"
        or found["_params"].get("payment_intent_data", {}).get("setup_future_usage") == "off_session"
    )


def _lines(world: World, found: Object) -> list[Object]:
    at = world.now(found["customer"])
    return [
        lines.line(world, price, quantity, price["unit_amount"] * quantity, (at, at))
        for price, quantity in found["_wanted"]
    ]


def _count(world: World, found: Object) -> None:
    """What it comes to, as far as it is known where the person lives."""
    trial = found["_params"].get("subscription_data", {})
    rows = _lines(world, found)
    if trial.get("trial_period_days") or trial.get("trial_end"):
        for each in rows:
            each["amount"] = 0
    country = customers.country(world, found["customer"]) if found["customer"] else None
    taxed = found["automatic_tax"]["enabled"]
    sums = lines.reckon(rows, found["_coupon"], country, taxed=taxed)
    found["_rows"] = rows
    found["automatic_tax"] = {
        "enabled": taxed,
        "status": None if not taxed else "complete" if country else "requires_location_inputs",
    }
    found |= {
        "amount_subtotal": sums["subtotal"],
        "amount_total": sums["total"],
        "total_details": {
            "amount_discount": sum(each["amount"] for each in sums["total_discount_amounts"]),
            "amount_shipping": 0,
            "amount_tax": sum(each["amount"] for each in sums["total_taxes"]),
        },
    }


def _line_items(world: World, found: Object) -> Any:
    out = []
    for number, (row, (price, quantity)) in enumerate(zip(found["_rows"], found["_wanted"], strict=True)):
        discount = sum(each["amount"] for each in row["discount_amounts"])
        tax = sum(each["amount"] for each in row["taxes"])
        out.append(
            {
                "id": f"li_{found['id']}_{number}",
                "object": "item",
                "amount_discount": discount,
                "amount_subtotal": row["amount"],
                "amount_tax": tax,
                "amount_total": row["amount"] - discount + tax,
                "currency": price["currency"],
                "description": row["description"],
                "price": price,
                "quantity": quantity,
            }
        )
    return listed(out, f"/v1/checkout/sessions/{found['id']}/line_items")


EXPANDS["checkout.session", "line_items"] = _line_items
