"""What every payment provider must do: one suite, run on each till (`tills.py`). Amounts in whole credits."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from packshot.errors import Conflict, Invalid, NotFound
from packshot.foundation.billing import commands, inbox, plans
from packshot.foundation.billing.errors import Declined, NoticeForged
from packshot.foundation.billing.leaving import end_at_once
from packshot.ports.payment_states import Kind
from packshot.ports.payments import Missing, Refused
from packshot.settings import settings
from tests.conformance.shops import CREDIT, Shop, now, price
from tests.conformance.tills import Message, storm

# Packs.


def test_a_pack_is_bought_once_however_often_it_is_told(shop):
    order = shop.order("pack-1000", None)
    assert shop.available == 500
    shop.till.pay(order.ref)
    shop.till.deliver(storm(1))
    assert shop.available == 1500
    assert commands.fulfil(shop.actor, order.id).status == "paid"
    inbox.reconcile()
    assert shop.available == 1500


@pytest.mark.parametrize("first", ["page", "message"])
def test_the_success_page_and_the_message_do_the_same(shop, first):
    order = shop.order("pack-5000", None)
    assert commands.fulfil(shop.actor, order.id).status == "open"
    shop.till.pay(order.ref)
    if first == "page":
        assert commands.fulfil(shop.actor, order.id).status == "paid"
        assert shop.available == 5500
        shop.till.deliver()
    else:
        shop.till.deliver()
        assert shop.available == 5500
        assert commands.fulfil(shop.actor, order.id).status == "paid"
    assert shop.available == 5500


def test_page_and_message_at_the_same_time_do_it_once(shop):
    order = shop.order("pack-5000", None)
    shop.till.pay(order.ref)
    start = threading.Barrier(4)

    def page() -> None:
        start.wait()
        commands.fulfil(shop.actor, order.id)

    threads = [threading.Thread(target=page) for _ in range(3)]
    for thread in threads:
        thread.start()
    start.wait()
    shop.till.deliver(storm(2))
    for thread in threads:
        thread.join()
    assert shop.available == 5500


def test_the_same_order_is_the_same_page_and_the_same_thing_opens_no_second_one(shop):
    first = commands.buy(shop.actor, uuid4(), price("pack-1000", None), 1, "/billing")
    again = commands.buy(shop.actor, first.id, price("pack-1000", None), 1, "/billing")
    tab = commands.buy(shop.actor, uuid4(), price("pack-1000", None), 1, "/")
    other = commands.buy(shop.actor, uuid4(), price("pack-1000", None), 2, "/")
    assert first.ref == again.ref == tab.ref != other.ref


def test_money_that_takes_days_brings_credits_when_it_is_there(shop):
    order = shop.buy("pack-1000", None, card="bank")
    assert shop.available == 500
    assert commands.fulfil(shop.actor, order.id).status == "open"
    shop.till.advance(days=4)
    shop.till.deliver()
    assert shop.available == 1500
    assert commands.fulfil(shop.actor, order.id).status == "paid"


def test_money_that_never_arrives_brings_nothing(shop):
    order = shop.buy("pack-1000", None, card="bank_fails")
    shop.till.advance(days=4)
    shop.till.deliver()
    assert shop.available == 500
    assert commands.fulfil(shop.actor, order.id).status == "failed"


def test_a_declined_card_leaves_the_page_open_for_another(shop):
    order = shop.order("pack-1000", None)
    with pytest.raises(Refused):
        shop.till.pay(order.ref, "declined")
    shop.till.deliver()
    assert shop.available == 500
    shop.till.pay(order.ref)
    shop.till.deliver()
    assert shop.available == 1500


def test_a_coupon_of_everything_still_brings_the_pack(shop):
    shop.buy("pack-1000", None, coupon="FREE100")
    assert shop.available == 1500
    assert all(payment.amount.amount == 0 for payment in shop.payments())


# Plans.


def test_a_plan_brings_its_months_and_the_renewal_the_next(shop):
    shop.buy("team", quantity=2)
    assert (shop.plan, shop.available) == (("team", "active"), 20_000)
    assert shop.standing.entitlement.seats == 2
    shop.spend(5000)
    shop.till.advance(days=32)
    shop.till.deliver(storm(3))
    assert (shop.plan, shop.available) == (("team", "active"), 20_000)
    assert [i.reason for i in shop.invoices()] == ["start", "cycle"]


def test_a_year_brings_every_month_its_credits_and_not_one_more(shop):
    shop.buy("store-100", "year")
    anchor = shop.standing.anchor
    for month in range(1, 12):
        shop.spend(1000)
        shop.till.advance(days=31)
        assert shop.available == 3000, month
    shop.till.deliver()
    assert shop.standing.anchor == anchor
    assert [i.reason for i in shop.invoices()] == ["start"]


def test_what_is_not_paid_further_is_not_renewed_whatever_runs_or_not(shop):
    """The renewal's message is late: time alone gives nothing, the payment does."""
    shop.buy("store-100")
    shop.spend(1000)
    shop.till.advance(days=32)
    assert shop.available == 2000
    shop.till.advance(days=7)
    assert shop.available == 0
    shop.till.deliver()
    assert shop.available == 3000


