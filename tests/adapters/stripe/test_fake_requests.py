"""What the fake takes and refuses, and that it honours idempotency keys."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import stripe

from tests.adapters.stripe.conftest import Shop
from tests.fakes.stripe import Stripe

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
