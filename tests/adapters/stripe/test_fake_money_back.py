"""Refunds, disputes, the portal and events of the fake, through the real SDK."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe

from tests.adapters.stripe.conftest import Shop
from tests.fakes.stripe import VERSION, Chaos, message, signed

DAY = 86400


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