def test_what_is_left_stays_until_the_renewal_is_paid(shop):
    """A provider may keep a renewal's invoice open to changes for an hour before it asks for the money."""
    shop.buy("store-100")
    shop.spend(1000)
    left = shop.standing.subscription.period_end - now()
    shop.till.advance(seconds=left.total_seconds() + 60)
    assert (shop.plan, shop.available) == (("store-100", "active"), 2000)
    shop.till.deliver()
    paid = shop.invoices()[-1].status == "paid"
    assert (shop.plan, shop.available) == (("store-100", "active"), 3000 if paid else 2000)
    shop.till.advance(hours=2)
    shop.till.deliver()
    assert [i.status for i in shop.invoices()] == ["paid", "paid"]
    assert (shop.plan, shop.available) == (("store-100", "active"), 3000)


def test_what_is_left_stays_while_a_bank_takes_its_days(shop):
    shop.buy("store-100", card="bank")
    shop.till.advance(days=4)
    shop.till.deliver()
    shop.spend(1000)
    left = shop.standing.subscription.period_end - now()
    shop.till.advance(seconds=left.total_seconds() + 2 * 3600)
    shop.till.deliver()
    paid = shop.invoices()[-1].status == "paid"  # a till's bank may be a quick one
    assert (shop.plan, shop.available) == (("store-100", "active"), 3000 if paid else 2000)
    shop.till.advance(days=4)
    shop.till.deliver()
    assert (shop.plan, shop.available) == (("store-100", "active"), 3000)


def test_a_trial_is_the_plan_and_turns_into_a_paid_one(shop):
    shop.buy("pro")
    assert (shop.plan, shop.available) == (("pro", "trialing"), 3000)
    assert shop.payments() == []
    shop.till.advance(days=14, hours=1)
    shop.till.deliver()
    assert shop.plan == ("pro", "active")
    assert [p.amount.amount for p in shop.payments()] == [2500]


def test_a_trial_is_given_once(shop):
    shop.buy("pro")
    end_at_once(shop.tenant.organization_id, uuid4())
    shop.till.deliver()
    assert shop.plan == ("free", "free")
    shop.buy("pro")
    assert shop.plan == ("pro", "active")


def test_a_renewal_that_fails_has_a_grace_and_recovers(shop):
    shop.buy("team", card="fails_later")
    shop.till.advance(days=32)
    shop.till.deliver()
    assert shop.plan == ("team", "past_due")
    assert shop.available == 0
    shop.till.save_card(shop.standing.customer, "ok")
    shop.till.deliver()
    assert (shop.plan, shop.available) == (("team", "active"), 10_000)


def test_a_grace_ends_by_time_alone(shop):
    shop.buy("team", card="fails_later")
    shop.till.advance(days=32)
    shop.till.deliver()
    since = shop.standing.subscription.past_due_since
    left = since + timedelta(days=7) - now()
    shop.till.advance(seconds=left.total_seconds() - 60)
    assert shop.plan[0] == "team"
    shop.till.advance(seconds=120)
    assert shop.plan == ("free", "free")


