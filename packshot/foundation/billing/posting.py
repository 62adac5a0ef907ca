"""Which letters are due: a pure function from what is known, as facts are (see `projector`).

A letter's key names what happened, so the same states again are the same letter. Bodies hold raw values; their words
are `letters`'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from packshot.foundation.billing.projector import Known, OrderKnown, text
from packshot.ports.money import Money
from packshot.ports.payment_states import (
    CheckoutState,
    InvoiceLine,
    InvoiceState,
    PaymentState,
    SubscriptionState,
)

SOON = timedelta(days=3)
"""So long before its end a trial is spoken of."""
_RUNNING = ("trialing", "active", "past_due")
_BEGUN = ("active", "past_due", "unpaid", "paused", "cancelled")


@dataclass(frozen=True, slots=True)
class Due:
    key: str
    kind: str
    body: dict[str, Any]


def due(known: Known) -> list[Due]:
    """The letters that what is known implies and that were not posted before."""
    lines = (_plan_receipts, _pack_receipts, _failed, _owed, _trials, _cancelled, _ended, _scheduled)
    return [letter for line in lines for letter in line(known) if letter.key not in known.posted]


# What was paid.


def _plan_receipts(known: Known) -> Iterator[Due]:
    subscriptions = {s.ref: s for s in known.all(SubscriptionState)}
    for invoice in known.all(InvoiceState):
        subscription = subscriptions.get(invoice.subscription or "")
        if invoice.status != "paid" or subscription is None:
            continue
        body = {
            **_sums(invoice.number, invoice.total, invoice.tax, invoice.paid_at or invoice.created_at),
            "lines": [_line(known, line) for line in invoice.lines],
        }
        if invoice.reason == "change":
            now = _bought(known, subscription.price, subscription.quantity)
            yield Due(f"changed:{invoice.ref}", "billing.changed", body | {"plan": now})
        elif invoice.total.amount > 0:
            yield Due(f"receipt:{invoice.ref}", "billing.receipt", body)


def _line(known: Known, line: InvoiceLine) -> dict[str, Any]:
    """With the words of the provider for what is none of our prices."""
    return {
        "what": _bought(known, line.price, line.quantity) if line.price in known.prices else None,
        "proration": line.proration,
        "words": line.description,
        "amount": _money(line.amount),
    }


def _pack_receipts(known: Known) -> Iterator[Due]:
    told = known.keys()
    for order in known.orders.values():
        if f"pack:{order.id}" not in told:
            continue
        total, tax, number, at = _paid_for(known, order)
        item = _bought(known, order.price, order.credits // known.prices[order.price]["credits"])
        net = Money(total.amount - (tax.amount if tax else 0), total.currency)
        lines = [{"what": item, "proration": False, "words": "", "amount": _money(net)}]
        yield Due(
            f"receipt:order:{order.id}",
            "billing.topup" if order.kind == "topup" else "billing.pack",
            {**_sums(number, total, tax, at), "item": item, "lines": lines},
        )


def _paid_for(known: Known, order: OrderKnown) -> tuple[Money, Money | None, str | None, datetime]:
    """What was paid for a pack, the tax in it where that is known, the invoice's number, and when."""
    for invoice in known.all(InvoiceState):
        if invoice.order == order.id and invoice.status == "paid":
            return invoice.total, invoice.tax, invoice.number, invoice.paid_at or invoice.created_at
    payments = [p for p in known.all(PaymentState) if p.order == order.id and p.status == "succeeded"]
    at = payments[0].created_at if payments else known.now
    for checkout in known.all(CheckoutState):
        if checkout.order == order.id:
            return checkout.total, checkout.tax, None, at
    return payments[0].amount, None, None, at


