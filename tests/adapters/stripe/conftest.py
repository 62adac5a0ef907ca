"""The fake with a shop in it, and the real SDK pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import stripe

from tests.adapters.stripe.desk import ALL, At
from tests.fakes.stripe import VERSION, Stripe


@dataclass
class Shop:
    """What is sold in these tests: the fake, the SDK, prices by lookup key."""

    fake: Stripe
    api: Any
    prices: dict[str, str]

    def customer(self, **more: Any) -> str:
        return str(self.api.customers.create({"email": "pat@example.com", "name": "Pat", **more}).id)

    def session(self, customer: str, price: str, *, quantity: int = 1, **more: Any) -> Any:
        recurring = "pack" not in price
        return self.api.checkout.sessions.create(
            {
                "mode": "subscription" if recurring else "payment",
                "customer": customer,
                "line_items": [{"price": self.prices[price], "quantity": quantity}],
                "success_url": "https://studio.example/done?session={CHECKOUT_SESSION_ID}",
                **({} if recurring else {"invoice_creation": {"enabled": True}}),
                **more,
            }
        )

    def subscribed(self, price: str = "pro", *, card: str = "4242424242424242", country: str = "US") -> Any:
        """A subscription that was begun on the page."""
        session = self.session(self.customer(), price)
        self.fake.pay(session.id, card, country=country)
        done = self.api.checkout.sessions.retrieve(session.id)
        return self.api.subscriptions.retrieve(done.subscription)


@pytest.fixture
def fake() -> Iterator[Stripe]:
    with Stripe() as found:
        yield found


@pytest.fixture
def shop(fake: Stripe) -> Shop:
    client = stripe.StripeClient(
        fake.key, base_addresses={"api": fake.url}, stripe_version=VERSION, max_network_retries=0
    )
    shop = Shop(fake, client.v1, {})
    for key, amount, currency, interval in (
        ("pro", 2500, "eur", "month"),
        ("team", 6000, "eur", "month"),
        ("year", 25000, "eur", "year"),
        ("pack", 999, "eur", None),
        ("pack-jpy", 1999, "jpy", None),
    ):
        product = client.v1.products.create({"id": f"packshot-{key}", "name": key.title()})
        recurring: Any = {"recurring": {"interval": interval}} if interval else {}
        price = client.v1.prices.create(
            {
                "product": product.id,
                "currency": currency,
                "unit_amount": amount,
                "lookup_key": key,
                **recurring,
            }
        )
        shop.prices[key] = price.id
    return shop


@pytest.fixture
def at(fake: Stripe) -> At:
    found = At(fake)
    list(found.stripe.sync(ALL, write=True))
    return found