def test_a_plan_that_is_never_paid_ends_in_the_free_one(shop):
    shop.buy("pack-1000", None)
    shop.buy("team", card="fails_later")
    shop.till.advance(days=60)
    shop.till.deliver(storm(4))
    assert shop.plan == ("free", "free")
    assert shop.available == 1500


def test_incomplete_grants_nothing(shop):
    shop.buy("team", card="bank")
    assert (shop.plan, shop.available) == (("free", "free"), 500)
    shop.till.advance(days=4)
    shop.till.deliver()
    assert (shop.plan, shop.available) == (("team", "active"), 10_000)


def test_a_first_payment_that_fails_leaves_nothing_behind(shop):
    shop.buy("team", card="bank_fails")
    shop.till.advance(days=4)
    shop.till.deliver()
    assert (shop.plan, shop.available) == (("free", "free"), 500)
    shop.buy("team")
    assert (shop.plan, shop.available) == (("team", "active"), 10_000)


def test_there_is_one_plan_at_a_time(shop):
    first = shop.order("team")
    second = shop.order("store-100")
    with pytest.raises((Refused, Missing)):
        shop.till.pay(first.ref)  # its page was closed by the second one's
    shop.till.pay(second.ref)
    shop.till.deliver()
    assert shop.plan == ("store-100", "active")
    with pytest.raises(Conflict):
        shop.order("team")


def test_cancelled_is_kept_to_the_end_of_what_is_paid(shop):
    shop.buy("team")
    commands.cancel(shop.actor, uuid4())
    shop.till.deliver()
    end = shop.standing.subscription.cancel_at
    assert shop.plan == ("team", "active")
    shop.till.advance(seconds=(end - now()).total_seconds() - 60)
    assert (shop.plan, shop.available) == (("team", "active"), 10_000)
    shop.till.advance(seconds=120)
    assert shop.plan == ("free", "free")
    shop.till.deliver()
    assert (shop.plan, shop.available) == (("free", "free"), 500)


def test_a_cancellation_can_be_taken_back(shop):
    shop.buy("team")
    commands.cancel(shop.actor, uuid4())
    commands.resume(shop.actor, uuid4())
    shop.till.advance(days=32)
    shop.till.deliver()
    assert (shop.plan, shop.available) == (("team", "active"), 10_000)


def test_paused_grants_nothing_and_goes_on(shop):
    shop.buy("team")
    shop.till.pause(shop.subscription)
    shop.till.deliver()
    assert shop.plan == ("free", "free")
    shop.till.unpause(shop.subscription)
    shop.till.deliver()
    assert shop.plan == ("team", "active")


# Changes.


def test_an_upgrade_brings_what_the_preview_said(shop):
    shop.buy("store-100")
    shop.spend(1000)
    shop.till.advance(days=10)
    found = shop.preview("store-500")
    before = shop.micro
    assert found.asked.when == "now"
    assert 0 < found.credits < 9000 * CREDIT
    assert found.credits % CREDIT == 0
    assert shop.confirm(found) is None
    assert shop.micro - before == found.credits
    assert shop.payments()[-1].amount == found.due_now
    assert shop.plan == ("store-500", "active")
    shop.till.deliver(storm(5))
    assert shop.micro - before == found.credits
    left = shop.available
    shop.till.advance(seconds=(found.next_at - now()).total_seconds() + 60)
    assert shop.available == left
    shop.till.advance(hours=1)
    shop.till.deliver()
    assert shop.available == 12_000
    assert shop.payments()[-1].amount == found.next_total


def test_an_upgrade_leaves_packs_alone(shop):
    shop.buy("pack-1000", None)
    shop.buy("store-100")
    shop.confirm(shop.preview("store-1000"))
    shop.till.deliver()
    shop.till.advance(days=32)
    shop.till.deliver()
    assert shop.available == 22_000 + 1000


