"""What must be, from what happened outside alone: the provider's own books, and the prices of plans.toml.

Written from the promises and not from the projector: it knows nothing of messages, facts, or the order of anything.
Credits are micro-credits.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from packshot.adapters.mock.payments.provider import MockPayments
from packshot.foundation.billing.plans import Offer, book, offers
from packshot.ports.payment_states import (
    CheckoutState,
    DisputeState,
    InvoiceLine,
    InvoiceState,
    PaymentState,
    SubscriptionState,
)

CREDIT = 1_000_000
FREE = 500 * CREDIT
_ENTITLED = ("trialing", "active", "past_due")


def each(price: str, quantity: int) -> int:
    """What a month of this plan includes."""
    terms = offers()[price].terms
    return int(terms["credits"]) * (quantity if terms["per_seat"] else 1)


def month(anchor: datetime, at: datetime) -> tuple[datetime, datetime]:
    """The month counted from the anchor that a moment lies in."""
    k = 0
    while _later(anchor, k + 1) <= at:
        k += 1
    return _later(anchor, k), _later(anchor, k + 1)


def _later(anchor: datetime, months: int) -> datetime:
    years, index = divmod(anchor.month - 1 + months, 12)
    year = anchor.year + years
    return anchor.replace(
        year=year, month=index + 1, day=min(anchor.day, calendar.monthrange(year, index + 1)[1])
    )


@dataclass(frozen=True)
class Period:
    """A whole period that is paid, and the differences that were paid within it."""

    subscription: SubscriptionState
    plan: str
    start: datetime
    end: datetime
    included: int
    changes: tuple[Difference, ...]

    earlier: tuple[datetime, ...] = ()
    """Where earlier periods of the subscription began: a later change may have moved its anchor."""

    @property
    def anchor(self) -> datetime:
        """Of its months: the subscription's own where a month begins with the period, so that the 31st comes back."""
        own = self.subscription.anchor
        if own <= self.start and month(own, self.start)[0] == self.start:
            return own
        fit = (at for at in self.earlier if month(at, self.start) == (self.start, self.end))
        return min(fit, default=self.start)

    @property
    def kept(self) -> datetime:
        """How long what is left of the last month stays: past the end only while the renewal may still come."""
        ends = self.subscription.ended_at or self.subscription.cancel_at
        renews = self.subscription.status in ("trialing", "active") and (ends is None or ends > self.end)
        return self.end + timedelta(days=book().grace_days if renews else 0)

    @property
    def now_includes(self) -> int:
        return self.changes[-1].after if self.changes else self.included


