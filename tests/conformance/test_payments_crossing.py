"""What crosses on its way: pages, previews, renewals that nobody has heard of, money that goes back and comes again."""

from __future__ import annotations

from uuid import uuid4

import pytest

from packshot.db.tenancy import acting_as
from packshot.errors import Conflict
from packshot.foundation.billing import commands
from packshot.foundation.billing.errors import ProviderAway
from packshot.foundation.billing.models import Order
from packshot.foundation.billing.plans import offers
from packshot.ports.payments import Change, Missing, PaymentsUnavailable, Refused
from tests.conformance.shops import Shop, now, price
from tests.conformance.tills import storm

# One plan.


def pages(shop: Shop) -> list[str]:
    """Of plans, in the order in which they were asked for."""
    with acting_as(shop.actor):
        found = Order.objects.filter(kind="subscription", ref__isnull=False).order_by("created_at")
        return [order.ref for order in found if order.ref is not None]


def closed(shop: Shop, page: str) -> bool:
    try:
        shop.till.pay(page)
    except (Refused, Missing):
        return True
    return False


@pytest.mark.parametrize("card", ["ok", "bank"])
def test_a_page_beside_a_plan_that_was_paid_meanwhile_is_closed(shop, card):
    first = shop.order("team")
    shop.till.pay(first.ref, card)  # and nobody has told us yet
    with pytest.raises(Conflict):
        shop.order("store-100")
    assert closed(shop, pages(shop)[1])
    shop.till.advance(days=4)
    shop.till.deliver()
    assert (shop.plan, shop.available) == (("team", "active"), 10_000)


def test_no_plan_is_sold_while_the_bank_has_not_answered_for_one(shop):
    shop.buy("team", card="bank")
    with pytest.raises(Conflict):
        shop.order("store-100")
    shop.till.advance(days=4)
    shop.till.deliver()
    assert shop.plan == ("team", "active")


def test_a_try_that_broke_off_closes_the_other_pages_the_next_time(shop, monkeypatch):
    first, second = shop.order("team"), uuid4()

    def away(_: str) -> None:
        raise PaymentsUnavailable("it was not reached")

    with monkeypatch.context() as patch:
        patch.setattr(shop.till.provider, "expire", away)
        with pytest.raises(ProviderAway):
            commands.buy(shop.actor, second, price("store-100"), 1, "/billing")
    found = commands.buy(shop.actor, second, price("store-100"), 1, "/billing")
    assert found.url is not None
    assert closed(shop, first.ref)
    shop.till.pay(found.ref)
    shop.till.deliver()
    assert shop.plan == ("store-100", "active")


# Previews.


def test_of_two_previews_one_is_confirmed(shop):
    shop.buy("store-100")
    first, second = shop.preview("store-500"), shop.preview("store-1000")
    shop.confirm(second)
    before = shop.seen()
    with pytest.raises(Conflict, match="look at the change once more"):
        shop.confirm(first)
    shop.till.deliver()
    assert shop.seen() == before
    assert len(shop.payments()) == 2


def test_a_provider_refuses_a_change_of_what_is_another_by_now(shop):
    """Also where the other change comes between our look and its."""
    shop.buy("store-100")
    asked = shop.preview("store-500").asked
    offer = offers()[asked.price.key]
    stale = asked.seen.replace("/1/", "/2/")
    with pytest.raises(Refused) as refused:
        shop.till.provider.change(Change(uuid4(), asked.subscription, offer.price, 1, "now", asked.at, stale))
    assert refused.value.code == "changed"
    shop.till.deliver()
    assert shop.plan == ("store-100", "active")


def test_a_preview_knows_of_a_renewal_that_nobody_told_us(shop):
    shop.buy("store-100")
    shop.spend(1000)
    left = shop.standing.subscription.period_end - now()
    shop.till.advance(seconds=left.total_seconds() + 3 * 86_400)
    found, before = shop.preview("store-500"), shop.micro
    assert before == 3000 * 1_000_000
    shop.confirm(found)
    assert shop.micro - before == found.credits
    assert shop.payments()[-1].amount == found.due_now


def test_a_preview_from_before_a_renewal_is_not_confirmed(shop):
    shop.buy("store-100")
    left = shop.standing.subscription.period_end - now()
    shop.till.advance(seconds=left.total_seconds() - 600)
    found = shop.preview("store-500")
    shop.till.advance(seconds=1200)
    with pytest.raises(Conflict):
        shop.confirm(found)
    assert shop.plan == ("store-100", "active")


# Money that goes back.


def test_a_refund_leaves_the_months_of_other_payments_alone(shop):
    shop.buy("store-100")
    shop.till.advance(days=10)
    shop.confirm(shop.preview("store-100", "year"))
    shop.till.deliver()
    assert shop.available == 3000
    shop.till.refund(shop.payments()[0].ref)
    shop.till.deliver(storm(1))
    assert (shop.plan, shop.available, shop.debt) == (("store-100", "active"), 3000, 0)


@pytest.mark.parametrize("spent", [0, 4000])
def test_a_plan_that_was_given_back_whole_and_is_paid_again_has_its_month_again(shop, spent):
    shop.buy("team")
    shop.spend(spent) if spent else None
    before = shop.available
    refund = shop.till.refund(shop.payments()[0].ref, fails=True)
    shop.till.deliver()
    assert shop.available <= 500
    shop.till.fail_refund(refund)
    shop.till.deliver(storm(2))
    assert (shop.plan, shop.available, shop.debt) == (("team", "active"), before, 0)
    shop.till.refund(shop.payments()[0].ref)
    shop.till.deliver()
    assert shop.available <= 500


def test_a_lost_dispute_that_is_reinstated_brings_the_month_back(shop):
    shop.buy("team")
    shop.spend(4000)
    dispute = shop.till.dispute(shop.payments()[0].ref)
    shop.till.deliver()
    shop.till.close_dispute(dispute, "lost")
    shop.till.deliver()
    assert shop.available <= 500
    shop.till.close_dispute(dispute, "won")
    shop.till.deliver()
    assert (shop.plan, shop.available, shop.debt) == (("team", "active"), 6000, 0)


def test_a_new_period_that_is_given_back_gives_way_to_what_was_left_of_the_old_one(shop):
    shop.buy("store-100")
    shop.spend(500)
    shop.till.advance(days=10)
    shop.confirm(shop.preview("store-100", "year"))
    shop.till.deliver()
    shop.till.refund(shop.payments()[-1].ref)
    shop.till.deliver()
    assert (shop.available, shop.debt) == (2500, 0)


# Ends.


def test_a_cancelled_plan_whose_period_restarts_ends_with_the_new_one(shop):
    shop.buy("store-100")
    commands.cancel(shop.actor, uuid4())
    shop.confirm(shop.preview("store-100", "year"))
    shop.till.deliver()
    found = shop.standing.subscription
    assert found.cancel_at in (None, found.period_end)
