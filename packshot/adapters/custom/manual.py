"""Invoices by hand: nobody is asked. An order waits until an operator says that its invoice was paid."""

# ruff: noqa: ARG002  (the port's shape: there is nobody here to ask, whatever is asked)

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

from packshot.ports.money import Money
from packshot.ports.payment_states import (
    CheckoutState,
    InvoiceLine,
    InvoiceState,
    Kind,
    Notice,
    PaymentState,
    Seen,
    State,
    SubscriptionState,
)
from packshot.ports.payments import Ability, Change, Charge, Forged, Order, Page, Preview, Price, Refused

REFUSED = "Invoices are written by hand here: ask whoever runs this studio."


class ManualPayments:
    """Knows nothing but what it is told; `paid` makes the states that an invoice which was paid stands for."""

    name = "custom"
    account: str | None = None
    livemode = True
    version: str | None = None
    abilities = frozenset({Ability.SUBSCRIBE, Ability.PACK})

    def __init__(self, base_url: str, now: Callable[[], datetime]) -> None:
        self._base_url = base_url
        self._now = now

    def checkout(self, order: Order) -> Page:
        """The order's own page, which says that it waits for its invoice."""
        return Page(
            _ref(order.id), f"{self._base_url}/billing/orders/{order.id}", _customer(order.payer.organization)
        )

    def expire(self, checkout: str) -> None:
        """Nothing is open anywhere else."""

    def portal(self, customer: str, back_url: str) -> str:
        raise Refused(REFUSED, "not_offered")

    def preview(self, change: Change) -> Preview:
        raise Refused(REFUSED, "not_offered")

    def change(self, change: Change) -> Seen:
        raise Refused(REFUSED, "not_offered")

    def cancel(self, subscription: str, act: UUID, *, at_once: bool = False) -> Seen:
        raise Refused(REFUSED, "not_offered")

    def resume(self, subscription: str, act: UUID) -> Seen:
        raise Refused(REFUSED, "not_offered")

    def charge(self, charge: Charge) -> Seen:
        raise Refused(REFUSED, "not_offered")

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        raise Forged("nobody sends messages here")

    def fetch(self, kind: Kind, ref: str) -> Seen:
        """Nothing was seen but what is kept already."""
        return Seen(self._now(), ())

    def since(self, moment: datetime) -> Iterable[Notice]:
        return ()

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
        """An invoice with this number was paid: for a pack, or for the subscription's next period after `before`."""
        now, ref = self._now(), f"manual-{number}"
        customer = _customer(organization)
        start = now if before is None else max(before.period_end, before.period_start)
        anchor = now if before is None else before.anchor
        end = None if price.interval is None else _period_end(anchor, start, price.interval)
        line = InvoiceLine(
            price.name, Money(total.amount - tax.amount, total.currency), quantity, price.key,
            None if end is None else start, end, proration=False,
        )  # fmt: skip
        subscription = None if end is None else _ref(order)
        payment = PaymentState(
            ref, customer, order if end is None else None, ref, "succeeded", total, 0, now, None, None
        )
        states: list[State] = [
            InvoiceState(
                ref=ref, customer=customer, subscription=subscription, order=order, number=number, status="paid",
                reason="pack" if end is None else "start" if before is None else "cycle", total=total, tax=tax,
                due=Money(0, total.currency), created_at=now, due_at=now, paid_at=now, next_attempt_at=None,
                payment=ref, lines=(line,), hosted_url=None,
                pdf_url=f"{self._base_url}/billing/invoices/{quote(ref)}.pdf",
            ),
            payment,
            CheckoutState(
                _ref(order), order, "complete", "paid", customer, subscription, ref, ref, total, tax
            ),
        ]  # fmt: skip
        if end is not None:
            states.append(
                _subscription(before, _ref(order), customer, order, price, quantity, anchor, start, end)
            )
        return Seen(now, tuple(states))


def _subscription(
    before: SubscriptionState | None,
    ref: str,
    customer: str,
    order: UUID,
    price: Price,
    quantity: int,
    anchor: datetime,
    start: datetime,
    end: datetime,
) -> SubscriptionState:
    if before is not None:
        return replace(before, status="active", period_start=start, period_end=end, past_due_since=None)
    return SubscriptionState(
        ref=ref, customer=customer, order=order, status="active", price=price.key, quantity=quantity, anchor=anchor,
        period_start=start, period_end=end, trial_end=None, past_due_since=None, cancel_at=None, ended_at=None,
        scheduled=None, card=None,
    )  # fmt: skip


def _period_end(anchor: datetime, start: datetime, interval: str) -> datetime:
    anchor, k = anchor.astimezone(UTC), 0
    found = anchor
    while found <= start:
        k += 12 if interval == "year" else 1
        year, month = divmod(anchor.year * 12 + anchor.month - 1 + k, 12)
        day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
        found = anchor.replace(year=year, month=month + 1, day=day)
    return found


def _ref(order: UUID) -> str:
    return f"order-{order}"


def _customer(organization: UUID) -> str:
    return f"organization-{organization}"
