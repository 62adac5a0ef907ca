"""The adapter at the fake, and what a person does there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from packshot.adapters.stripe.provider import StripePayments
from packshot.ports.money import Money
from packshot.ports.payment_states import InvoiceState, Kind, Seen, SubscriptionState
from packshot.ports.payments import Change, Order, Payer, Price
from tests.fakes.stripe import Stripe

DAY = 86400
PRO = Price("pro-1-month-eur-2500", "pro", "Pro", Money(2500, "eur"), "month")
YEAR = Price("pro-1-year-eur-25000", "pro", "Pro", Money(25000, "eur"), "year")
TEAM = Price("team-1-month-eur-4900", "team", "Team", Money(4900, "eur"), "month")
PACK = Price("pack-1-once-eur-999", "pack", "1,000 credits", Money(999, "eur"), None)
YEN = Price("pack-1-once-jpy-1900", "pack", "1,000 credits", Money(1900, "jpy"), None)
ALL = (PRO, YEAR, TEAM, PACK, YEN)


class At:
    """The adapter at a fake, and what a person does there."""

    def __init__(self, fake: Stripe, **more: Any) -> None:
        self.fake = fake
        self.stripe = StripePayments(
            SecretStr(fake.key),
            secrets=[],
            now=lambda: datetime.fromtimestamp(fake.world.now(), UTC),
            url=fake.url,
            movable=lambda: [PRO, YEAR],
            **more,
        )
        self.payer = Payer(uuid4(), "Pat's studio", "pat@example.com")

    def order(self, price: Price = PRO, **more: Any) -> Order:
        made = Order(
            id=uuid4(),
            payer=self.payer,
            price=price,
            quantity=1,
            success_url="https://studio.example/billing/orders/1",
            cancel_url="https://studio.example/billing",
            expires_at=self.now() + timedelta(hours=23),
        )
        return replace(made, **more)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.fake.world.now(), UTC)

    def paid(self, order: Order, card: str = "4242424242424242", **more: Any) -> Seen:
        page = self.stripe.checkout(order)
        if page.customer is not None:
            self.payer = replace(self.payer, customer=page.customer)
        asked = self.fake.pay(page.ref, card, **more)
        if asked is not None:
            self.fake.authenticate(asked["id"])
        return self.stripe.fetch(Kind.CHECKOUT, page.ref)

    def subscribed(self, price: Price = PRO, **more: Any) -> str:
        return one(self.paid(self.order(price), **more), SubscriptionState).ref

    def change(self, ref: str, price: Price, quantity: int = 1, when: Any = "now") -> Change:
        return Change(uuid4(), ref, price, quantity, when, self.now())


def one(seen: Seen, kind: type[Any]) -> Any:
    found = [each for each in seen.states if isinstance(each, kind)]
    assert len(found) == 1, found
    return found[0]


def newest(seen: Seen) -> InvoiceState:
    return max(
        (each for each in seen.states if isinstance(each, InvoiceState)),
        key=lambda each: (each.created_at, each.ref),
    )
