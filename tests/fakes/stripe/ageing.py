"""What time does: renewals, trials that end, retries, pages and changes that expire; and the clocks of tests."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import stripe.params.test_helpers as forms

from tests.fakes.stripe import changes, checkout, invoices, lines, schedules, subscriptions
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.lines import Terms
from tests.fakes.stripe.money import period
from tests.fakes.stripe.routes import route
from tests.fakes.stripe.world import Object, World

Due = tuple[int, int, Callable[[], None]]
"""When, which first where two are due together, and what happens then."""
DRAFT_HOUR = 3600
"""So long a renewal's invoice can still be changed."""


@route("POST", "test_helpers/test_clocks", forms.TestClockCreateParams)
def create(world: World, params: Object) -> Object:
    frozen = params["frozen_time"]
    return world.add(
        "test_helpers.test_clock",
        created=world.now(),
        deletes_after=world.now() + 30 * 86400,
        frozen_time=frozen,
        livemode=False,
        name=params.get("name"),
        status="ready",
        status_details={},
    )


@route("GET", "test_helpers/test_clocks/{}")
def one(world: World, name: str, params: Object) -> Object:
    return world.get("test_helpers.test_clock", name)


@route("POST", "test_helpers/test_clocks/{}/advance", forms.TestClockAdvanceParams)
def advance_route(world: World, name: str, params: Object) -> Object:
    found = world.get("test_helpers.test_clock", name)
    if params["frozen_time"] <= found["frozen_time"]:
        raise invalid("Clocks only go forward.", "parameter_invalid", "frozen_time")
    advance(world, params["frozen_time"], clock=name)
    world.emit("test_helpers.test_clock.ready", found)
    return found


def advance(world: World, until: int, clock: str | None = None) -> None:
    """Let everything happen that is due up to a moment, one after the other, each at its own time."""
    while True:
        due = sorted(
            ((at, rank, act) for at, rank, act in _due(world, clock) if at <= until), key=lambda d: d[:2]
        )
        if not due:
            break
        at, _, act = due[0]
        # Never backwards: what became due by a change a moment ago is done now.
        customer_now = world.objects[clock]["frozen_time"] if clock else world.now()
        world.set_time(clock, max(at, customer_now))
        act()
    if clock:
        world.set_time(clock, until)
    else:
        world.settle_time(until)


def _due(world: World, clock: str | None) -> Iterator[Due]:
    def ours(found: Object) -> bool:
        customer = world.objects.get(found.get("customer") or "")
        return (customer.get("test_clock") if customer else None) == clock

    for each in world.all("subscription"):
        if ours(each) and each["status"] not in subscriptions.OVER:
            yield from _of_subscription(world, each)
    for each in world.all("invoice"):
        if ours(each):
            yield from _of_invoice(world, each)
    for each in world.all("checkout.session", status="open"):
        if ours(each):
            yield each["expires_at"], 0, lambda found=each: checkout.expire(world, found)


def _of_subscription(world: World, found: Object) -> Iterator[Due]:
    if found["status"] == "incomplete":
        yield (
            found["created"] + subscriptions.FIRST_PAYMENT,
            0,
            lambda: subscriptions.expire_incomplete(world, found),
        )
        return
    if pending := found.get("pending_update"):
        yield pending["expires_at"], 0, lambda: changes.expire_pending(world, found)
    if found["status"] == "paused":
        return
    if found["status"] == "trialing" and not found["_told_of_trial"]:
        yield found["trial_end"] - 3 * 86400, 0, lambda: _tell_of_trial(world, found)
    ends = [subscriptions.period_of(found)[1], found.get("cancel_at")]
    if found["status"] == "trialing":
        ends.append(found["trial_end"])
    yield min(each for each in ends if each is not None), 1, lambda: turn(world, found)