@dataclass(frozen=True)
class Difference:
    ref: str
    plan: str
    at: datetime
    before: int
    after: int

    def worth(self, anchor: datetime) -> int:
        """For the rest of the month, cut to whole credits."""
        start, end = month(anchor, self.at)
        second = timedelta(microseconds=1)
        share = max(self.after - self.before, 0) * ((end - self.at) // second) // ((end - start) // second)
        return share // CREDIT * CREDIT


class Books:
    """One customer's objects at the provider, as they are now."""

    def __init__(self, provider: MockPayments, customer: str) -> None:
        with provider.books() as books:
            self.now = books.now

            def mine(kind: Any) -> list[Any]:
                return [found for found in books.session.all(kind) if found.customer == customer]

            self.checkouts: list[CheckoutState] = mine(CheckoutState)
            self.subscriptions: list[SubscriptionState] = mine(SubscriptionState)
            self.invoices: list[InvoiceState] = sorted(
                mine(InvoiceState), key=lambda i: (i.created_at, i.ref)
            )
            self.payments: list[PaymentState] = sorted(
                mine(PaymentState), key=lambda p: (p.created_at, p.ref)
            )
            refs = {p.ref for p in self.payments}
            self.disputes = [d for d in books.session.all(DisputeState) if d.payment in refs]

    def back(self, payment: PaymentState) -> int:
        """What of it the payer has again: refunds, and disputes that were lost."""
        lost = sum(d.withdrawn for d in self.disputes if d.payment == payment.ref and d.status == "lost")
        return min(payment.refunded + lost, payment.amount.amount)

    def disputed(self, payment: PaymentState) -> bool:
        return any(d.payment == payment.ref and d.status == "open" for d in self.disputes)

    def payment_of(self, invoice: InvoiceState) -> PaymentState | None:
        found = [p for p in self.payments if p.ref == invoice.payment and p.status == "succeeded"]
        return found[0] if found else None

    def live(self) -> list[SubscriptionState]:
        return [
            s for s in self.subscriptions if s.status not in ("incomplete", "incomplete_expired", "cancelled")
        ]

    def paid_orders(self) -> dict[str, PaymentState | None]:
        """Orders of packs that were paid, with what paid them (None: nothing was to pay)."""
        found: dict[str, PaymentState | None] = {}
        for invoice in self.invoices:
            if invoice.reason == "pack" and invoice.status == "paid":
                found[str(invoice.order)] = self.payment_of(invoice)
        return found

    def _stands(self, invoice: InvoiceState) -> bool:
        """Paid, and not given back whole."""
        payment = self.payment_of(invoice)
        whole = payment is not None and 0 < payment.amount.amount == self.back(payment)
        return invoice.status == "paid" and not whole

    def differences(self, *, standing: bool = True) -> list[tuple[InvoiceState, Difference]]:
        found = []
        for invoice in self.invoices:
            lines = [line for line in invoice.lines if line.proration]
            if invoice.reason == "change" and invoice.status == "paid" and lines:
                first, last = lines[0], lines[-1]
                if any(not line.proration for line in invoice.lines):
                    continue  # a new period began with it: that is what it brought
                if standing and not self._stands(invoice):
                    continue
                at = last.period_start
                assert at is not None
                found.append((invoice, Difference(invoice.ref, _plan(last), at, _each(first), _each(last))))
        return found

    def periods(self, *, standing: bool = True) -> list[tuple[InvoiceState, Period]]:
        subscriptions = {s.ref: s for s in self.subscriptions}
        found = []
        for invoice in self.invoices:
            if invoice.status != "paid" or invoice.subscription is None:
                continue
            if standing and not self._stands(invoice):
                continue
            for line in invoice.lines:
                if not line.proration:
                    start, end = line.period_start, line.period_end
                    assert start is not None
                    assert end is not None
                    changes = tuple(
                        d
                        for i, d in self.differences(standing=standing)
                        if i.subscription == invoice.subscription and start <= d.at < end
                    )
                    whose = subscriptions[invoice.subscription]
                    found.append((invoice, Period(whose, _plan(line), start, end, _each(line), changes)))
        found = [
            (
                i,
                replace(
                    p,
                    earlier=tuple(
                        o.start for _, o in found if o.subscription == p.subscription and o.start < p.start
                    ),
                ),
            )
            for i, p in found
        ]
        return sorted(found, key=lambda each: (each[1].start, each[1].end))

    def current(self) -> Period | None:
        """The period that is paid for now, or the last one: what was paid of a subscription that has not ended."""
        found = [
            p
            for _, p in self.periods()
            if p.start <= self.now and p.subscription.status not in ("cancelled", "incomplete_expired")
        ]
        return found[-1] if found else None

    def entitlement(self) -> tuple[str, str]:
        """The plan and its status that every gate must answer."""
        for s in self.live():
            if s.status not in _ENTITLED:
                continue
            owed = s.past_due_since or s.period_start
            until = (owed if s.status == "past_due" else s.period_end) + timedelta(days=book().grace_days)
            ends = [until, *(at for at in (s.cancel_at, s.ended_at) if at is not None)]
            if min(ends) > self.now:
                return offers()[s.price].price.item, s.status
        return "free", "free"


def _each(line: InvoiceLine) -> int:
    assert line.price is not None
    return each(line.price, line.quantity)


def _plan(line: InvoiceLine) -> str:
    assert line.price is not None
    return offers()[line.price].price.item


def price(item: str, interval: str | None) -> Offer:
    return next(o for o in offers().values() if (o.price.item, o.price.interval) == (item, interval))