def _failed(known: Known) -> Iterator[Due]:
    """A pack whose money was on its way and did not come; who is refused on the spot is told on the spot."""
    for checkout in known.all(CheckoutState):
        order = known.orders.get(checkout.order) if checkout.order else None
        failed = checkout.status == "complete" and checkout.payment_status == "failed"
        if failed and order is not None and order.kind == "pack":
            item = _bought(known, order.price, order.credits // known.prices[order.price]["credits"])
            yield Due(f"failed:order:{order.id}", "billing.failed", {"item": item})


# What is owed, and what ends.


def _owed(known: Known) -> Iterator[Due]:
    for subscription in known.all(SubscriptionState):
        since = subscription.past_due_since
        if subscription.status not in ("past_due", "unpaid") or since is None:
            continue
        invoices = [
            i
            for i in known.all(InvoiceState)
            if i.subscription == subscription.ref and i.status == "open" and i.due.amount > 0
        ]
        oldest = min(invoices, key=lambda i: (i.created_at, i.ref), default=None)
        grace = timedelta(days=known.prices[subscription.price]["grace_days"])
        body = {
            "plan": _bought(known, subscription.price, subscription.quantity),
            "until": text(since + grace),
            "due": _money(oldest.due) if oldest else None,
            "url": oldest.hosted_url if oldest else None,
        }
        yield Due(f"owed:{subscription.ref}:{text(since)}", "billing.owed", body)


def _trials(known: Known) -> Iterator[Due]:
    for subscription in known.all(SubscriptionState):
        end = subscription.trial_end
        if end is None:
            continue
        body = {
            "plan": _bought(known, subscription.price, subscription.quantity),
            "at": text(end),
            "price": _price(known, subscription),
            "interval": known.prices[subscription.price]["interval"],
        }
        if subscription.status == "trialing":
            if subscription.cancel_at is None and end - SOON <= known.now:
                yield Due(f"trial_soon:{subscription.ref}:{text(end)}", "billing.trial_soon", body)
        elif subscription.status in _BEGUN and (end <= known.now or _ended_in_trial(subscription)):
            goes_on = subscription.status in ("active", "past_due", "unpaid")
            yield Due(f"trial_ended:{subscription.ref}", "billing.trial_ended", body | {"goes_on": goes_on})


def _ended_in_trial(subscription: SubscriptionState) -> bool:
    ended, end = subscription.ended_at, subscription.trial_end
    return subscription.status == "cancelled" and ended is not None and end is not None and ended <= end


def _cancelled(known: Known) -> Iterator[Due]:
    """Odd letters of a subscription's line say that it was cancelled, even ones that it was taken back."""
    for subscription in known.all(SubscriptionState):
        if subscription.status not in _RUNNING:
            continue
        line = f"cancel:{subscription.ref}:"
        number = sum(key.startswith(line) for key in known.posted)
        cancelled = subscription.cancel_at is not None
        if cancelled == (number % 2 == 1):
            continue
        body = {
            "plan": _bought(known, subscription.price, subscription.quantity),
            "at": text(subscription.cancel_at or subscription.period_end),
        }
        yield Due(f"{line}{number + 1}", "billing.cancelled" if cancelled else "billing.resumed", body)


def _ended(known: Known) -> Iterator[Due]:
    """A plan that ran; what was never paid for is not spoken of, and of a trial its own letter tells."""
    paid = {i.subscription for i in known.all(InvoiceState) if i.status == "paid"}
    for subscription in known.all(SubscriptionState):
        over = subscription.status == "cancelled" and subscription.ref in paid
        if over and not _ended_in_trial(subscription):
            plan = _bought(known, subscription.price, subscription.quantity)
            at = text(subscription.ended_at or known.now)
            yield Due(f"ended:{subscription.ref}", "billing.ended", {"plan": plan, "at": at})


def _scheduled(known: Known) -> Iterator[Due]:
    for subscription in known.all(SubscriptionState):
        later = subscription.scheduled
        if later is None or subscription.status not in _RUNNING:
            continue
        key = f"scheduled:{subscription.ref}:{later.price}:{later.quantity}:{text(later.at)}"
        body = {
            "before": _bought(known, subscription.price, subscription.quantity),
            "plan": _bought(known, later.price, later.quantity),
            "at": text(later.at),
        }
        yield Due(key, "billing.scheduled", body)


# Parts.


def _sums(number: str | None, total: Money, tax: Money | None, at: datetime) -> dict[str, Any]:
    return {
        "number": number,
        "total": _money(total),
        "tax": None if tax is None else _money(tax),
        "at": text(at),
    }


def _price(known: Known, subscription: SubscriptionState) -> dict[str, Any]:
    """What a period costs, without tax."""
    terms = known.prices[subscription.price]
    return {"amount": terms["unit"] * subscription.quantity, "currency": terms["currency"]}


def _bought(known: Known, price: str | None, quantity: int) -> dict[str, Any]:
    terms = known.prices[price or ""]
    return {"item": terms["item"], "name": terms["name"], "quantity": quantity}


def _money(money: Money) -> dict[str, Any]:
    return {"amount": money.amount, "currency": money.currency}
