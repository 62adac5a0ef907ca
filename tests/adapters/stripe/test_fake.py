"""The fake itself, through the real SDK: if it were not like Stripe, what it proves of the adapter would be nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe

from tests.adapters.stripe.conftest import Shop

DAY = 86400


# Checkout ------------------------------------------------------------------------------------------------------------


def test_the_page_makes_the_subscription_only_when_it_is_paid(shop: Shop) -> None:
    session = shop.session(shop.customer(), "pro")
    assert not shop.fake.events("customer.subscription.created")
    shop.fake.pay(session.id)
    done = shop.api.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice.payments"]})
    assert (done.status, done.payment_status, done.subscription.status) == ("complete", "paid", "active")
    assert (done.invoice.total, done.invoice.billing_reason) == (2500, "subscription_create")
    assert done.invoice.payments.data[0].status == "paid"


def test_a_declined_card_leaves_the_page_open(shop: Shop) -> None:
    session = shop.session(shop.customer(), "pro")
    page = httpx.post(session.url, data={"number": "4000000000000002"}, trust_env=False)
    assert page.status_code == 402
    assert "declined" in page.text
    assert shop.api.checkout.sessions.retrieve(session.id).status == "open"
    assert httpx.post(session.url, data={}, trust_env=False).status_code == 402
    paid = httpx.post(session.url, data={"number": "4242 4242 4242 4242"}, trust_env=False)
    assert paid.headers["location"] == f"https://studio.example/done?session={session.id}"
    assert httpx.get(session.url, trust_env=False).status_code == 410


def test_the_bank_asks_and_the_page_goes_on(shop: Shop) -> None:
    session = shop.session(shop.customer(), "pack")
    bank = httpx.post(session.url, data={"number": "4000002500003155"}, trust_env=False).headers["location"]
    bank = shop.fake.url + bank
    assert "Complete" in httpx.get(bank, trust_env=False).text
    back = httpx.post(bank, data={"answer": "no"}, trust_env=False).headers["location"]
    assert back == f"/checkout/{session.id}"
    httpx.post(session.url, data={"number": "4000002500003155"}, trust_env=False)
    done = httpx.post(bank, data={"answer": "yes"}, trust_env=False).headers["location"]
    assert done.endswith(session.id)
    assert shop.api.checkout.sessions.retrieve(session.id).payment_status == "paid"


@pytest.mark.parametrize(
    ("number", "event", "status"),
    [
        ("DE89370400440532013000", "checkout.session.async_payment_succeeded", "paid"),
        ("DE62370400440532013001", "checkout.session.async_payment_failed", "unpaid"),
    ],
)
def test_money_that_comes_days_later(shop: Shop, number: str, event: str, status: str) -> None:
    session = shop.session(shop.customer(), "pack")
    shop.fake.pay(session.id, number)
    done = shop.api.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status) == ("complete", "unpaid")
    shop.fake.clear(done.payment_intent)
    assert shop.api.checkout.sessions.retrieve(session.id).payment_status == status
    assert shop.fake.events(event)


def test_tax_is_known_when_the_country_is(shop: Shop) -> None:
    session = shop.session(
        shop.customer(), "pack", automatic_tax={"enabled": True}, customer_update={"address": "auto"}
    )
    assert (session.automatic_tax.status, session.amount_total) == ("requires_location_inputs", 999)
    shop.fake.pay(session.id, country="DE")
    done = shop.api.checkout.sessions.retrieve(session.id, {"expand": ["line_items", "invoice"]})
    assert (done.amount_subtotal, done.total_details.amount_tax, done.amount_total) == (999, 190, 1189)
    assert done.line_items.data[0].amount_tax == 190
    assert (done.invoice.total, done.invoice.total_taxes[0].amount) == (1189, 190)


def test_tax_without_a_way_to_the_address_is_refused(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="customer_update"):
        shop.session(shop.customer(), "pack", automatic_tax={"enabled": True})


def test_a_coupon_of_everything_costs_nothing_the_first_time(shop: Shop) -> None:
    coupon = shop.api.coupons.create({"percent_off": 100, "duration": "once"})
    session = shop.session(shop.customer(), "pro", discounts=[{"coupon": coupon.id}])
    shop.fake.pay(session.id)
    done = shop.api.checkout.sessions.retrieve(session.id, {"expand": ["invoice"]})
    assert (done.payment_status, done.amount_total, done.payment_intent) == ("no_payment_required", 0, None)
    assert (done.invoice.status, done.invoice.total) == ("paid", 0)
    shop.fake.advance(32 * DAY)
    assert shop.api.invoices.list({"subscription": done.subscription}).data[0].total == 2500


def test_yen_have_no_cents(shop: Shop) -> None:
    session = shop.session(shop.customer(), "pack-jpy", quantity=3)
    assert session.amount_total == 5997
    assert "5997 JPY" in httpx.get(session.url, trust_env=False).text


def test_a_page_expires(shop: Shop) -> None:
    session = shop.session(shop.customer(), "pro", expires_at=shop.fake.world.now() + 1900)
    shop.fake.advance(2000)
    assert shop.api.checkout.sessions.retrieve(session.id).status == "expired"
    assert [e["type"] for e in shop.fake.events()][-1] == "checkout.session.expired"


# Subscriptions -------------------------------------------------------------------------------------------------------


def test_a_renewal_is_a_draft_for_an_hour_and_then_paid(shop: Shop) -> None:
    sub = shop.subscribed()
    end = sub["items"].data[0].current_period_end
    shop.fake.advance(end - shop.fake.world.now() + 1)
    invoice = shop.api.invoices.retrieve(shop.api.subscriptions.retrieve(sub.id).latest_invoice)
    assert (invoice.status, invoice.billing_reason) == ("draft", "subscription_cycle")
    shop.fake.advance(3700)
    assert shop.api.invoices.retrieve(invoice.id).status == "paid"
    assert shop.api.subscriptions.retrieve(sub.id)["items"].data[0].current_period_start == end


def test_a_renewal_that_fails_is_tried_again_and_then_given_up(shop: Shop) -> None:
    sub = shop.subscribed()
    shop.fake.use_card(sub.customer, "4000000000000341")
    shop.fake.advance(32 * DAY)
    assert shop.api.subscriptions.retrieve(sub.id).status == "past_due"
    shop.fake.advance(20 * DAY)
    assert shop.api.subscriptions.retrieve(sub.id).status == "canceled"
    assert len(shop.fake.events("invoice.payment_failed")) == 4


def test_a_better_card_brings_it_back(shop: Shop) -> None:
    sub = shop.subscribed()
    shop.fake.use_card(sub.customer, "4000000000000341")
    shop.fake.advance(32 * DAY)
    shop.fake.use_card(sub.customer, "4242424242424242")
    shop.fake.advance(4 * DAY)
    assert shop.api.subscriptions.retrieve(sub.id).status == "active"


def test_a_trial_begins_free_and_ends_paid(shop: Shop) -> None:
    session = shop.session(shop.customer(), "pro", subscription_data={"trial_period_days": 7})
    assert session.amount_total == 0
    shop.fake.pay(session.id)
    sub = shop.api.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]}).subscription
    assert sub.status == "trialing"
    shop.fake.advance(5 * DAY)
    assert len(shop.fake.events("customer.subscription.trial_will_end")) == 1
    shop.fake.advance(3 * DAY)
    sub = shop.api.subscriptions.retrieve(sub.id, {"expand": ["latest_invoice"]})
    assert (sub.status, sub.latest_invoice.status, sub.latest_invoice.total) == ("active", "paid", 2500)
    assert sub.billing_cycle_anchor == sub.trial_end


def test_the_31st_comes_back_after_february(shop: Shop) -> None:
    clock = shop.api.test_helpers.test_clocks.create({"frozen_time": 1769860800})  # 2026-01-31 12:00
    session = shop.session(shop.customer(test_clock=clock.id), "pro")
    shop.fake.pay(session.id)
    ends = []
    for days in (29, 60):
        shop.api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": 1769860800 + days * DAY})
        sub = shop.api.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]}).subscription
        ends.append(sub["items"].data[0].current_period_end)
    # 31 March and 30 April: the clock stood on 1 March and 1 April.
    assert ends == [1774958400, 1777550400]


def _upgrade(shop: Shop, sub: Any, at: int, price: str = "team", quantity: int = 1) -> dict[str, Any]:
    item = {"id": sub["items"].data[0].id, "price": shop.prices[price], "quantity": quantity}
    return {"items": [item], "proration_date": at, "proration_behavior": "always_invoice"}


def test_an_upgrade_costs_what_its_preview_said(shop: Shop) -> None:
    sub = shop.subscribed(country="DE")
    shop.fake.advance(7 * DAY + 1234)
    change = _upgrade(shop, sub, shop.fake.world.now(), quantity=3)
    preview = shop.api.invoices.create_preview({"subscription": sub.id, "subscription_details": change})
    shop.fake.advance(60)
    after = shop.api.subscriptions.update(
        sub.id, {**change, "payment_behavior": "pending_if_incomplete", "expand": ["latest_invoice"]}
    )
    assert after.latest_invoice.total == preview.total > 0
    assert [each.amount for each in after.latest_invoice.lines.data] == [
        each.amount for each in preview.lines.data
    ]
    assert after["items"].data[0].quantity == 3


def test_an_unpaid_upgrade_waits_and_then_is_forgotten(shop: Shop) -> None:
    sub = shop.subscribed()
    shop.fake.use_card(sub.customer, "4000000000000341")
    change = _upgrade(shop, sub, shop.fake.world.now()) | {"payment_behavior": "pending_if_incomplete"}
    after = shop.api.subscriptions.update(sub.id, change)
    assert after.pending_update is not None
    assert after["items"].data[0].price.lookup_key == "pro"
    shop.fake.advance(DAY)
    after = shop.api.subscriptions.retrieve(sub.id)
    assert (after.pending_update, after["items"].data[0].price.lookup_key) == (None, "pro")
    assert shop.fake.events("customer.subscription.pending_update_expired")


def test_an_upgrade_that_is_paid_later_is_applied_then(shop: Shop) -> None:
    sub = shop.subscribed()
    shop.fake.use_card(sub.customer, "4000000000000341")
    change = _upgrade(shop, sub, shop.fake.world.now()) | {"payment_behavior": "pending_if_incomplete"}
    waiting = shop.api.subscriptions.update(sub.id, {**change, "expand": ["latest_invoice"]})
    page = httpx.post(
        waiting.latest_invoice.hosted_invoice_url, data={"number": "4242424242424242"}, trust_env=False
    )
    assert page.status_code == 200
    assert shop.api.subscriptions.retrieve(sub.id)["items"].data[0].price.lookup_key == "team"
    assert shop.fake.events("customer.subscription.pending_update_applied")


def test_what_cannot_wait_is_refused_beside_a_waiting_change(shop: Shop) -> None:
    sub = shop.subscribed()
    change = _upgrade(shop, sub, shop.fake.world.now()) | {"payment_behavior": "pending_if_incomplete"}
    with pytest.raises(stripe.InvalidRequestError, match="metadata"):
        shop.api.subscriptions.update(sub.id, change | {"metadata": {"a": "b"}})


def test_another_interval_begins_a_new_period(shop: Shop) -> None:
    sub = shop.subscribed()
    shop.fake.advance(10 * DAY)
    at = shop.fake.world.now()
    after = shop.api.subscriptions.update(
        sub.id, _upgrade(shop, sub, at, "year") | {"expand": ["latest_invoice"]}
    )
    assert after["items"].data[0].current_period_start == after.billing_cycle_anchor == at
    amounts = [each.amount for each in after.latest_invoice.lines.data]
    assert amounts[1] == 25000
    assert -2500 < amounts[0] < 0


def test_a_downgrade_waits_in_a_schedule(shop: Shop) -> None:
    sub = shop.subscribed("team")
    schedule = shop.api.subscription_schedules.create({"from_subscription": sub.id})
    first = schedule.phases[0]
    shop.api.subscription_schedules.update(
        schedule.id,
        {
            "end_behavior": "release",
            "phases": [
                {
                    "items": [{"price": shop.prices["team"], "quantity": 1}],
                    "start_date": first.start_date,
                    "end_date": first.end_date,
                },
                {
                    "items": [{"price": shop.prices["pro"], "quantity": 1}],
                    "duration": {"interval": "month", "interval_count": 1},
                },
            ],
        },
    )
    with pytest.raises(stripe.InvalidRequestError, match="schedule"):
        shop.api.subscriptions.update(sub.id, {"cancel_at_period_end": True})
    shop.fake.advance(32 * DAY)
    after = shop.api.subscriptions.retrieve(sub.id, {"expand": ["latest_invoice"]})
    assert after["items"].data[0].price.lookup_key == "pro"
    assert (after.latest_invoice.total, after.latest_invoice.status) == (2500, "paid")
    shop.fake.advance(31 * DAY)
    assert shop.api.subscriptions.retrieve(sub.id).schedule is None
