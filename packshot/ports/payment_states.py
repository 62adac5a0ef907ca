"""What a payment provider tells: everything that an object is at one moment, and that something of it has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from packshot.ports.money import Money


class Kind(StrEnum):
    """What a message can be about."""

    CHECKOUT = "checkout"
    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class CheckoutState:
    ref: str
    order: UUID | None
    """The order it was made for; None where somebody else made it."""
    status: Literal["open", "complete", "expired"]
    payment_status: Literal["unpaid", "paid", "free", "failed"]
    """`free`: nothing was to pay (a trial, a coupon of everything). `unpaid` and complete: money is on its way."""
    customer: str | None
    subscription: str | None
    payment: str | None
    invoice: str | None
    total: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What a subscription becomes with its next period."""

    price: str
    quantity: int
    at: datetime


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    ref: str
    customer: str
    order: UUID | None
    status: Literal[
        "incomplete", "trialing", "active", "past_due", "unpaid", "paused", "cancelled", "incomplete_expired"
    ]
    price: str
    """Our price's key. What is asked for and not yet paid is not here."""
    quantity: int
    anchor: datetime
    """Periods are counted from here."""
    period_start: datetime
    period_end: datetime
    trial_end: datetime | None
    past_due_since: datetime | None
    """When the oldest invoice that is still owed was due; None where nothing is."""
    cancel_at: datetime | None
    """It will end then, if nobody resumes it."""
    ended_at: datetime | None
    scheduled: Scheduled | None
    card: str | None
    """The way of paying as a person knows it: `visa 4242`."""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    description: str
    amount: Money
    """Without tax; negative for what is given back for an old plan."""
    quantity: int
    price: str | None
    period_start: datetime | None
    period_end: datetime | None
    proration: bool
    """A difference for the rest of a period: the old terms' line first, then the new terms' for the same rest. False
    for a whole period (`period_start` to `period_end`), also one that begins with a change."""


@dataclass(frozen=True, slots=True)
class InvoiceState:
    ref: str
    customer: str
    subscription: str | None
    order: UUID | None
    """The order, charge or change that it was made for."""
    number: str | None
    status: Literal["draft", "open", "paid", "void", "uncollectible"]
    reason: Literal["start", "cycle", "change", "pack", "other"]
    """`start`: the first of a subscription (0 to pay with a trial). `cycle`: a period's. `change`: a difference."""
    total: Money
    """With tax."""
    tax: Money
    due: Money
    """What is still to pay."""
    created_at: datetime
    due_at: datetime | None
    paid_at: datetime | None
    next_attempt_at: datetime | None
    payment: str | None
    """The payment that paid it, or that tries to."""
    lines: tuple[InvoiceLine, ...]
    hosted_url: str | None
    """Where the person can see it, pay it, or confirm it with the bank."""
    pdf_url: str | None


@dataclass(frozen=True, slots=True)
class PaymentState:
    ref: str
    customer: str | None
    order: UUID | None
    """The order or charge it was made for, for a pack."""
    invoice: str | None
    status: Literal["pending", "action_needed", "succeeded", "failed", "cancelled"]
    amount: Money
    """With tax."""
    refunded: int
    """Everything given back up to now, refunds that failed not counted; minor units."""
    created_at: datetime
    failure: str | None
    """A stable word: `declined`, `authentication`, `expired`, `other`."""
    action_url: str | None
    """Where the person confirms it, with `action_needed`."""


@dataclass(frozen=True, slots=True)
class RefundState:
    ref: str
    payment: str
    status: Literal["pending", "succeeded", "failed", "cancelled"]
    amount: Money
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DisputeState:
    """A bank's claim on a payment. An `inquiry` takes nothing yet; `prevented` never became one."""

    ref: str
    payment: str
    status: Literal["inquiry", "open", "won", "lost", "prevented"]
    amount: Money
    withdrawn: int
    """What the bank has taken and not given back (funds withdrawn less funds reinstated); minor units."""
    reason: str
    created_at: datetime
    evidence_due_at: datetime | None


State = CheckoutState | SubscriptionState | InvoiceState | PaymentState | RefundState | DisputeState


@dataclass(frozen=True, slots=True)
class Seen:
    """States as of one moment: when they were asked for, by the provider's time where it has a clock of its own."""

    at: datetime
    states: tuple[State, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified message: something of this object has changed. What, is asked for with `fetch`."""

    id: str
    """Dedupes it, for ever."""
    type: str
    """The provider's own word, for the log."""
    kind: Kind | None
    """None: about something that we do not follow."""
    ref: str | None
    created_at: datetime
    account: str | None
    """Whose object it is, where the provider says; another's than ours is parked, not believed."""
    livemode: bool
    version: str | None
    """Of the format; another than the adapter's is parked and not guessed at."""
    seen: Seen | None = None
    """The states themselves, from a provider that cannot be asked."""
