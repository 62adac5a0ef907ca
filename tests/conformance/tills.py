"""Payment providers, each with a hand at the till: what the suite of payments is run on.

A further provider is one more class here and its name in TILLS. Its messages travel as they do outside: signed, through
`inbox.receive`, and a worker's step works them off. All of it on a clock that the test moves.
"""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, cast
from uuid import uuid4

from django.db import connection

from packshot.adapters.custom import wire
from packshot.adapters.custom.provider import CustomPayments
from packshot.adapters.mock.payments.desk import Desk
from packshot.adapters.mock.payments.provider import MockPayments
from packshot.db.sql import call
from packshot.foundation.billing import inbox
from packshot.ports.payment_states import Kind
from packshot.ports.payments import Ability, Payments
from tests.fakes.bridge import Bridge

Card = Literal["ok", "declined", "fails_later", "confirm", "bank", "bank_fails"]


@dataclass(frozen=True)
class Message:
    """As it travels."""

    headers: dict[str, str]
    body: bytes


class Till(ABC):
    """One provider of the world outside, and what people and banks do there. Refs are the provider's."""

    name: ClassVar[str]
    provider: Payments

    @abstractmethod
    def pay(self, checkout: str, card: Card = "ok", coupon: str = "") -> None:
        """The person pays on the provider's page; a declined card leaves the page open."""

    @abstractmethod
    def save_card(self, customer: str, card: Card) -> None:
        """In the portal; what is owed is tried with it."""

    @abstractmethod
    def confirm(self, payment: str, *, yes: bool = True) -> None:
        """The person at the bank (3-D Secure)."""

    @abstractmethod
    def refund(self, payment: str, amount: int | None = None, *, fails: bool = False) -> str: ...

    @abstractmethod
    def fail_refund(self, refund: str) -> None: ...

    @abstractmethod
    def dispute(self, payment: str, *, inquiry: bool = False) -> str: ...

    @abstractmethod
    def close_dispute(self, dispute: str, outcome: Literal["won", "lost", "open"]) -> None:
        """`won` after `lost` reinstates the money; `open` is what an inquiry may become."""

    @abstractmethod
    def pause(self, subscription: str) -> None: ...

    @abstractmethod
    def unpause(self, subscription: str) -> None: ...

    @abstractmethod
    def messages(self) -> list[Message]:
        """What it has sent since it was asked last."""

    @abstractmethod
    def moved(self, now: datetime) -> None:
        """The clock stands at `now`: do what fell due until then."""

    @abstractmethod
    def bad_messages(self) -> dict[str, Message]:
        """Messages that must not be believed, by why: `forged`, `old`, `garbled`."""

    @abstractmethod
    def odd_messages(self, checkout: str) -> dict[str, Message]:
        """Genuine messages that are parked: `livemode`, `version`, `account`. About an object that exists."""

    @abstractmethod
    def rotated(self, message: Message) -> Message:
        """The same message, signed with the secret before the last rotation."""

    def close(self) -> None:  # noqa: B027  (most have nothing open)
        """The world ends with the test."""

    # What every till does alike.

    def advance(self, **by: float) -> datetime:
        """Move the clock that money goes by; days=..., hours=..."""
        now: datetime = call("billing_advance_clock_v1", timedelta(**by))
        connection.close()
        self.moved(now)
        return now

    def deliver(self, weather: Callable[[list[Message]], list[Message]] = lambda found: found) -> int:
        """Bring what was sent, as the weather lets it, and let a worker work it off; says how many came."""
        found = weather(self.messages())
        for message in found:
            inbox.receive(self.name, message.headers, message.body)
        while inbox.work():
            pass
        return len(found)


def storm(seed: int, *, drop: float = 0.0) -> Callable[[list[Message]], list[Message]]:
    """Every message one to three times, in any order, some lost."""
    rng = random.Random(seed)

    def weather(found: list[Message]) -> list[Message]:
        twisted = [m for m in found for _ in range(rng.randint(1, 3)) if rng.random() >= drop]
        rng.shuffle(twisted)
        return twisted

    return weather


