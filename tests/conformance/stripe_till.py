"""The till of Stripe: our adapter, the real SDK, and the fake on a clock that goes with the test's."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from packshot.adapters.stripe.provider import StripePayments
from packshot.foundation.billing import inbox
from packshot.foundation.billing.plans import offers
from packshot.ports.payments import Refused
from tests.conformance.tills import Card, Message, Till
from tests.fakes.stripe import Stripe, message, signed
from tests.fakes.stripe.errors import StripeError
from tests.fakes.stripe.money import TAXES

NUMBERS: dict[Card, str] = {
    "ok": "4242424242424242",
    "declined": "4000000000000002",
    "fails_later": "4000000000000341",
    "confirm": "4000002760003184",
    "bank": "DE89370400440532013000",
    "bank_fails": "DE62370400440532013001",
}


class StripeTill(Till):
    name = "stripe"

    def __init__(self, home: Path, tax_percent: int = 0) -> None:
        self.fake = Stripe()
        self.fake.__enter__()
        self.fake.advance_to(int(inbox.now().timestamp()))
        self._country = next(c for c, percent in {"US": 0, **TAXES}.items() if percent == tax_percent)
        self._endpoint = self.fake.endpoint("http://till.test/hook")
        self._old = self._endpoint.secret
        self._endpoint.rotate()
        self._sent = 0
        self.stripe = StripePayments(
            SecretStr(self.fake.key),
            secrets=[SecretStr(self._endpoint.secret), SecretStr(self._old)],
            now=inbox.now,
            url=self.fake.url,
            account=self.fake.account,
            tax=True,
            codes=True,
        )
        self.provider = self.stripe
        for _ in self.stripe.sync([offer.price for offer in offers().values()], write=True):
            pass
        self.fake.coupon("FREE100", percent_off=100)
        self.messages()

    def close(self) -> None:
        self.fake.__exit__()

    def pay(self, checkout: str, card: Card = "ok", coupon: str = "") -> None:
        try:
            asked = self.fake.pay(checkout, NUMBERS[card], country=self._country, coupon=coupon or None)
        except StripeError as error:
            raise Refused(str(error), "declined") from error
        if asked is not None:
            self.fake.authenticate(asked["id"])

    def save_card(self, customer: str, card: Card) -> None:
        self.fake.use_card(customer, NUMBERS[card], collect=True)

    def confirm(self, payment: str, *, yes: bool = True) -> None:
        self.fake.authenticate(payment, passed=yes)

    def refund(self, payment: str, amount: int | None = None, *, fails: bool = False) -> str:
        return str(self.fake.refund(payment, amount, "pending" if fails else "succeeded")["id"])

    def fail_refund(self, refund: str) -> None:
        self.fake.settle_refund(refund, "failed")

    def dispute(self, payment: str, *, inquiry: bool = False) -> str:
        return str(self.fake.dispute(payment, inquiry=inquiry)["id"])

    def close_dispute(self, dispute: str, outcome: Literal["won", "lost", "open"]) -> None:
        if outcome == "open":
            self.fake.escalate(dispute)
        else:
            self.fake.close_dispute(dispute, won=outcome == "won")

    def pause(self, subscription: str) -> None:
        self.fake.pause(subscription)

    def unpause(self, subscription: str) -> None:
        self.fake.unpause(subscription)

    def messages(self) -> list[Message]:
        found, self._sent = self.fake.events()[self._sent :], len(self.fake.events())
        return [self._message(message(each)) for each in found]

    def moved(self, now: datetime) -> None:
        self.fake.advance_to(int(now.timestamp()))
        self.fake.clear_all()

    def bad_messages(self) -> dict[str, Message]:
        body = message(self.fake.events()[-1], id="evt_never_seen")
        genuine = self._message(body)
        return {
            "forged": Message(self._signed(body, secret="whsec_another"), body),
            "old": self._message(body, at=inbox.now() - timedelta(minutes=6)),
            "garbled": Message(genuine.headers, body + b" "),
        }

    def odd_messages(self, checkout: str) -> dict[str, Message]:
        event = self.fake.events("checkout.session.completed")[-1]
        odd = {
            "livemode": {"livemode": True},
            "version": {"api_version": "2027-01-01.fern"},
            "account": {"account": "acct_another"},
        }
        return {why: self._message(message(event, id=f"evt_{why}", **more)) for why, more in odd.items()}

    def rotated(self, message: Message) -> Message:
        return Message(self._signed(message.body, secret=self._old), message.body)

    def _message(self, body: bytes, at: datetime | None = None) -> Message:
        return Message(self._signed(body, at=at), body)

    def _signed(
        self, body: bytes, *, secret: str | None = None, at: datetime | None = None
    ) -> dict[str, str]:
        return signed(body, self._endpoint, secret=secret, at=(at or inbox.now()).timestamp())