def _of_invoice(world: World, found: Object) -> Iterator[Due]:
    if not found["auto_advance"]:
        return
    if found["status"] == "draft" and found.get("automatically_finalizes_at") is not None:
        yield found["automatically_finalizes_at"], 2, lambda: _collect(world, found)
    if found["status"] == "open" and found.get("next_payment_attempt") is not None:
        yield found["next_payment_attempt"], 2, lambda: _retry(world, found)


def _tell_of_trial(world: World, found: Object) -> None:
    found["_told_of_trial"] = True
    world.emit("customer.subscription.trial_will_end", found)


def _collect(world: World, found: Object) -> None:
    invoices.finalize(world, found)
    invoices.pay(world, found, off_session=True)


def _retry(world: World, found: Object) -> None:
    found["next_payment_attempt"] = None
    invoices.pay(world, found, off_session=True)


def turn(world: World, found: Object) -> None:
    """One period ends, and another begins unless it was cancelled."""
    at = world.now(found["customer"])
    if found.get("cancel_at") is not None and found["cancel_at"] <= at:
        subscriptions.end(world, found, "cancellation_requested")
        return
    was_trial = found["status"] == "trialing"
    if was_trial and found["default_payment_method"] is None and not _can_pay(world, found):
        missing = found["trial_settings"]["end_behavior"]["missing_payment_method"]
        if missing == "cancel":
            subscriptions.end(world, found, "cancellation_requested")
            return
        if missing == "pause":
            pause(world, found, "trial_end_without_payment_method")
            return
    _renew(world, found, at, was_trial)


def _renew(world: World, found: Object, at: int, was_trial: bool) -> None:
    before = copy.deepcopy(found["items"])
    terms = subscriptions.terms(found)
    if (items := schedules.due_items(world, found, at)) is not None:
        names = [each.item for each in terms]
        terms = [
            Terms(name, each["price"], each["quantity"]) for name, each in zip(names, items, strict=True)
        ]
    recurring = world.objects[terms[0].price]["recurring"]
    if was_trial or recurring["interval"] != found["items"]["data"][0]["price"]["recurring"]["interval"]:
        found["billing_cycle_anchor"] = at
    span = period(found["billing_cycle_anchor"], recurring["interval"], recurring["interval_count"], at)
    if was_trial:
        found["status"] = "active"
    rows = found["_pending_lines"] + lines.regular(world, found["id"], terms, span)
    found["_pending_lines"] = []
    changes.apply(world, found, changes.Changed(terms, span, found["billing_cycle_anchor"], []))
    schedules.entered(world, found, at)
    invoice = invoices.draft(
        world,
        found["customer"],
        rows,
        "subscription_cycle",
        currency=found["currency"],
        taxed=found["automatic_tax"]["enabled"],
        subscription=found,
        coupon=subscriptions.coupon_now(found),
        period=(before["data"][0]["current_period_start"], at),
        automatically_finalizes_at=at + DRAFT_HOUR,
    )
    found["latest_invoice"] = invoice["id"]
    if found["status"] == "unpaid":
        invoice["auto_advance"] = False


def pause(world: World, found: Object, why: str) -> None:
    found["status_details"] = {
        "paused": {
            "type": "subscription",
            "subscription": {"type": why},
            "transitioned_at": world.now(found["customer"]),
        }
    }
    subscriptions.become(world, found, "paused")
    world.emit("customer.subscription.paused", found)


def unpause(world: World, found: Object) -> None:
    """It goes on; where its period has ended meanwhile, a new one begins and is to be paid."""
    found["status_details"] = None
    at = world.now(found["customer"])
    subscriptions.become(world, found, "active")
    world.emit("customer.subscription.resumed", found)
    if subscriptions.period_of(found)[1] <= at:
        found["billing_cycle_anchor"] = at
        _renew(world, found, at, was_trial=False)


def _can_pay(world: World, found: Object) -> bool:
    return world.objects[found["customer"]]["invoice_settings"]["default_payment_method"] is not None