def test_seats_are_paid_for_the_rest_of_the_month(shop):
    shop.buy("team", quantity=2)
    shop.till.advance(days=15)
    found = shop.preview("team", quantity=5)
    before = shop.micro
    assert found.due_now.amount < 3 * 4900
    shop.confirm(found)
    assert shop.standing.entitlement.seats == 5
    assert shop.micro - before == found.credits


def test_an_upgrade_that_is_not_paid_changes_nothing(shop):
    shop.buy("store-100", card="fails_later")
    before = shop.seen()
    with pytest.raises(Declined):
        shop.confirm(shop.preview("store-500"))
    shop.till.deliver()
    assert shop.seen() == before
    shop.till.save_card(shop.standing.customer, "ok")
    shop.confirm(shop.preview("store-500"))
    shop.till.deliver()
    assert shop.plan == ("store-500", "active")


@pytest.mark.parametrize("yes", [True, False])
def test_an_upgrade_waits_for_the_bank(shop, yes):
    shop.buy("store-100", card="confirm")
    found, before = shop.preview("store-500"), shop.seen()
    where = shop.confirm(found)
    assert where is not None
    shop.till.deliver()
    assert shop.seen() == before
    shop.till.confirm(shop.payments()[-1].ref, yes=yes)
    shop.till.deliver()
    if yes:
        assert shop.plan == ("store-500", "active")
        assert shop.micro - before["available"] == found.credits
    else:
        assert shop.seen() == before


def test_a_downgrade_waits_for_the_end_of_the_period(shop):
    shop.buy("store-500")
    found = shop.preview("store-100")
    assert (found.asked.when, found.due_now.amount, found.credits) == ("period_end", 0, 0)
    shop.confirm(found)
    shop.till.deliver()
    assert (shop.plan, shop.available) == (("store-500", "active"), 12_000)
    shop.till.advance(days=32)
    shop.till.deliver()
    assert (shop.plan, shop.available) == (("store-100", "active"), 3000)
    assert shop.payments()[-1].amount == found.next_total


def test_a_scheduled_downgrade_can_be_taken_back(shop):
    shop.buy("store-500")
    shop.confirm(shop.preview("store-100"))
    commands.resume(shop.actor, uuid4())
    shop.till.advance(days=32)
    shop.till.deliver()
    assert (shop.plan, shop.available) == (("store-500", "active"), 12_000)


def test_from_months_to_years_a_new_period_begins(shop):
    shop.buy("store-100")
    shop.spend(2500)
    shop.till.advance(days=10)
    found = shop.preview("store-100", "year")
    assert found.restarts
    shop.confirm(found)
    shop.till.deliver()
    assert shop.available == 3000
    assert shop.payments()[-1].amount == found.due_now
    assert found.next_at - now() > timedelta(days=364)


def test_a_change_twice_is_one_change(shop):
    shop.buy("store-100")
    found, act = shop.preview("store-500"), uuid4()
    asked = found.asked
    commands.change(shop.actor, act, asked.price.key, 1, asked.at, asked.seen)
    with pytest.raises(Invalid):
        commands.change(shop.actor, act, asked.price.key, 1, asked.at, asked.seen)
    assert len(shop.payments()) == 2


# Money that goes back.


def test_three_refunds_take_what_one_would_have_taken(shop):
    shop.buy("pack-1000", None)
    (payment,) = shop.payments()
    for amount, left in ((400, 1166), (400, 833), (400, 500)):
        shop.till.refund(payment.ref, amount)
        shop.till.deliver(storm(amount))
        assert shop.available == left
    assert shop.debt == 0


def test_what_was_spent_of_a_refunded_pack_is_owed(shop):
    shop.buy("pack-1000", None)
    shop.spend(1200)
    shop.till.refund(shop.payments()[0].ref)
    shop.till.deliver()
    assert (shop.available, shop.debt) == (0, 700 * CREDIT)


def test_a_refund_that_fails_gives_the_credits_back(shop):
    shop.buy("pack-1000", None)
    shop.spend(700)
    before = shop.available
    refund = shop.till.refund(shop.payments()[0].ref, fails=True)
    shop.till.deliver()
    assert shop.available < before
    shop.till.fail_refund(refund)
    shop.till.deliver(storm(7))
    assert (shop.available, shop.debt) == (before, 0)


