"""The customer portal: what may be done there is said by a configuration."""

from __future__ import annotations

from typing import Any

import stripe.params.billing_portal as forms

from tests.fakes.stripe import changes, customers, invoices, schedules, subscriptions
from tests.fakes.stripe.catalogue import usable_price
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.routes import page, route
from tests.fakes.stripe.world import Object, World

FEATURES: Object = {
    "customer_update": {"enabled": False, "allowed_updates": []},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False},
    "subscription_cancel": {
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
        "cancellation_reason": {"enabled": False, "options": []},
    },
    "subscription_pause": {"enabled": False, "duration": {"type": "indefinite", "interval_options": []}},
    "subscription_update": {
        "enabled": False,
        "default_allowed_updates": [],
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}


@route("POST", "billing_portal/configurations", forms.ConfigurationCreateParams)
def create_configuration(world: World, params: Object) -> Object:
    asked = params["features"]
    change = asked.get("subscription_update", {})
    if change.get("enabled") and not change.get("products"):
        raise invalid("Which products may be changed to must be said.", "parameter_missing")
    for product in change.get("products") or []:
        product.setdefault("adjustable_quantity", {"enabled": False, "minimum": 1})
        for name in product["prices"]:
            if usable_price(world, name)["product"] != product["product"]:
                raise invalid("The price is not of this product.", "parameter_invalid")
    return world.add(
        "billing_portal.configuration",
        active=True,
        business_profile=params.get("business_profile", {}),
        created=world.now(),
        default_return_url=params.get("default_return_url"),
        features={name: default | asked.get(name, {}) for name, default in FEATURES.items()},
        is_default=not any(world.all("billing_portal.configuration")),
        livemode=False,
        login_page={"enabled": False},
        metadata=params.get("metadata") or {},
        name=params.get("name"),
        updated=world.now(),
    )


@route("GET", "billing_portal/configurations", forms.ConfigurationListParams)
def configurations(world: World, params: Object) -> Object:
    wanted = {name: params[name] for name in ("active", "is_default") if name in params}
    return page(
        world, "billing_portal/configurations", world.all("billing_portal.configuration", **wanted), params
    )


@route("POST", "billing_portal/configurations/{}", forms.ConfigurationUpdateParams)
def update_configuration(world: World, name: str, params: Object) -> Object:
    found = world.get("billing_portal.configuration", name)
    if params.keys() - {"active", "expand", "metadata"}:
        raise invalid("The fake only puts configurations away.", "parameter_invalid")
    found["active"] = params.get("active", found["active"])
    return found


@route("POST", "billing_portal/sessions", forms.SessionCreateParams)
def create(world: World, params: Object) -> Object:
    customer = customers.living(world, params.get("customer"))
    name = params.get("configuration")
    if name is None:
        default = next(world.all("billing_portal.configuration", is_default=True), None)
        if default is None:
            raise invalid("No configuration provided and your test mode default has not been created.")
        name = default["id"]
    if not world.get("billing_portal.configuration", name)["active"]:
        raise invalid("This configuration is inactive.", "parameter_invalid", "configuration")
    if params.get("flow_data"):
        raise invalid("The fake's portal has its homepage only.", "parameter_invalid", "flow_data")
    found = world.add(
        "billing_portal.session",
        configuration=name,
        created=world.now(customer["id"]),
        customer=customer["id"],
        livemode=False,
        locale=params.get("locale"),
        return_url=params.get("return_url"),
        url="",
    )
    found["url"] = f"{world.url()}/portal/{found['id']}"
    world.emit("billing_portal.session.created", found)
    return found


def features(world: World, found: Object) -> Object:
    return dict(world.objects[found["configuration"]]["features"])


def act(world: World, found: Object, action: str, **form: Any) -> None:
    """What the person does there: cancel, resume, change, card. Raises StripeError."""
    allowed = features(world, found)
    if action == "card":
        _need(allowed["payment_method_update"]["enabled"])
        use_card(world, found["customer"], form["number"], collect=True)
        return
    subscription = next(
        (
            s
            for s in world.all("subscription", customer=found["customer"])
            if s["status"] not in subscriptions.OVER
        ),
        None,
    )
    if subscription is None:
        raise invalid("There is no subscription.", "resource_missing")
    if action in ("cancel", "resume"):
        _need(allowed["subscription_cancel"]["enabled"])
        if schedule := world.objects.get(subscription.get("schedule") or ""):
            schedules.release(world, schedule)
        if action == "cancel" and allowed["subscription_cancel"]["mode"] == "immediately":
            subscriptions.end(world, subscription, "cancellation_requested")
        else:
            changes.update(world, subscription["id"], {"cancel_at_period_end": action == "cancel"})
    elif action == "change":
        _change(world, subscription, allowed["subscription_update"], form["price"])


def choices(world: World, found: Object) -> list[Object]:
    """The prices that may be changed to."""
    update = features(world, found)["subscription_update"]
    names = [name for each in update.get("products") or [] for name in each["prices"]]
    return [world.objects[name] for name in names] if update["enabled"] else []


def _change(world: World, subscription: Object, allowed: Object, price: str) -> None:
    mapped = [name for each in allowed.get("products") or [] for name in each["prices"]]
    _need(allowed["enabled"] and price in mapped)
    now = subscriptions.terms(subscription)[0]
    conditions = {each["type"] for each in allowed["schedule_at_period_end"]["conditions"]}
    cheaper = world.objects[price]["unit_amount"] < world.objects[now.price]["unit_amount"]
    if cheaper and "decreasing_item_amount" in conditions:
        start, end = subscriptions.period_of(subscription)
        schedule = schedules.from_subscription(world, subscription["id"])
        recurring = world.objects[price]["recurring"]
        schedules.update(
            world,
            schedule["id"],
            {
                "phases": [
                    {
                        "items": [{"price": now.price, "quantity": now.quantity}],
                        "start_date": start,
                        "end_date": end,
                    },
                    {
                        "items": [{"price": price, "quantity": now.quantity}],
                        "duration": {
                            "interval": recurring["interval"],
                            "interval_count": recurring["interval_count"],
                        },
                    },
                ]
            },
        )
        return
    changes.update(
        world,
        subscription["id"],
        {
            "items": [{"id": now.item, "price": price, "quantity": now.quantity}],
            "proration_behavior": allowed["proration_behavior"],
            "payment_behavior": "pending_if_incomplete",
        },
    )


def use_card(world: World, customer: str, number: str, *, collect: bool) -> None:
    """From now on it is charged; with `collect` what is owed is tried at once."""
    method = customers.attach(world, customers.new_card(world, number)["id"], customer)
    for each in world.all("subscription", customer=customer):
        if each["status"] not in subscriptions.OVER:
            each["default_payment_method"] = method["id"]
            subscriptions.updated(world, each)
    customers.update(world, customer, {"invoice_settings": {"default_payment_method": method["id"]}})
    for each in world.all("invoice", customer=customer, status="open"):
        if collect and each["attempted"] and invoices.subscription_of(each):
            invoices.pay(world, each, off_session=False)


def _need(allowed: bool) -> None:
    if not allowed:
        raise invalid("The portal does not offer this.", "parameter_invalid")
