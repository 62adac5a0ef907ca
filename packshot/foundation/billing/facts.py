"""What billing tells whoever listens. Each is published once, in one transaction with what follows from it.

Credits are micro-credits; `ref` names the fact for ever, and may be a command's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PeriodPaid:
    """What an organization's months include, from now on: `allowance` each, counted from `anchor`, up to `until`.

    Told again whenever one of them is another; a yearly plan is paid for twelve months at once. `until` None is the
    free plan, which nobody pays for; then `anchor` is None too, and months are the calendar's. What is left of the last
    month stays up to `kept_until`: its renewal is neither paid nor has it failed.
    """

    organization_id: UUID
    ref: str
    plan: str
    allowance: int
    anchor: datetime | None
    until: datetime | None
    kept_until: datetime | None


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """A difference was paid within a period: from `at` on each month includes `after` instead of `before`."""

    organization_id: UUID
    ref: str
    plan: str
    before: int
    after: int
    anchor: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class PackPurchased:
    """Credits that were bought and never expire."""

    organization_id: UUID
    ref: str
    pack: str
    credits: int


@dataclass(frozen=True, slots=True)
class Source:
    """What a payment brought: a pack's or a difference's own lot (`ref` of its fact), or the months of a period."""

    ref: str
    months: tuple[datetime, ...] = ()
    """When each of them begins."""


@dataclass(frozen=True, slots=True)
class PaymentRefunded:
    """Of `paid`, `returned` has gone back to the payer by now, for whatever reason: refunds that count, and disputes
    that were lost. Cumulative, and lower again when a refund failed or the bank gave the money back."""

    organization_id: UUID
    ref: str
    payment: str
    sources: tuple[Source, ...]
    returned: int
    paid: int
    currency: str


@dataclass(frozen=True, slots=True)
class DisputeOpened:
    """Somebody's bank doubts the payment: what it brought is not to be spent for now."""

    organization_id: UUID
    ref: str
    payment: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class DisputeClosed:
    """No claim is open any more; what was lost has been told as refunded before this."""

    organization_id: UUID
    ref: str
    payment: str
    sources: tuple[Source, ...]
    outcome: Literal["won", "lost"]


Fact = PeriodPaid | PlanChanged | PackPurchased | PaymentRefunded | DisputeOpened | DisputeClosed
