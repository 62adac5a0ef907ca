"""Changes of a running subscription, and charges without the person."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from packshot.ports.money import Money
from packshot.ports.payment_states import InvoiceState, Kind, PaymentState, SubscriptionState
from packshot.ports.payments import Charge, Missing, Price, Refused
from tests.adapters.stripe.desk import DAY, PACK, PRO, TEAM, YEAR, At, newest, one

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
