"""What crosses the room's border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from packshot.ports.money import Money
from packshot.ports.payment_states import InvoiceState, SubscriptionState
from packshot.ports.payments import Price


@dataclass(frozen=True, slots=True)
class OrderView:
    """A page to pay on, or a charge. `credits` are micro-credits."""

    id: UUID
    kind: str
    price: str
    quantity: int
    credits: int
    provider: str
    ref: str | None
    url: str | None
    status: Literal["open", "paid", "failed", "closed"]
    back: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What an organization may do now: the database's answer, which every gate asks for."""

    plan: str
    status: str
    seats: int
    slots: int
    credits: int
    """Micro-credits a month."""
    features: tuple[str, ...]
    limits: dict[str, int]
    price: str | None
    quantity: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An organization's plan as its payers see it."""

    now: datetime
    entitlement: Entitlement
    subscription: SubscriptionState | None
    """The one that runs, or is owed for."""
    terms: dict[str, Any]
    """What its price buys, with `item` and `interval`; empty without a subscription."""
    unit: Money | None
    """Its price for one seat and interval."""
    anchor: datetime | None
    """From where its months of credits are counted."""
    open_invoice: InvoiceState | None
    """What is owed."""
    customer: str | None


@dataclass(frozen=True, slots=True)
class ChangeAsked:
    subscription: str
    price: Price
    quantity: int
    when: Literal["now", "period_end"]
    at: datetime
    now: datetime
    plan_before: str
    plan_after: str
    before: int
    """Micro-credits a month, all seats."""
    after: int
    seats_after: int
    anchor: datetime
    seen: str
    """What it was worked out from (`ports.payments.sight`)."""


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What is confirmed. Money with tax; `tax` is the part of `due_now`."""

    asked: ChangeAsked
    due_now: Money
    credit: Money
    tax: Money
    next_total: Money
    next_at: datetime
    credits: int
    """Micro-credits that come at once, for the rest of this month."""
    restarts: bool
    """A new month begins with the change: its `asked.after` take the place of what was left."""
