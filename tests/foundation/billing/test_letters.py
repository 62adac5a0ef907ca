"""Who pays is told by mail of what becomes of it: each happening once, whoever hears of it first."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from packshot import wiring
from packshot.db.sql import call
from packshot.foundation.accounts import commands as accounts
from packshot.foundation.billing import commands, inbox, posting, projecting, queries
from packshot.foundation.letters import commands as letters
from packshot.ports.payments import Ability
from tests.conformance.shops import price
from tests.foundation.at_once import at_once
from tests.foundation.billing.conftest import join


@pytest.fixture
def told(admin, tenant):
    """Kind and body of each letter of the tenant, oldest first."""

    def read(kind: str = "") -> list[tuple[str, dict]]:
        return admin.execute(
            "select kind, body from letters_letter where organization_id = %s and starts_with(kind, %s)"
            " order by created_at, id",
            [tenant.organization_id, kind],
        ).fetchall()

    return read


@pytest.fixture
def kinds(told):
    return lambda: [kind for kind, _body in told()]


@pytest.fixture(autouse=True)
def worker(sold, admin):
    """What is looked for by workers alone; here they are this process."""
    admin.execute("grant execute on function billing_trials_v1() to packshot_web")


@pytest.fixture
def later(hear):
    """Time goes on, and is heard of."""

    def go(**by: float) -> None:
        commands.advance_clock(timedelta(**by))
        hear()
        projecting.remind()

    return go


@pytest.fixture
def bought(sold, tenant, hear):
    """Order, pay, and hear of it."""

    def buy(item: str, interval: str | None = "month", quantity: int = 1, card: str = "ok", coupon: str = ""):
        order = commands.buy(tenant.actor, uuid4(), price(item, interval), quantity, "/billing")
        sold.pay(str(order.ref), card, coupon)
        hear()
        return order

    return buy


def payment_of(sold, tenant) -> str:
    return sold.account(queries.standing(tenant.actor).customer).payments[-1].ref


def test_each_period_has_its_receipt(bought, told, kinds, later):
    bought("team", quantity=3)
    [(kind, body)] = told()
    assert kind == "billing.receipt"
    assert body["total"] == {"amount": 14700, "currency": "usd"}
    assert body["lines"][0]["what"] == {"item": "team", "name": "Team", "quantity": 3}
    later(days=31)
    later(hours=1)
    assert kinds() == ["billing.receipt"] * 2


def test_a_pack_has_its_receipt_also_where_a_coupon_paid_it(bought, told):
    bought("pack-1000", None)
    [(kind, body)] = told()
    assert (kind, body["total"]["amount"], body["item"]["name"]) == ("billing.pack", 1200, "1,000 credits")
    assert body["number"].startswith("MOCK-")
    bought("pack-5000", None, coupon="FREE100")
    assert [body["total"]["amount"] for _kind, body in told()] == [1200, 0]


def test_a_top_up_says_that_it_bought_by_itself(bought, tenant, told, kinds, hear):
    bought("pack-1000", None)
    assert wiring.payments().abilities >= {Ability.CHARGE}
    commands.charge(tenant.organization_id, uuid4(), price("pack-1000", None))
    hear()
    assert kinds() == ["billing.pack", "billing.topup"]


def test_a_payment_that_does_not_work_is_told_once_with_the_end_of_the_grace(
    bought, told, kinds, later, tenant
):
    bought("store-100", card="fails_later")
    later(days=31)
    later(hours=2)
    later(days=1)
    [(_kind, body)] = told("billing.owed")
    assert body["due"]["amount"] == 3900
    assert "/mock-payments/invoices/in_" in body["url"]
    until = queries.standing(tenant.actor).entitlement.until
    assert body["until"] == until.isoformat()
    later(days=60)
    assert kinds().count("billing.owed") == 1
    assert kinds()[-1] == "billing.ended"


def test_a_bank_that_does_not_pay_is_told_of(bought, kinds, told, later):
    bought("pack-1000", None, card="bank_fails")
    assert kinds() == []
    later(days=6)
    later(days=1)
    [(kind, body)] = told()
    assert (kind, body["item"]["item"]) == ("billing.failed", "pack-1000")


def test_a_trial_is_told_of_three_days_before_its_end_and_at_its_end(bought, kinds, told, later):
    bought("pro")
    assert kinds() == []
    later(days=10, hours=23)
    assert kinds() == []
    later(hours=2)
    later(hours=2)
    [(kind, body)] = told()
    assert (kind, body["price"]) == ("billing.trial_soon", {"amount": 2500, "currency": "usd"})
    later(days=3)
    assert sorted(kinds()) == ["billing.receipt", "billing.trial_ended", "billing.trial_soon"]
    assert told("billing.trial_ended")[0][1]["goes_on"]


def test_only_time_is_needed_for_a_trial_to_be_told_of(bought, kinds):
    """No provider says a word."""
    bought("pro")
    call("billing_advance_clock_v1", timedelta(days=11, hours=1))
    assert projecting.remind() == 1
    assert projecting.remind() == 0
    assert kinds() == ["billing.trial_soon"]


def test_a_trial_that_was_cancelled_ends_without_a_reminder(bought, kinds, told, later, tenant, hear):
    bought("pro")
    commands.cancel(tenant.actor, uuid4())
    hear()
    later(days=12)
    later(days=3)
    assert kinds() == ["billing.cancelled", "billing.trial_ended"]
    assert not told("billing.trial_ended")[0][1]["goes_on"]


def test_cancelling_and_taking_it_back_are_told_each_time(bought, kinds, told, later, tenant, hear):
    bought("store-100")
    for _ in range(2):
        commands.cancel(tenant.actor, uuid4())
        hear()
        commands.resume(tenant.actor, uuid4())
        hear()
    commands.cancel(tenant.actor, uuid4())
    hear()
    turns = ["billing.cancelled", "billing.resumed"]
    assert kinds() == ["billing.receipt", *turns, *turns, "billing.cancelled"]
    end = queries.standing(tenant.actor).subscription.cancel_at
    assert told("billing.cancelled")[-1][1]["at"] == end.isoformat()
    later(days=32)
    assert kinds()[-1] == "billing.ended"
    later(days=1)
    assert kinds().count("billing.ended") == 1


def test_an_upgrade_is_told_with_its_sums_and_a_downgrade_with_its_day(
    bought, kinds, told, tenant, hear, later
):
    bought("store-100")
    later(days=10)
    found = commands.preview(tenant.actor, price("store-500"), 1)
    commands.change(tenant.actor, uuid4(), price("store-500"), 1, found.asked.at, found.asked.seen)
    hear()
    [(_kind, body)] = told("billing.changed")
    assert body["plan"]["item"] == "store-500"
    assert body["total"]["amount"] == found.due_now.amount
    assert [line["proration"] for line in body["lines"]] == [True, True]
    found = commands.preview(tenant.actor, price("store-100"), 1)
    commands.change(tenant.actor, uuid4(), price("store-100"), 1, found.asked.at, found.asked.seen)
    hear()
    [(_kind, body)] = told("billing.scheduled")
    assert (body["before"]["item"], body["plan"]["item"]) == ("store-500", "store-100")
    later(days=22)
    assert kinds() == ["billing.receipt", "billing.changed", "billing.scheduled", "billing.receipt"]


def test_money_that_goes_back_says_what_it_took_and_what_it_gave_again(bought, told, sold, tenant, hear):
    bought("pack-1000", None)
    payment = payment_of(sold, tenant)
    sold.refund(payment, 600)
    refund = sold.refund(payment, 600).ref
    hear()
    sold.fail_refund(refund)
    hear()
    found = [(body["returned"], body["taken"], body["restored"]) for _kind, body in told("credits.refunded")]
    assert found[-1] == (600, 0, 500_000_000)
    assert sum(taken for _returned, taken, _restored in found) == 1_000_000_000


def test_a_dispute_is_told_when_it_opens_and_when_it_is_decided(bought, kinds, sold, tenant, hear, told):
    bought("pack-1000", None)
    dispute = sold.dispute(payment_of(sold, tenant)).ref
    hear()
    hear()
    sold.close_dispute(dispute, "lost")
    hear()
    assert sorted(kinds()) == [
        "billing.pack",
        "credits.dispute_closed",
        "credits.disputed",
        "credits.refunded",
    ]
    assert told("credits.dispute_closed")[0][1]["outcome"] == "lost"


def test_owners_and_admins_are_told_and_members_are_not(sold, bought, tenant, new_tenant, admin):
    colleague, member, stranger = new_tenant(), new_tenant(), new_tenant()
    join(admin, colleague, tenant.organization_id, "admin")
    join(admin, member, tenant.organization_id, "member")
    bought("store-100")
    found = admin.execute("select user_id from letters_letter").fetchall()
    assert {row[0] for row in found} == {tenant.user_id, colleague.user_id}
    assert stranger.user_id not in {row[0] for row in found}
    newcomer = new_tenant()
    join(admin, newcomer, tenant.organization_id, "admin")
    projecting.apply("mock", wiring.mock_payments().fetch(*_subscription(tenant)))
    found = admin.execute("select user_id from letters_letter").fetchall()
    assert newcomer.user_id not in {row[0] for row in found}, "what was before is no news"


def _subscription(tenant):
    from packshot.ports.payment_states import Kind

    return Kind.SUBSCRIPTION, queries.standing(tenant.actor).subscription.ref


def test_two_who_hear_at_once_post_one_letter(sold, tenant, kinds):
    order = commands.buy(tenant.actor, uuid4(), price("store-100"), 1, "/billing")
    sold.pay(str(order.ref))
    from packshot.ports.payment_states import Kind

    seen = wiring.mock_payments().fetch(Kind.CHECKOUT, str(order.ref))
    found = at_once(6, lambda _: projecting.apply("mock", seen))
    assert found == [[tenant.organization_id]] * 6
    assert kinds() == ["billing.receipt"]


def test_a_letter_comes_with_what_it_tells_or_not_at_all(sold, tenant, kinds, monkeypatch, hear):
    order = commands.buy(tenant.actor, uuid4(), price("store-100"), 1, "/billing")
    sold.pay(str(order.ref))

    def break_off(_known):
        raise RuntimeError("a crash after everything was told")

    with monkeypatch.context() as patched:
        patched.setattr(projecting, "_end_orders", break_off)
        hear()
    assert kinds() == []
    assert queries.entitlement(tenant.actor).plan == "free"
    for headers, body in wiring.mock_payments().unsent():
        inbox.receive("mock", headers, body)
    commands.fulfil(tenant.actor, order.id)
    assert kinds() == ["billing.receipt"]


@pytest.mark.parametrize(
    ("language", "subject", "line"),
    [
        ("en", "Receipt: $49.00 for A Person's studio", "Team: $49.00"),
        ("de", "Beleg: 49,00\N{NO-BREAK SPACE}$ für A Person's studio", "Team: 49,00\N{NO-BREAK SPACE}$"),
    ],
)
def test_the_receipt_reaches_its_reader_in_their_language(
    sold, as_worker, bought, tenant, outbox, language, subject, line
):
    accounts.speak(tenant.user_id, language, chosen=True)
    bought("team")
    as_worker()
    assert letters.deliver() == 1
    [message] = outbox
    assert (message.to, message.subject) == ([tenant.email], subject)
    assert line in message.body
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"


def test_nothing_is_due_of_what_is_told(sold, bought, tenant):
    bought("store-100")
    from django.db import transaction

    with transaction.atomic():
        known = projecting._known(tenant.organization_id)
    assert posting.due(known) == []
