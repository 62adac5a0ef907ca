"""What breaks, what goes back, and what can be asked for again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import stripe
from pydantic import SecretStr

from packshot.adapters.stripe.provider import StripePayments
from packshot.ports.payment_states import Kind, PaymentState, RefundState, SubscriptionState
from packshot.ports.payments import Change, Charge, Missing, Payer, PaymentsUnavailable
from tests.adapters.stripe.desk import ALL, DAY, PACK, TEAM, YEAR, At, newest, one
from tests.fakes.stripe import Stripe

# What breaks ---------------------------------------------------------------------------------------------------------

Act = Callable[[At, str, UUID, datetime], Any]

ACTS: dict[str, Act] = {
    "checkout": lambda at, ref, act, then: at.stripe.checkout(
        at.order(PACK, id=act, expires_at=then + timedelta(hours=2))
    ),
    "charge": lambda at, ref, act, then: at.stripe.charge(Charge(act, at.payer, PACK, 1)),
    "upgrade": lambda at, ref, act, then: at.stripe.change(Change(act, ref, TEAM, 2, "now", then)),
    "downgrade": lambda at, ref, act, then: at.stripe.change(Change(act, ref, YEAR, 1, "period_end", then)),
    "cancel": lambda at, ref, act, then: at.stripe.cancel(ref, act),
}
EFFECTS = {
    "checkout": {"checkout.session": 1},
    "charge": {"payment_intent": 1, "invoice": 1},
    "upgrade": {"payment_intent": 1, "invoice": 1},
    "downgrade": {"subscription_schedule": 1},
    "cancel": {},
}
"""What an act makes."""
FOLLOWED = ("checkout.session", "payment_intent", "invoice", "subscription_schedule", "customer")


@pytest.mark.parametrize("trouble", ["cut", "broken", "down", "refused"])
@pytest.mark.parametrize("name", ACTS)
def test_an_act_that_breaks_off_anywhere_is_simply_sent_again(
    at: At, name: str, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each write in turn the answer is lost, is a 500, or never comes; then the same act is sent again."""
    monkeypatch.setattr(stripe.HTTPClient, "_sleep_time_seconds", lambda *_: 0)
    position = 0
    while True:
        at.payer = Payer(uuid4(), "Another", "another@example.com")
        ref, act, then = at.subscribed(), uuid4(), at.now()
        before = {kind: len(list(at.fake.world.all(kind))) for kind in FOLLOWED}
        # Both tries of the SDK meet it.
        at.fake.troubles = ["fine"] * position + [trouble] * 2
        with suppress(PaymentsUnavailable):
            ACTS[name](at, ref, act, then)
        met = len(at.fake.troubles) < 2
        at.fake.troubles = []
        ACTS[name](at, ref, act, then)
        made = {kind: len(list(at.fake.world.all(kind))) - before[kind] for kind in FOLLOWED}
        assert {kind: number for kind, number in made.items() if number} == EFFECTS[name], position
        state = one(at.stripe.fetch(Kind.SUBSCRIPTION, ref), SubscriptionState)
        assert (state.price == TEAM.key) == (name == "upgrade")
        assert (state.scheduled is not None) == (name == "downgrade")
        assert (state.cancel_at is not None) == (name == "cancel")
        if not met:
            break
        position += 1
    assert position > 0


def test_nobody_at_home_is_told_as_such(fake: Stripe) -> None:
    at = At(fake)
    gone = StripePayments(SecretStr("sk_test_wrong"), secrets=[], now=at.now, url=fake.url)
    with pytest.raises(PaymentsUnavailable):
        gone.fetch(Kind.PAYMENT, "pi_1")
    closed = StripePayments(SecretStr(fake.key), secrets=[], now=at.now, url="http://127.0.0.1:9")
    with pytest.raises(PaymentsUnavailable):
        closed.fetch(Kind.PAYMENT, "pi_1")


@pytest.mark.parametrize("kind", Kind)
def test_what_is_not_there_is_missing(at: At, kind: Kind) -> None:
    with pytest.raises(Missing):
        at.stripe.fetch(kind, "nothing_1")


# Money back, the portal, events --------------------------------------------------------------------------------------


def test_refunds_are_counted_without_those_that_failed(at: At) -> None:
    payment = one(at.paid(at.order(PACK)), PaymentState).ref
    at.fake.refund(payment, 200)
    failing = at.fake.refund(payment, 300, "pending")["id"]
    assert one(at.stripe.fetch(Kind.PAYMENT, payment), PaymentState).refunded == 500
    at.fake.settle_refund(failing, "failed")
    seen = at.stripe.fetch(Kind.REFUND, failing)
    assert one(seen, PaymentState).refunded == 200
    assert {each.ref: each.status for each in seen.states if isinstance(each, RefundState)}[
        failing
    ] == "failed"


def test_the_portal_changes_plans_only_where_that_is_safe(at: At) -> None:
    single = at.subscribed()
    page = httpx.get(
        at.stripe.portal(at.payer.customer or "", "https://studio.example/billing"), trust_env=False
    ).text
    assert "Change to Pro 250.00 EUR" in page
    assert "https://studio.example/billing" in page
    at.stripe.change(at.change(single, TEAM, 3))
    page = httpx.get(
        at.stripe.portal(at.payer.customer or "", "https://studio.example/billing"), trust_env=False
    ).text
    assert "Change to" not in page
    assert "Cancel plan" in page
    At(at.fake).stripe.portal(at.payer.customer or "", "https://studio.example/billing")
    assert len(list(at.fake.world.all("billing_portal.configuration"))) == 2
    with pytest.raises(Missing):
        at.stripe.portal("cus_nobody", "https://studio.example")


def test_everything_that_was_said_can_be_asked_for_again(at: At) -> None:
    start = at.now()
    at.subscribed()
    at.fake.advance(40 * DAY)
    told = list(at.stripe.since(start))
    assert [each.id for each in told] == [each["id"] for each in at.fake.events()]
    later = start + timedelta(days=2)
    assert [e.id for e in at.stripe.since(later)] == [e.id for e in told if e.created_at >= later]


def test_new_customers_live_by_the_test_clock(fake: Stripe) -> None:
    clock = At(fake).stripe._client.v1.test_helpers.test_clocks.create({"frozen_time": fake.world.now()})
    at = At(fake, test_clock=clock.id)
    list(at.stripe.sync(ALL, write=True))
    ref = at.subscribed()
    at.stripe._client.v1.test_helpers.test_clocks.advance(
        clock.id, {"frozen_time": fake.world.now() + 32 * DAY}
    )
    assert newest(at.stripe.fetch(Kind.SUBSCRIPTION, ref)).reason == "cycle"