def test_a_plan_that_is_given_back_whole_is_not_paid_any_more(shop):
    shop.buy("team")
    shop.till.refund(shop.payments()[0].ref)
    shop.till.deliver()
    shop.till.advance(days=1)
    assert shop.available <= 500
    assert shop.debt == 0


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_dispute_freezes_and_then_gives_back_or_takes(shop, outcome):
    shop.buy("pack-1000", None)
    dispute = shop.till.dispute(shop.payments()[0].ref)
    shop.till.deliver()
    assert shop.available == 500
    shop.till.close_dispute(dispute, outcome)
    shop.till.deliver(storm(8))
    assert (shop.available, shop.debt) == (1500 if outcome == "won" else 500, 0)


def test_an_inquiry_changes_nothing(shop):
    shop.buy("pack-1000", None)
    dispute = shop.till.dispute(shop.payments()[0].ref, inquiry=True)
    shop.till.deliver()
    assert shop.available == 1500
    shop.till.close_dispute(dispute, "open")
    shop.till.deliver()
    assert shop.available == 500


def test_lost_then_reinstated_then_refunded_comes_to_the_refund(shop):
    shop.buy("pack-1000", None)
    (payment,) = shop.payments()
    dispute = shop.till.dispute(payment.ref)
    shop.till.close_dispute(dispute, "lost")
    shop.till.deliver()
    assert shop.available == 500
    shop.till.close_dispute(dispute, "won")
    shop.till.deliver()
    assert shop.available == 1500
    shop.till.refund(payment.ref, payment.amount.amount // 2)
    shop.till.deliver()
    assert (shop.available, shop.debt) == (1000, 0)


# Messages.


def test_messages_that_are_not_the_providers_are_refused(shop):
    for why, message in shop.till.bad_messages().items():
        with pytest.raises(NoticeForged):
            inbox.receive(shop.till.name, message.headers, message.body)
        assert why


def test_a_rotated_secret_is_still_good(shop):
    order = shop.order("pack-1000", None)
    shop.till.pay(order.ref)
    for message in shop.till.messages():
        old = shop.till.rotated(message)
        assert inbox.receive(shop.till.name, old.headers, old.body)
    while inbox.work():
        pass
    assert shop.available == 1500


def test_messages_of_another_mode_version_or_account_are_parked(shop, admin):
    order = shop.order("pack-1000", None)
    shop.till.pay(order.ref)
    odd = shop.till.odd_messages(order.ref)
    for message in odd.values():
        assert inbox.receive(shop.till.name, message.headers, message.body)
    while inbox.work():
        pass
    assert shop.available == 500
    states = admin.execute("select state, error from billing_message").fetchall()
    assert [state for state, _ in states] == ["parked"] * len(odd)
    assert all(error for _, error in states)


def test_somebody_elses_object_is_nobodys_here(open_shop):
    mine, other = open_shop(), open_shop()
    with pytest.raises(Missing):
        mine.till.provider.fetch(Kind.CHECKOUT, "co_not_ours")
    order = other.order("pack-1000", None)
    with pytest.raises(NotFound):
        commands.fulfil(mine.actor, order.id)
    other.till.pay(order.ref)
    other.till.deliver()
    assert (mine.available, other.available) == (500, 1500)


def test_reconcile_finds_what_messages_missed(shop):
    order = shop.order("team")
    shop.till.pay(order.ref)
    shop.till.deliver(storm(9, drop=1.0))
    assert shop.plan == ("free", "free")
    assert inbox.reconcile()["missed"] > 0
    assert (shop.plan, shop.available) == (("team", "active"), 10_000)
    shop.till.advance(days=32)
    shop.till.deliver(storm(10, drop=1.0))
    inbox.reconcile()
    assert shop.available == 10_000


# Money's details.


def test_tax_is_told_and_no_credit_is_bought_with_it(open_shop):
    shop = open_shop(20)
    shop.buy("pack-1000", None)
    (invoice,) = shop.invoices()
    assert (invoice.total.amount, invoice.tax.amount) == (1440, 240)
    assert shop.available == 1500
    shop.till.refund(shop.payments()[0].ref, 720)
    shop.till.deliver()
    assert shop.available == 1000


def test_a_currency_without_minor_units(open_shop, monkeypatch):
    monkeypatch.setattr(settings(), "currency", "jpy")
    plans.offers.cache_clear()
    monkeypatch.setattr(plans.offers, "cache_clear", plans.offers.cache_clear)
    shop = open_shop()
    publish()
    try:
        shop.buy("store-100")
        assert (shop.payments()[0].amount.amount, shop.payments()[0].amount.currency) == (5900, "jpy")
        shop.till.advance(days=15)
        found = shop.preview("store-500")
        shop.confirm(found)
        assert shop.payments()[-1].amount == found.due_now
        assert 0 < found.due_now.amount < 17_900 - 5900
    finally:
        plans.offers.cache_clear()


def publish() -> None:
    """As the worker does when it starts."""
    from psycopg.types.json import Jsonb

    from packshot.db.addresses import parameters

    found, prices = plans.published()
    url = settings().database_url
    assert url is not None
    with psycopg.connect(**parameters(url, login="packshot_worker"), autocommit=True) as worker:
        worker.execute("select billing_publish_v1(%s, %s)", [Jsonb(found), Jsonb(prices)])


@pytest.mark.parametrize("seed", range(3))
def test_the_whole_history_into_an_empty_ledger_comes_to_the_same(shop, admin, seed):
    """Everything that was kept and booked is wiped; the messages again, in another order, bring it back."""
    kept: list[Message] = []

    def keep(found: list[Message]) -> list[Message]:
        kept.extend(found)
        return found

    for order in (shop.order("store-100"), shop.order("pack-1000", None), shop.order("pack-5000", None)):
        shop.till.pay(order.ref)
    shop.till.deliver(keep)
    shop.confirm(shop.preview("store-500"))
    first, second = [p.ref for p in shop.payments() if p.order is not None]
    shop.till.refund(first, 300)
    shop.till.refund(first, 300)
    dispute = shop.till.dispute(second)
    shop.till.deliver(keep)
    shop.till.close_dispute(dispute, "lost")
    shop.till.deliver(keep)
    before = shop.seen()
    wipe(admin, shop)
    assert shop.available == 500
    for message in storm(seed)(kept):
        inbox.receive(shop.till.name, message.headers, message.body)
    while inbox.work():
        pass
    assert shop.seen() == before


def wipe(admin: psycopg.Connection, shop: Shop) -> None:
    """Forget everything but the orders."""
    organization = shop.tenant.organization_id
    tables = (
        "billing_record",
        "billing_fact",
        "credits_entry",
        "credits_command",
        "credits_lot",
        "credits_wallet",
    )
    with admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute("delete from billing_message")
        for table in tables:
            admin.execute(f"delete from {table} where organization_id = %s", [organization])
    admin.execute("select credits_open_wallet_v1(%s)", [organization])


# Without the person.


@pytest.mark.parametrize("card", ["ok", "fails_later", "confirm"])
def test_a_saved_card_is_charged_once_for_its_key(shop, card):
    shop.buy("pack-1000", None, card=card)
    order = uuid4()
    found = [commands.charge(shop.tenant.organization_id, order, price("pack-5000", None)) for _ in range(2)]
    shop.till.deliver(storm(11))
    paid = card == "ok"
    expected = {"ok": "paid", "fails_later": "failed", "confirm": "open"}[card]
    assert [each.status for each in found] == [expected] * 2
    assert shop.available == (6500 if paid else 1500)
    assert len([p for p in shop.payments() if p.order == order]) == 1


def test_nobody_is_charged_without_a_card(shop):
    with pytest.raises(Declined):
        commands.charge(shop.tenant.organization_id, uuid4(), price("pack-1000", None))
    shop.till.deliver()
    assert (shop.available, shop.payments()) == (500, [])