class MockTill(Till):
    name = "mock"
    keys = (b"the key of now", b"the key before")

    def __init__(self, home: Path, tax_percent: int = 0) -> None:
        self.provider = MockPayments(
            home,
            keys=self.keys,
            base_url="http://till.test",
            now=inbox.now,
            tax_percent=tax_percent,
        )
        self.desk = Desk(self.provider)

    def pay(self, checkout: str, card: Card = "ok", coupon: str = "") -> None:
        self.desk.pay(checkout, card, coupon)

    def save_card(self, customer: str, card: Card) -> None:
        self.desk.save_card(customer, card)

    def confirm(self, payment: str, *, yes: bool = True) -> None:
        self.desk.confirm(payment, yes=yes)

    def refund(self, payment: str, amount: int | None = None, *, fails: bool = False) -> str:
        return self.desk.refund(payment, amount, fails=fails).ref

    def fail_refund(self, refund: str) -> None:
        self.desk.fail_refund(refund)

    def dispute(self, payment: str, *, inquiry: bool = False) -> str:
        return self.desk.dispute(payment, inquiry=inquiry).ref

    def close_dispute(self, dispute: str, outcome: Literal["won", "lost", "open"]) -> None:
        self.desk.close_dispute(dispute, outcome)

    def pause(self, subscription: str) -> None:
        self.desk.pause(subscription)

    def unpause(self, subscription: str) -> None:
        self.desk.unpause(subscription)

    def messages(self) -> list[Message]:
        return [Message(*found) for found in self.mock.unsent()]

    def moved(self, now: datetime) -> None:
        with self.mock.books():
            pass

    def bad_messages(self) -> dict[str, Message]:
        said = self._said(None)
        genuine = Message(*self.mock.signed(said))
        return {
            "forged": Message(*self.mock.signed(said, key=b"another key")),
            "old": Message(*self.mock.signed(said, at=inbox.now() - timedelta(minutes=6))),
            "garbled": Message(genuine.headers, genuine.body + b" "),
        }

    def odd_messages(self, checkout: str) -> dict[str, Message]:
        return {
            "livemode": Message(*self.mock.signed(self._said(checkout) | {"livemode": True})),
            "version": Message(*self.mock.signed(self._said(checkout) | {"version": "0"})),
            "account": Message(*self.mock.signed(self._said(checkout) | {"account": "another"})),
        }

    def rotated(self, message: Message) -> Message:
        return Message(*self.mock.signed(json.loads(message.body), key=self.keys[1]))

    @property
    def mock(self) -> MockPayments:
        assert isinstance(self.provider, MockPayments)
        return self.provider

    def _said(self, ref: str | None) -> dict[str, object]:
        return {
            "id": f"ev_{uuid4()}",
            "type": "checkout.completed",
            "kind": "checkout",
            "ref": ref or "co_0",
            "created_at": inbox.now().isoformat(),
            "account": "mock",
            "livemode": False,
            "version": "1",
        }


class CustomTill(MockTill):
    """The contract for any provider, over HTTP: a bridge that keeps the mock's books."""

    name = "custom"
    keys = (b"the secret of the bridge and the studio", b"the secret they had before, also long")

    def __init__(self, home: Path, tax_percent: int = 0) -> None:
        super().__init__(home, tax_percent)
        self._books = self.provider
        self.bridge = Bridge(self.mock, self.keys)
        self.provider = CustomPayments(
            self.bridge.url, keys=self.keys, abilities=frozenset(Ability), livemode=False, now=inbox.now
        )

    @property
    def mock(self) -> MockPayments:
        return cast("MockPayments", self.__dict__.get("_books", self.provider))

    def close(self) -> None:
        self.bridge.close()

    def messages(self) -> list[Message]:
        told = [self.mock.verify(headers, body, inbox.now()) for headers, body in self.mock.unsent()]
        return [self._signed(self.bridge.message(notice)) for notice in told]

    def bad_messages(self) -> dict[str, Message]:
        said = self._said(None)
        genuine, old = self._signed(said), inbox.now() - timedelta(minutes=6)
        return {
            "forged": self._signed(said, b"another key"),
            "old": Message(wire.signed(self.keys[0], genuine.body, old), genuine.body),
            "garbled": Message(genuine.headers, genuine.body + b" "),
            "unreadable": self._signed({"id": "1"}),
        }

    def odd_messages(self, checkout: str) -> dict[str, Message]:
        return {"livemode": self._signed(self._about(checkout) | {"livemode": True})}

    def rotated(self, message: Message) -> Message:
        return Message(wire.signed(self.keys[1], message.body, inbox.now()), message.body)

    def _about(self, checkout: str) -> dict[str, object]:
        seen = self.mock.fetch(Kind.CHECKOUT, checkout)
        return {**self._said(checkout), "seen": wire.dump_seen(seen)}

    def _signed(self, said: dict[str, Any], key: bytes | None = None) -> Message:
        body = json.dumps(said).encode()
        return Message(wire.signed(key or self.keys[0], body, inbox.now()), body)


def _stripe(home: Path, tax_percent: int) -> Till:
    from tests.conformance.stripe_till import StripeTill

    return StripeTill(home, tax_percent)


# Each makes a till that starts with an empty world; the second argument is the tax in percent that it adds.
TILLS: dict[str, Callable[[Path, int], Till]] = {"mock": MockTill, "stripe": _stripe, "custom": CustomTill}
