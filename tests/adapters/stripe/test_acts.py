"""What the adapter does for us at Stripe, and that it does it once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import stripe
from pydantic import SecretStr

from packshot.adapters.stripe.provider import StripePayments
from packshot.ports.payments import (
    Change,
    Charge,
    CheckoutState,
    InvoiceState,
    Kind,
    Missing,
    Money,
    Order,
    Payer,
    PaymentState,
    PaymentsUnavailable,
    Price,
    RefundState,
    Refused,
    Seen,
    SubscriptionState,
)
from tests.fakes.stripe import Stripe

DAY = 86400
PRO = Price("pro-1-month-eur-2500", "pro", "Pro", Money(2500, "eur"), "month")
YEAR = Price("pro-1-year-eur-25000", "pro", "Pro", Money(25000, "eur"), "year")
TEAM = Price("team-1-month-eur-4900", "team", "Team", Money(4900, "eur"), "month")
PACK = Price("pack-1-once-eur-999", "pack", "1,000 credits", Money(999, "eur"), None)
YEN = Price("pack-1-once-jpy-1900", "pack", "1,000 credits", Money(1900, "jpy"), None)
ALL = (PRO, YEAR, TEAM, PACK, YEN)


class At:
    """The adapter at a fake, and what a person does there."""

    def __init__(self, fake: Stripe, **more: Any) -> None:
        self.fake = fake
        self.stripe = StripePayments(
            SecretStr(fake.key),
            secrets=[],
            now=lambda: datetime.fromtimestamp(fake.world.now(), UTC),
            url=fake.url,
            movable=lambda: [PRO, YEAR],
            **more,
        )
        self.payer = Payer(uuid4(), "Pat's studio", "pat@example.com")

    def order(self, price: Price = PRO, **more: Any) -> Order:
        made = Order(
            id=uuid4(),
            payer=self.payer,
            price=price,
            quantity=1,
            success_url="https://studio.example/billing/orders/1",
            cancel_url="https://studio.example/billing",
            expires_at=self.now() + timedelta(hours=23),
        )
        return replace(made, **more)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.fake.world.now(), UTC)

    def paid(self, order: Order, card: str = "4242424242424242", **more: Any) -> Seen:
        page = self.stripe.checkout(order)
        if page.customer is not None:
            self.payer = replace(self.payer, customer=page.customer)
        asked = self.fake.pay(page.ref, card, **more)
        if asked is not None:
            self.fake.authenticate(asked["id"])
        return self.stripe.fetch(Kind.CHECKOUT, page.ref)

    def subscribed(self, price: Price = PRO, **more: Any) -> str:
        return one(self.paid(self.order(price), **more), SubscriptionState).ref

    def change(self, ref: str, price: Price, quantity: int = 1, when: Any = "now") -> Change:
        return Change(uuid4(), ref, price, quantity, when, self.now())


def one(seen: Seen, kind: type[Any]) -> Any:
    found = [each for each in seen.states if isinstance(each, kind)]
    assert len(found) == 1, found
    return found[0]


def newest(seen: Seen) -> InvoiceState:
    return max(
        (each for each in seen.states if isinstance(each, InvoiceState)),
        key=lambda each: (each.created_at, each.ref),
    )


@pytest.fixture
def at(fake: Stripe) -> At:
    found = At(fake)
    list(found.stripe.sync(ALL, write=True))
    return found


# What is sold --------------------------------------------------------------------------------------------------------


def test_prices_are_made_once_and_never_changed(fake: Stripe) -> None:
    at = At(fake)
    assert len([each for each in at.stripe.sync(ALL, write=False) if each.startswith("missing")]) >= len(ALL)
    assert len(list(at.stripe.sync(ALL, write=True))) == len(ALL) + 3
    assert list(at.stripe.sync(ALL, write=True)) == []
    dearer = replace(PRO, unit=Money(2600, "eur"))
    (line,) = at.stripe.sync([dearer], write=True)
    assert line.startswith("wrong: price pro-1-month-eur-2500")
    with pytest.raises(Refused) as refused:
        At(fake).stripe.checkout(at.order(dearer))
    assert refused.value.code == "not_offered"


def test_a_price_that_is_not_there_is_not_offered(at: At) -> None:
    with pytest.raises(Refused) as refused:
        at.stripe.checkout(at.order(replace(PACK, key="another")))
    assert refused.value.code == "not_offered"


# Checkout ------------------------------------------------------------------------------------------------------------


def test_the_same_order_is_the_same_page(at: At) -> None:
    order = at.order()
    first = at.stripe.checkout(order)
    assert at.stripe.checkout(order) == first
    assert len(list(at.fake.world.all("customer"))) == 1


def test_two_tabs_open_one_customer(at: At) -> None:
    pages: list[str | None] = []
    threads = [
        threading.Thread(target=lambda: pages.append(at.stripe.checkout(at.order()).customer))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(pages) == 4
    assert len(set(pages)) == 1


def test_a_plan_is_bought(at: At) -> None:
    order = at.order(TEAM, quantity=3)
    seen = at.paid(order)
    checkout, subscription = one(seen, CheckoutState), one(seen, SubscriptionState)
    invoice, payment = one(seen, InvoiceState), one(seen, PaymentState)
    assert (checkout.status, checkout.payment_status, checkout.order) == ("complete", "paid", order.id)
    assert (checkout.subscription, checkout.invoice, checkout.payment) == (
        subscription.ref,
        invoice.ref,
        payment.ref,
    )
    assert (subscription.status, subscription.price, subscription.quantity) == ("active", TEAM.key, 3)
    assert (subscription.order, subscription.card) == (order.id, "visa 4242")
    assert (invoice.reason, invoice.status, invoice.order) == ("start", "paid", order.id)
    assert (invoice.total, payment.amount) == (Money(14700, "eur"), Money(14700, "eur"))
    (line,) = invoice.lines
    assert (line.price, line.quantity, line.proration) == (TEAM.key, 3, False)
    assert (line.period_start, line.period_end) == (subscription.period_start, subscription.period_end)


def test_a_pack_is_bought_and_its_card_kept_only_if_that_was_asked(at: At) -> None:
    order = at.order(PACK, quantity=2)
    seen = at.paid(order)
    payment, invoice = one(seen, PaymentState), one(seen, InvoiceState)
    assert (payment.order, payment.status, payment.amount) == (order.id, "succeeded", Money(1998, "eur"))
    assert (invoice.reason, invoice.order, invoice.payment) == ("pack", order.id, payment.ref)
    assert invoice.hosted_url is not None
    with pytest.raises(Missing):
        at.stripe.charge(Charge(uuid4(), at.payer, PACK, 1))
    at.paid(at.order(PACK, save_card=True))
    assert one(at.stripe.charge(Charge(uuid4(), at.payer, PACK, 1)), PaymentState).status == "succeeded"


def test_yen_are_yen(at: At) -> None:
    assert one(at.paid(at.order(YEN, quantity=2)), PaymentState).amount == Money(3800, "jpy")


def test_tax_comes_on_top(fake: Stripe) -> None:
    at = At(fake, tax=True)
    list(at.stripe.sync(ALL, write=True))
    seen = at.paid(at.order(PACK), country="DE")
    assert (one(seen, CheckoutState).total, one(seen, CheckoutState).tax) == (
        Money(1189, "eur"),
        Money(190, "eur"),
    )
    assert (one(seen, InvoiceState).tax, one(seen, PaymentState).amount.amount) == (Money(190, "eur"), 1189)
    assert one(seen, InvoiceState).lines[0].amount == Money(999, "eur")


def test_a_coupon_of_everything_is_free(fake: Stripe) -> None:
    at = At(fake, codes=True)
    list(at.stripe.sync(ALL, write=True))
    fake.coupon("ALL", percent_off=100)
    seen = at.paid(at.order(PACK), coupon="ALL")
    assert (one(seen, CheckoutState).payment_status, one(seen, CheckoutState).payment) == ("free", None)
    assert one(seen, InvoiceState).status == "paid"


def test_a_trial_costs_nothing_at_first(at: At) -> None:
    seen = at.paid(at.order(trial_days=14))
    assert (one(seen, CheckoutState).payment_status, one(seen, SubscriptionState).status) == (
        "free",
        "trialing",
    )
    assert (one(seen, InvoiceState).total, one(seen, InvoiceState).reason) == (Money(0, "eur"), "start")
    at.fake.advance(15 * DAY)
    seen = at.stripe.fetch(Kind.SUBSCRIPTION, one(seen, SubscriptionState).ref)
    assert one(seen, SubscriptionState).status == "active"
    assert (newest(seen).reason, newest(seen).status) == ("cycle", "paid")


@pytest.mark.parametrize(
    ("card", "status"), [("DE89370400440532013000", "paid"), ("DE62370400440532013001", "failed")]
)
def test_money_on_its_way_arrives_or_fails(at: At, card: str, status: str) -> None:
    seen = at.paid(at.order(PACK), card)
    checkout = one(seen, CheckoutState)
    assert (checkout.status, checkout.payment_status, one(seen, PaymentState).status) == (
        "complete",
        "unpaid",
        "pending",
    )
    at.fake.clear_all()
    assert one(at.stripe.fetch(Kind.CHECKOUT, checkout.ref), CheckoutState).payment_status == status


def test_a_declined_card_on_an_open_page_is_not_the_end(at: At) -> None:
    page = at.stripe.checkout(at.order(PACK))
    assert httpx.post(page.url, data={"number": "4000000000000002"}, trust_env=False).status_code == 402
    seen = at.stripe.fetch(Kind.CHECKOUT, page.ref)
    assert (one(seen, CheckoutState).payment_status, one(seen, PaymentState).status) == ("unpaid", "pending")


def test_a_page_is_closed_once(at: At) -> None:
    page = at.stripe.checkout(at.order())
    for _ in range(2):
        at.stripe.expire(page.ref)
    assert one(at.stripe.fetch(Kind.CHECKOUT, page.ref), CheckoutState).status == "expired"
    paid = one(at.paid(at.order(PACK)), CheckoutState)
    at.stripe.expire(paid.ref)
    assert one(at.stripe.fetch(Kind.CHECKOUT, paid.ref), CheckoutState).status == "complete"
    with pytest.raises(Missing):
        at.stripe.expire("cs_test_nothing")


# Changes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("price", "quantity"), [(TEAM, 1), (TEAM, 4), (PRO, 2), (YEAR, 1)])
def test_an_upgrade_is_what_its_preview_said(at: At, price: Price, quantity: int) -> None:
    ref = at.subscribed()
    at.fake.advance(9 * DAY + 4321)
    change = at.change(ref, price, quantity)
    preview = at.stripe.preview(change)
    at.fake.advance(90)
    seen = at.stripe.change(change)
    after, invoice = one(seen, SubscriptionState), newest(seen)
    assert (after.price, after.quantity) == (price.key, quantity)
    assert (invoice.total, invoice.status, invoice.reason) == (preview.due_now, "paid", "change")
    assert invoice.order == change.id
    assert preview.restarts == (price is YEAR)
    assert [each.proration for each in invoice.lines] == [True, not preview.restarts]
    # The next regular invoice is what was said as well, when it was said.
    at.fake.advance((400 if price is YEAR else 40) * DAY)
    due = [
        each
        for each in at.stripe.fetch(Kind.SUBSCRIPTION, ref).states
        if isinstance(each, InvoiceState) and each.reason == "cycle"
    ]
    first = min(due, key=lambda each: each.created_at)
    assert first.total == preview.next_total
    assert abs(first.created_at - preview.next_at) <= timedelta(seconds=90)


def test_a_credit_is_kept_and_used(at: At) -> None:
    ref = at.subscribed(TEAM)
    at.fake.advance(3 * DAY)
    change = at.change(ref, PRO)
    preview = at.stripe.preview(change)
    assert preview.due_now.amount == 0
    assert preview.credit.amount > 0
    at.stripe.change(change)
    at.fake.advance(40 * DAY)
    invoice = newest(at.stripe.fetch(Kind.SUBSCRIPTION, ref))
    payment = next(
        each
        for each in at.stripe.fetch(Kind.INVOICE, invoice.ref).states
        if isinstance(each, PaymentState) and each.invoice == invoice.ref
    )
    assert payment.amount == preview.next_total


def test_a_declined_upgrade_leaves_nothing_behind(at: At) -> None:
    ref = at.subscribed()
    at.fake.use_card(at.payer.customer or "", "4000000000000341")
    change = at.change(ref, TEAM)
    for _ in range(2):
        seen = at.stripe.change(change)
        assert one(seen, SubscriptionState).price == PRO.key
        assert {"failed"} == {
            each.status
            for each in seen.states
            if isinstance(each, PaymentState) and each.invoice == newest(seen).ref
        }
    assert newest(at.stripe.fetch(Kind.SUBSCRIPTION, ref)).status == "void"
    at.fake.use_card(at.payer.customer or "", "4242424242424242")
    assert one(at.stripe.change(at.change(ref, TEAM)), SubscriptionState).price == TEAM.key


def test_an_upgrade_that_the_bank_asks_about_waits_for_the_person(at: At) -> None:
    ref = at.subscribed(card="4000002760003184")
    change = at.change(ref, TEAM)
    seen = at.stripe.change(change)
    waits = next(e for e in seen.states if isinstance(e, PaymentState) and e.status == "action_needed")
    assert waits.action_url == newest(seen).hosted_url
    assert one(seen, SubscriptionState).price == PRO.key
    assert one(at.stripe.change(change), SubscriptionState).price == PRO.key  # sent again: the same
    at.fake.authenticate(waits.ref)
    after = at.stripe.fetch(Kind.PAYMENT, waits.ref)
    assert one(after, SubscriptionState).price == TEAM.key
    assert newest(after).order == change.id


def test_a_trial_ends_with_a_change(at: At) -> None:
    ref = one(at.paid(at.order(trial_days=14)), SubscriptionState).ref
    at.fake.advance(2 * DAY)
    change = at.change(ref, TEAM)
    preview = at.stripe.preview(change)
    assert (preview.due_now, preview.restarts) == (Money(4900, "eur"), True)
    seen = at.stripe.change(change)
    assert (one(seen, SubscriptionState).status, newest(seen).total) == ("active", Money(4900, "eur"))
    assert one(seen, SubscriptionState).period_start - change.at < timedelta(minutes=1)


def test_a_downgrade_waits_for_the_period_and_can_be_taken_back(at: At) -> None:
    ref = at.subscribed(TEAM)
    change = at.change(ref, PRO, when="period_end")
    preview = at.stripe.preview(change)
    assert (preview.due_now.amount, preview.credit.amount, preview.next_total) == (0, 0, Money(2500, "eur"))
    for _ in range(2):
        state = one(at.stripe.change(change), SubscriptionState)
        assert state.price == TEAM.key
        assert state.scheduled is not None
        assert (state.scheduled.price, state.scheduled.at) == (PRO.key, state.period_end)
    assert one(at.stripe.resume(ref, uuid4()), SubscriptionState).scheduled is None
    at.stripe.change(at.change(ref, PRO, when="period_end"))
    at.fake.advance(40 * DAY)
    seen = at.stripe.fetch(Kind.SUBSCRIPTION, ref)
    assert one(seen, SubscriptionState).price == PRO.key
    assert (newest(seen).total, newest(seen).status) == (preview.next_total, "paid")


def test_an_upgrade_takes_the_place_of_a_scheduled_downgrade(at: At) -> None:
    ref = at.subscribed(TEAM)
    at.stripe.change(at.change(ref, PRO, when="period_end"))
    after = one(at.stripe.change(at.change(ref, TEAM, 2)), SubscriptionState)
    assert (after.price, after.quantity, after.scheduled) == (TEAM.key, 2, None)


def test_cancelled_resumed_and_ended(at: At) -> None:
    ref = at.subscribed(TEAM)
    at.stripe.change(at.change(ref, PRO, when="period_end"))
    state = one(at.stripe.cancel(ref, uuid4()), SubscriptionState)
    assert (state.cancel_at, state.status, state.scheduled) == (state.period_end, "active", None)
    assert one(at.stripe.resume(ref, uuid4()), SubscriptionState).cancel_at is None
    for _ in range(2):
        assert one(at.stripe.cancel(ref, uuid4(), at_once=True), SubscriptionState).status == "cancelled"
    with pytest.raises(Refused):
        at.stripe.resume(ref, uuid4())
    with pytest.raises(Missing):
        at.stripe.preview(at.change(ref, PRO))


def test_what_is_owed_says_since_when(at: At) -> None:
    ref = at.subscribed()
    at.fake.use_card(at.payer.customer or "", "4000000000000341")
    at.fake.advance(33 * DAY)
    state = one(at.stripe.fetch(Kind.SUBSCRIPTION, ref), SubscriptionState)
    assert state.status == "past_due"
    assert state.past_due_since == state.period_start + timedelta(hours=1)


# Charges -------------------------------------------------------------------------------------------------------------


def test_a_charge_is_one_however_often_it_is_sent(at: At) -> None:
    at.subscribed()
    charge = Charge(uuid4(), at.payer, PACK, 2)
    refs = {one(at.stripe.charge(charge), PaymentState).ref for _ in range(3)}
    assert len(refs) == 1
    payment = one(at.stripe.fetch(Kind.PAYMENT, refs.pop()), PaymentState)
    assert (payment.order, payment.amount, payment.status) == (charge.id, Money(1998, "eur"), "succeeded")


def test_a_declined_charge_cannot_be_paid_later(at: At) -> None:
    at.subscribed(card="4000000000000341")
    charge = Charge(uuid4(), at.payer, PACK, 1)
    for _ in range(2):
        seen = at.stripe.charge(charge)
        payment = one(seen, PaymentState)
        assert (payment.status, payment.failure, payment.order) == ("failed", "declined", charge.id)
        assert one(seen, InvoiceState).status == "void"


def test_a_charge_may_need_the_person(at: At) -> None:
    at.subscribed(card="4000002760003184")
    seen = at.stripe.charge(Charge(uuid4(), at.payer, PACK, 1))
    payment = one(seen, PaymentState)
    assert (payment.status, payment.action_url) == ("action_needed", one(seen, InvoiceState).hosted_url)
    at.fake.authenticate(payment.ref)
    assert one(at.stripe.fetch(Kind.PAYMENT, payment.ref), PaymentState).status == "succeeded"


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
