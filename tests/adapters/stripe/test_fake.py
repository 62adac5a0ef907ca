"""The fake itself, through the real SDK: if it were not like Stripe, what it proves of the adapter would be nothing."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest
import stripe

from tests.adapters.stripe.conftest import Shop
from tests.fakes.stripe import VERSION, Chaos, Stripe, message, signed

DAY = 86400


# Requests ------------------------------------------------------------------------------------------------------------


def test_a_parameter_that_the_sdk_does_not_know_is_refused(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.session(shop.customer(), "pro", payment_method_types=["card"])
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "payment_method_types")


def test_so_is_one_below_another(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.session(shop.customer(), "pro", subscription_data={"trial_days": 3})
    assert refused.value.param == "subscription_data[trial_days]"


@pytest.mark.parametrize(
    ("name", "value"),
    [("mode", "subscribe"), ("expires_at", "soon"), ("automatic_tax", {"enabled": "perhaps"})],
)
def test_so_is_a_value_of_another_kind(shop: Shop, name: str, value: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.session(shop.customer(), "pro", **{name: value})


def test_another_key_or_version_is_not_let_in(fake: Stripe) -> None:
    wrong = stripe.StripeClient("sk_test_other", base_addresses={"api": fake.url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        wrong.v1.customers.list()
    old = stripe.StripeClient(
        fake.key, base_addresses={"api": fake.url}, stripe_version="2025-01-01.old", max_network_retries=0
    )
    with pytest.raises(stripe.InvalidRequestError):
        old.v1.customers.list()


# Idempotency ---------------------------------------------------------------------------------------------------------


def test_a_key_is_answered_as_the_first_time(shop: Shop) -> None:
    first = shop.api.customers.create({"name": "One"}, {"idempotency_key": "k"})
    again = shop.api.customers.create({"name": "One"}, {"idempotency_key": "k"})
    assert first.id == again.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(shop.fake.events("customer.created")) == 1


def test_a_key_with_another_body_is_refused(shop: Shop) -> None:
    shop.api.customers.create({"name": "One"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError) as refused:
        shop.api.customers.create({"name": "Two"}, {"idempotency_key": "k"})
    assert refused.value.http_status == 400


def test_a_key_whose_request_is_under_way_is_refused(shop: Shop) -> None:
    shop.fake.gate.clear()
    made: list[str] = []
    first = threading.Thread(
        target=lambda: made.append(shop.api.customers.create({"name": "One"}, {"idempotency_key": "k"}).id)
    )
    first.start()
    assert shop.fake.waiting.acquire(timeout=10)
    with pytest.raises(stripe.APIError) as refused:
        shop.api.customers.create({"name": "One"}, {"idempotency_key": "k"})
    assert refused.value.http_status == 409
    shop.fake.gate.set()
    first.join(10)
    assert shop.api.customers.create({"name": "One"}, {"idempotency_key": "k"}).id == made[0]


def test_a_refusal_before_the_work_is_not_kept_and_one_after_it_is(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.customers.create({"nonsense": "x"}, {"idempotency_key": "k"})
    shop.api.customers.create({"name": "One"}, {"idempotency_key": "k"})
    customer = shop.customer()
    params = {
        "amount": 500,
        "currency": "eur",
        "customer": customer,
        "payment_method": "pm_card_chargeDeclined",
        "confirm": True,
        "off_session": True,
    }
    codes = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            shop.api.payment_intents.create(params, {"idempotency_key": "charge"})
        codes.append((declined.value.code, declined.value.error.payment_intent.id))
    assert codes[0] == codes[1]
    assert len(shop.fake.events("payment_intent.payment_failed")) == 1


def test_a_write_that_was_done_and_answered_500_stays_500_for_its_key(shop: Shop) -> None:
    shop.fake.troubles.append("broken")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            shop.api.customers.create({"name": "One"}, {"idempotency_key": "k"})
    assert len(shop.fake.events("customer.created")) == 1


def test_a_write_that_was_done_and_not_answered_is_found_again_by_its_key(shop: Shop) -> None:
    shop.fake.troubles.append("cut")
    with pytest.raises(stripe.APIConnectionError):
        shop.api.customers.create({"name": "One"}, {"idempotency_key": "k"})
    assert shop.api.customers.create({"name": "One"}, {"idempotency_key": "k"}).id
    assert len(shop.fake.events("customer.created")) == 1


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


# Money back ----------------------------------------------------------------------------------------------------------


def _paid(shop: Shop, number: str = "4242424242424242") -> str:
    session = shop.session(shop.customer(), "pack")
    shop.fake.pay(session.id, number)
    return str(shop.api.checkout.sessions.retrieve(session.id).payment_intent)


def test_refunds_add_up_and_no_further(shop: Shop) -> None:
    intent = _paid(shop)
    for amount in (300, 300):
        shop.api.refunds.create({"payment_intent": intent, "amount": amount})
    with pytest.raises(stripe.InvalidRequestError, match="greater"):
        shop.api.refunds.create({"payment_intent": intent, "amount": 400})
    shop.api.refunds.create({"payment_intent": intent})
    charge = shop.api.payment_intents.retrieve(intent, {"expand": ["latest_charge"]}).latest_charge
    assert (charge.amount_refunded, charge.refunded) == (999, True)


def test_a_refund_that_fails_is_taken_back(shop: Shop) -> None:
    intent = _paid(shop, "4000000000005126")
    refund = shop.api.refunds.create({"payment_intent": intent})
    assert shop.api.refunds.retrieve(refund.id).status == "failed"
    assert shop.fake.events("refund.failed")


def test_disputes_take_the_money_and_may_give_it_back(shop: Shop) -> None:
    dispute = shop.fake.dispute(_paid(shop))
    taken = shop.api.disputes.retrieve(dispute["id"])
    assert (taken.status, [each.amount for each in taken.balance_transactions]) == ("needs_response", [-999])
    shop.fake.close_dispute(dispute["id"], won=False)
    assert shop.api.disputes.retrieve(dispute["id"]).status == "lost"
    shop.fake.reinstate(dispute["id"])
    assert sum(each.amount for each in shop.api.disputes.retrieve(dispute["id"]).balance_transactions) == 0


def test_an_inquiry_takes_nothing(shop: Shop) -> None:
    intent = _paid(shop, "4000000000001976")
    dispute = shop.api.disputes.list({"payment_intent": intent}).data[0]
    assert (dispute.status, dispute.balance_transactions) == ("warning_needs_response", [])
    shop.fake.close_dispute(dispute.id, won=True)
    assert shop.api.disputes.retrieve(dispute.id).status == "warning_closed"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("pm_card_authenticationRequired", "authentication_required"),
        ("pm_card_chargeDeclined", "card_declined"),
    ],
)
def test_a_charge_without_the_person_may_be_declined(shop: Shop, token: str, code: str) -> None:
    with pytest.raises(stripe.CardError) as declined:
        shop.api.payment_intents.create(
            {
                "amount": 999,
                "currency": "eur",
                "customer": shop.customer(),
                "payment_method": token,
                "confirm": True,
                "off_session": True,
            }
        )
    assert declined.value.code == code
    assert declined.value.error.payment_intent.status == "requires_payment_method"


# The portal ----------------------------------------------------------------------------------------------------------


def _portal(shop: Shop, customer: str) -> Any:
    configuration = shop.api.billing_portal.configurations.create(
        {
            "features": {
                "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
                "payment_method_update": {"enabled": True},
                "invoice_history": {"enabled": True},
            }
        }
    )
    return shop.api.billing_portal.sessions.create({"customer": customer, "configuration": configuration.id})


def test_the_portal_does_what_its_configuration_says(shop: Shop) -> None:
    sub = shop.subscribed()
    portal = _portal(shop, sub.customer)
    page = httpx.get(portal.url, trust_env=False).text
    assert "Cancel plan" in page
    assert "Change to" not in page
    httpx.post(portal.url, data={"action": "cancel"}, trust_env=False)
    assert shop.api.subscriptions.retrieve(sub.id).cancel_at_period_end
    refused = httpx.post(portal.url, data={"action": "change", "price": shop.prices["team"]}, trust_env=False)
    assert refused.status_code == 400


# Events and webhooks -------------------------------------------------------------------------------------------------


def test_every_event_is_read_by_the_sdk_and_listed_newest_first(shop: Shop) -> None:
    shop.subscribed()
    listed = [each.id for each in shop.api.events.list({"limit": 4}).auto_paging_iter()]
    assert listed == [each["id"] for each in reversed(shop.fake.events())]
    endpoint = shop.fake.endpoint("http://127.0.0.1:9/none")
    for each in shop.fake.events():
        body = message(each)
        event = stripe.Webhook.construct_event(
            body, signed(body, endpoint)["Stripe-Signature"], endpoint.secret
        )
        assert (event.id, event.api_version) == (each["id"], VERSION)


def test_two_secrets_sign_while_a_rotation_lasts(shop: Shop) -> None:
    endpoint = shop.fake.endpoint("http://127.0.0.1:9/none")
    old = endpoint.secret
    new = endpoint.rotate()
    body = message(shop.fake.events()[0])
    header = signed(body, endpoint)["Stripe-Signature"]
    for secret in (old, new):
        stripe.WebhookSignature.verify_header(body, header, secret, 300)
    endpoint.old_secret = None
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body, signed(body, endpoint)["Stripe-Signature"], old, 300)


def test_chaos_is_the_same_for_the_same_seed_and_reads_can_be_stale(shop: Shop) -> None:
    def rolled(seed: int) -> list[bool]:
        chaos = Chaos(seed=seed)
        return [chaos.strikes(0.5) for _ in range(50)]

    assert rolled(1) == rolled(1) != rolled(2)
    sub = shop.subscribed()
    shop.api.subscriptions.update(sub.id, {"cancel_at_period_end": True})
    shop.fake.chaos.stale = 1
    assert shop.api.subscriptions.retrieve(sub.id).cancel_at_period_end is False
    shop.fake.chaos.stale = 0
    assert shop.api.subscriptions.retrieve(sub.id).cancel_at_period_end is True
