"""What is sold and bought at Stripe."""

from __future__ import annotations

import threading
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest

from packshot.ports.money import Money
from packshot.ports.payment_states import CheckoutState, InvoiceState, Kind, PaymentState, SubscriptionState
from packshot.ports.payments import Charge, Missing, Refused
from tests.adapters.stripe.desk import ALL, DAY, PACK, PRO, TEAM, YEN, At, newest, one
from tests.fakes.stripe import Stripe

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
