"""The port to whoever takes the money: a local mock, Stripe, any provider behind the documented contract.

A provider tells *states*, not happenings: everything that an object is at one moment, complete. So it does not matter
in which order its messages come, nor how often: what is told last about a later moment is what is. Objects are named
by the provider's own ids (`ref`, at most 200 characters); our ids travel with them and come back.

Money is a whole number of a currency's minor units, always with that currency. Times are aware.
Adapters are synchronous and may be called from any thread; nobody calls them inside a database transaction.
Every act carries an id of ours: sent again with it, it has its one effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

from packshot.ports.money import Money
from packshot.ports.payment_states import (
    Kind,
    Notice,
    Seen,
    SubscriptionState,
)


class Forged(Exception):
    """The message is not from the provider, is too old, or cannot be read: nothing of it is believed."""


class Missing(LookupError):
    """The provider's account has no such object."""


class Refused(Exception):
    """The provider will not do it, and would not the next time: a declined card, a price it does not take.

    `code` is a stable word (`declined`, `invalid`, `not_offered`, `changed`); the message is a sentence for the person.
    """

    def __init__(self, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.code = code


class PaymentsUnavailable(OSError):
    """The provider does not answer; whether it acted is not known. The same act is simply sent again."""


class Ability(StrEnum):
    """What not every provider can; what it cannot is not offered on any page."""

    SUBSCRIBE = "subscribe"
    PACK = "pack"
    TRIAL = "trial"
    CHANGE = "change"
    """Upgrade, downgrade and seats of a running subscription, with a preview."""
    CANCEL = "cancel"
    PORTAL = "portal"
    CHARGE = "charge"
    """Charge a saved card without the person: auto top-up."""


# What is asked -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit costs. A price never changes: another amount is another key."""

    key: str
    """Ours, e.g. `pro-month-usd-2500`; at the provider it is found again by it."""
    item: str
    """The plan's or pack's key, e.g. `pro`."""
    name: str
    """As the person reads it on the provider's page and on the invoice."""
    unit: Money
    """Without tax, for one interval and one seat, or for one pack."""
    interval: Literal["month", "year"] | None
    """None: paid once."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays: an organization, and whom the provider may write to."""

    organization: UUID
    name: str
    email: str
    customer: str | None = None
    """Its ref at the provider, once there is one; else the adapter opens one, at most one per organization."""


@dataclass(frozen=True, slots=True)
class Order:
    """A page to pay on: for a subscription (the price has an interval) or a pack. The same id is the same page."""

    id: UUID
    payer: Payer
    price: Price
    quantity: int
    success_url: str
    """Where the person comes back to; the provider's ref for the checkout is not needed, we know it by the order."""
    cancel_url: str
    expires_at: datetime
    trial_days: int = 0
    save_card: bool = False
    """The person has agreed that later packs are charged without asking (auto top-up)."""
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class Page:
    """A checkout that waits for the person."""

    ref: str
    url: str
    customer: str | None
    """None where the provider makes one only when somebody pays."""


@dataclass(frozen=True, slots=True)
class Change:
    """Another price or quantity for a running subscription.

    `now`: from `at` on, the difference for the rest of the period is invoiced and charged at once; until that is paid
    the old plan stays. With another interval, or in a trial (which ends), a new period begins at `at` and is invoiced
    whole, less what is left of the old one.
    `period_end`: nothing is paid now; the new terms begin with the next period.
    """

    id: UUID
    subscription: str
    price: Price
    quantity: int
    when: Literal["now", "period_end"]
    at: datetime
    """The moment for which the preview was made; the change itself is counted from the same one, to the cent."""
    seen: str | None = None
    """The `sight` of the subscription that the preview was made of; None for a preview itself. Where it is another by
    now, the change is refused as `changed`."""


def sight(subscription: SubscriptionState) -> str:
    """What a preview depends on, in a word: another one, and another sum would be paid than was confirmed."""
    begun = subscription.period_start.astimezone(UTC)
    return f"{subscription.price}/{subscription.quantity}/{begun.isoformat()}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would cost; all with tax, but for `tax` itself."""

    due_now: Money
    """Charged at once; never negative."""
    credit: Money
    """What would be kept for later invoices instead; never negative."""
    tax: Money
    """The part of `due_now` that is tax."""
    next_total: Money
    """The whole next regular invoice, any credit used."""
    next_at: datetime
    restarts: bool
    """A new period begins with the change; else the running one goes on and the difference for its rest is paid."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A pack, paid by the saved card while the person is away."""

    id: UUID
    payer: Payer
    price: Price
    quantity: int


class Payments(Protocol):
    """One provider. Every method raises PaymentsUnavailable, and Refused with `not_offered` for an ability it lacks."""

    name: str
    """`mock`, `stripe`, a short word of one's own; stands beside every ref that is stored."""
    account: str | None
    livemode: bool
    version: str | None
    abilities: frozenset[Ability]

    def checkout(self, order: Order) -> Page:
        """The page on which this order is paid. Raises Refused."""
        ...

    def expire(self, checkout: str) -> None:
        """Close a page that is still open; one that is paid or closed stays as it is. Raises Missing."""
        ...

    def portal(self, customer: str, back_url: str) -> str:
        """An address where the payer looks after cards, addresses and invoices itself. Raises Missing."""
        ...

    def preview(self, change: Change) -> Preview:
        """What the change would cost; changes nothing. Raises Missing and Refused."""
        ...

    def change(self, change: Change) -> Seen:
        """Do it: the subscription, and for `now` the invoice and its payment, which may have failed or need the
        person (`action_url`). Raises Missing and Refused."""
        ...

    def cancel(self, subscription: str, act: UUID, *, at_once: bool = False) -> Seen:
        """End it with the period that is paid, or `at_once` (nothing is paid back). Raises Missing."""
        ...

    def resume(self, subscription: str, act: UUID) -> Seen:
        """Take back a cancellation or a scheduled change; nothing to take back is success. Raises Missing, Refused."""
        ...

    def charge(self, charge: Charge) -> Seen:
        """Charge the saved card: a payment (and its invoice) that succeeded, failed or needs the person. Raises
        Missing where no card is saved."""
        ...

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Check and read a message; header names in small letters. Asks nobody. Raises Forged."""
        ...

    def fetch(self, kind: Kind, ref: str) -> Seen:
        """The object now, and what of it cannot be understood alone: a checkout brings its subscription, invoice and
        payment; a subscription its newest invoices and their payments; an invoice its subscription and payment; a
        payment its invoice, refunds and disputes; a refund or dispute its payment. Raises Missing."""
        ...

    def since(self, moment: datetime) -> Iterable[Notice]:
        """Every message from `moment` on, oldest first, whether it was delivered or not: what reconcile goes by."""
        ...


@runtime_checkable
class ByHand(Protocol):
    """A provider without a machine: an operator writes the invoices, and says which were paid."""

    def paid(
        self,
        *,
        organization: UUID,
        order: UUID,
        price: Price,
        quantity: int,
        number: str,
        total: Money,
        tax: Money,
        before: SubscriptionState | None,
    ) -> Seen:
        """What it stands for that the invoice `number` was paid: a pack, or the period after `before`."""
        ...
