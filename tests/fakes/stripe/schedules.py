"""Schedules: what a subscription becomes later."""

from __future__ import annotations

import stripe.params as forms

from tests.fakes.stripe import subscriptions
from tests.fakes.stripe.catalogue import usable_price
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.money import step
from tests.fakes.stripe.routes import page, route
from tests.fakes.stripe.world import Object, World


@route("POST", "subscription_schedules", forms.SubscriptionScheduleCreateParams)
def create(world: World, params: Object) -> Object:
    if params.keys() - {"from_subscription", "expand"}:
        raise invalid(
            "The fake makes schedules from subscriptions, and from nothing else.", "parameter_invalid"
        )
    return from_subscription(world, params.get("from_subscription"))


def from_subscription(world: World, name: str | None) -> Object:
    """A schedule whose one phase is the subscription as it is."""
    found = subscriptions.running(world, name)
    if found.get("schedule"):
        raise invalid("The subscription already has a schedule.", "parameter_invalid", "from_subscription")
    start, end = subscriptions.period_of(found)
    schedule = world.add(
        "subscription_schedule",
        billing_mode=found["billing_mode"],
        created=world.now(found["customer"]),
        current_phase={"start_date": start, "end_date": end},
        customer=found["customer"],
        default_settings={
            "billing_cycle_anchor": "automatic",
            "invoice_settings": {"issuer": {"type": "self"}},
        },
        end_behavior="release",
        livemode=False,
        metadata={},
        pause_schedules=[],
        phases=[
            _phase(
                world,
                [{"price": each.price, "quantity": each.quantity} for each in subscriptions.terms(found)],
                start,
                end,
                found["currency"],
                {},
            )
        ],
        status="active",
        subscription=found["id"],
        test_clock=found["test_clock"],
    )
    found["schedule"] = schedule["id"]
    world.emit("subscription_schedule.created", schedule)
    subscriptions.updated(world, found, schedule=None)
    return schedule


@route("GET", "subscription_schedules/{}")
def one(world: World, name: str, params: Object) -> Object:
    return world.get("subscription_schedule", name)


@route("GET", "subscription_schedules", forms.SubscriptionScheduleListParams)
def several(world: World, params: Object) -> Object:
    wanted = {"customer": params["customer"]} if "customer" in params else {}
    return page(world, "subscription_schedules", world.all("subscription_schedule", **wanted), params)


@route("POST", "subscription_schedules/{}", forms.SubscriptionScheduleUpdateParams)
def update(world: World, name: str, params: Object) -> Object:
    found = world.get("subscription_schedule", name)
    if found["status"] != "active":
        raise invalid(f"The schedule is {found['status']}.", "parameter_invalid")
    if "end_behavior" in params:
        found["end_behavior"] = params["end_behavior"]
    found["metadata"] |= params.get("metadata") or {}
    if asked := params.get("phases"):
        found["phases"] = _phases(world, found, asked)
    world.emit("subscription_schedule.updated", found)
    return found


@route("POST", "subscription_schedules/{}/release", forms.SubscriptionScheduleReleaseParams)
def release_route(world: World, name: str, params: Object) -> Object:
    found = world.get("subscription_schedule", name)
    if found["status"] not in ("active", "not_started"):
        raise invalid(f"The schedule is {found['status']}.", "parameter_invalid")
    return release(world, found)


def release(world: World, found: Object) -> Object:
    """The subscription goes on as it is, by itself."""
    subscription = world.objects[found["subscription"]]
    found |= {
        "status": "released",
        "released_at": world.now(found["customer"]),
        "released_subscription": subscription["id"],
        "subscription": None,
        "current_phase": None,
    }
    subscription["schedule"] = None
    world.emit("subscription_schedule.released", found)
    subscriptions.updated(world, subscription, schedule=found["id"])
    return found


def due_items(world: World, subscription: Object, at: int) -> list[Object] | None:
    """The items of the phase that begins now, if one does."""
    schedule = world.objects.get(subscription.get("schedule") or "")
    if schedule is None:
        return None
    return next((each["items"] for each in schedule["phases"][1:] if each["start_date"] == at), None)


def entered(world: World, subscription: Object, at: int) -> None:
    """The phase that began is the current one; after the last one the schedule lets go."""
    schedule = world.objects.get(subscription.get("schedule") or "")
    if schedule is None:
        return
    current = next((each for each in schedule["phases"] if each["start_date"] <= at < each["end_date"]), None)
    if current is None:
        release(world, schedule)
        return
    schedule["current_phase"] = {"start_date": current["start_date"], "end_date": current["end_date"]}
    world.emit("subscription_schedule.updated", schedule)


def _phases(world: World, found: Object, asked: list[Object]) -> list[Object]:
    """The first phase must be the one that runs; each begins where the one before ends."""
    out: list[Object] = []
    for number, each in enumerate(asked):
        start = each.get("start_date", out[-1]["end_date"] if out else None)
        if number == 0 and start != found["phases"][0]["start_date"]:
            raise invalid("You can not modify the start date of the current phase.", "parameter_invalid")
        if number and start != out[-1]["end_date"]:
            raise invalid("Phases must follow one another.", "parameter_invalid")
        for item in each["items"]:
            usable_price(world, item.get("price"))
        if duration := each.get("duration"):
            end = step(start, duration["interval"], duration.get("interval_count", 1))
        elif "end_date" in each:
            end = each["end_date"]
        else:
            raise invalid("The fake wants an end_date or a duration of each phase.", "parameter_missing")
        out.append(_phase(world, each["items"], start, end, found["phases"][0]["currency"], each))
    return out


def _phase(world: World, items: list[Object], start: int, end: int, currency: str, asked: Object) -> Object:
    return {
        "add_invoice_items": [],
        "currency": currency,
        "discounts": [],
        "start_date": start,
        "end_date": end,
        "items": [
            {
                "discounts": [],
                "plan": each["price"],
                "price": each["price"],
                "quantity": each.get("quantity", 1),
                "metadata": each.get("metadata", {}),
                "tax_rates": [],
            }
            for each in items
        ],
        "metadata": asked.get("metadata", {}),
        "proration_behavior": asked.get("proration_behavior", "create_prorations"),
    }
