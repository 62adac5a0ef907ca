"""Stripe's objects as states of the port: pure, from plain values. What cannot be read: ValueError or KeyError."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from packshot.adapters.stripe.money import told
from packshot.adapters.stripe.prices import key_of
from packshot.ports.money import Money
from packshot.ports.payment_states import (
    CheckoutState,
    DisputeState,
    InvoiceLine,
    InvoiceState,
    PaymentState,
    RefundState,
    Scheduled,
    SubscriptionState,
)

ORDER = "packshot_order"
"""Where in metadata the id of the order, charge or change stands."""
KeyOf = Callable[[str], str]
"""Our key of a price's id."""

_SUBSCRIPTIONS: Mapping[str, Any] = {
    name: name
    for name in ("incomplete", "trialing", "active", "past_due", "unpaid", "paused", "incomplete_expired")
} | {"canceled": "cancelled"}
_REASONS: Mapping[str | None, Any] = {
    "subscription_create": "start",
    "subscription_cycle": "cycle",
    "subscription_update": "change",
}
_PAYMENTS: Mapping[str, Any] = {
    "requires_payment_method": "pending",
    "requires_confirmation": "pending",
    "requires_capture": "pending",
    "processing": "pending",
    "requires_action": "action_needed",
    "succeeded": "succeeded",
    "canceled": "cancelled",
}
_REFUNDS: Mapping[str, Any] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "cancelled",
}
_DISPUTES: Mapping[str, Any] = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "warning_closed": "prevented",
    "prevented": "prevented",
    "needs_response": "open",
    "under_review": "open",
    "won": "won",
    "lost": "lost",
    # An appeal is against a loss, which stands until the appeal is won.
    "appeal_needs_response": "lost",
    "appeal_under_review": "lost",
}
GIVEN_BACK = frozenset({"pending", "requires_action", "succeeded"})


def name_of(found: Any) -> str | None:
    """The id of what may be an id, a whole object, or nothing."""
    if found is None or isinstance(found, str):
        return found
    return str(found["id"])


def checkout(found: Mapping[str, Any], payment: str | None) -> CheckoutState:
    """A session with its payment intent expanded."""
    intent, currency = found.get("payment_intent"), found["currency"]
    total = told(found["amount_total"], currency)
    return CheckoutState(
        ref=found["id"],
        order=order_of(found),
        status=found["status"],
        payment_status=_paid(found, intent, total),
        customer=name_of(found.get("customer")),
        subscription=name_of(found.get("subscription")),
        payment=name_of(intent) or payment,
        invoice=name_of(found.get("invoice")),
        total=total,
        tax=told((found.get("total_details") or {}).get("amount_tax", 0), currency),
    )


def _paid(found: Mapping[str, Any], intent: Any, total: Money) -> Literal["unpaid", "paid", "free", "failed"]:
    if found["payment_status"] == "no_payment_required":
        return "free"
    if found["payment_status"] == "paid":
        return "paid" if total.amount else "free"
    gone = isinstance(intent, Mapping) and intent["status"] in ("requires_payment_method", "canceled")
    return "failed" if gone and found["status"] == "complete" else "unpaid"


def subscription(found: Mapping[str, Any], owed: Iterable[Mapping[str, Any]]) -> SubscriptionState:
    """With its schedule, cards and latest invoice expanded, and the invoices that are still owed."""
    item = found["items"]["data"][0]
    trial = found.get("trial_end")
    return SubscriptionState(
        ref=found["id"],
        customer=str(name_of(found["customer"])),
        order=order_of(found),
        status="incomplete" if _unpaid_yet(found) else _SUBSCRIPTIONS[found["status"]],
        price=key_of(item["price"]),
        quantity=item.get("quantity") or 1,
        anchor=moment(found["billing_cycle_anchor"]),
        period_start=moment(item["current_period_start"]),
        period_end=moment(item["current_period_end"]),
        trial_end=_maybe(trial),
        past_due_since=min((_due(each) for each in owed), default=None),
        cancel_at=_maybe(found.get("cancel_at")),
        ended_at=_maybe(found.get("ended_at")),
        scheduled=None,
        card=_card(found),
    )


def _unpaid_yet(found: Mapping[str, Any]) -> bool:
    """Money that takes days: Stripe lets the subscription run meanwhile, we do not before its first invoice is paid."""
    first = found.get("latest_invoice")
    return (
        found["status"] in ("active", "past_due", "unpaid")
        and isinstance(first, Mapping)
        and first.get("billing_reason") == "subscription_create"
        and first["status"] in ("draft", "open")
    )


def scheduled(found: Mapping[str, Any], after: datetime, key: KeyOf) -> Scheduled | None:
    """What a schedule makes of a subscription from a moment on."""
    for phase in found.get("phases") or ():
        if phase["start_date"] >= int(after.timestamp()) and phase["items"]:
            item = phase["items"][0]
            price = str(name_of(item["price"]))
            return Scheduled(key(price), item.get("quantity") or 1, moment(phase["start_date"]))
    return None


def invoice(found: Mapping[str, Any], key: KeyOf) -> InvoiceState:
    """With its payments expanded."""
    currency, moments = found["currency"], found.get("status_transitions") or {}
    taxes = sum(each["amount"] for each in found.get("total_taxes") or ())
    order = order_of(found)
    details = (found.get("parent") or {}).get("subscription_details") or {}
    if order is None and found.get("billing_reason") == "subscription_create":
        order = order_of(details)
    reason = _REASONS.get(found.get("billing_reason"), "pack" if order is not None else "other")
    return InvoiceState(
        ref=found["id"],
        customer=str(name_of(found["customer"])),
        subscription=name_of(details.get("subscription")),
        order=order,
        number=found.get("number"),
        status=found["status"],
        reason=reason,
        total=told(found["total"], currency),
        tax=told(taxes, currency),
        due=told(found["amount_remaining"] if found["status"] != "void" else 0, currency),
        created_at=moment(found["created"]),
        due_at=_maybe(found.get("due_date") or moments.get("finalized_at")),
        paid_at=_maybe(moments.get("paid_at")),
        next_attempt_at=_maybe(found.get("next_payment_attempt")),
        payment=payment_of(found),
        lines=tuple(_line(each, key) for each in found["lines"]["data"]),
        hosted_url=found.get("hosted_invoice_url"),
        pdf_url=found.get("invoice_pdf"),
    )


def payment_of(found: Mapping[str, Any]) -> str | None:
    """The payment intent that paid an invoice, or that tries to."""
    known = (found.get("payments") or {}).get("data") or []
    best = sorted(
        known, key=lambda each: (each["status"] == "paid", bool(each.get("is_default")), each["created"])
    )
    return name_of(best[-1]["payment"].get("payment_intent")) if best else None


def _line(found: Mapping[str, Any], key: KeyOf) -> InvoiceLine:
    parent = found.get("parent") or {}
    details = parent.get(parent.get("type") or "") or {}
    price = ((found.get("pricing") or {}).get("price_details") or {}).get("price")
    return InvoiceLine(
        description=found.get("description") or "",
        amount=told(found["amount"], found["currency"]),
        quantity=found.get("quantity") or 1,
        price=None if price is None else key(str(name_of(price))),
        period_start=moment(found["period"]["start"]),
        period_end=moment(found["period"]["end"]),
        proration=bool(details.get("proration")),
    )


def payment(
    found: Mapping[str, Any],
    billed: InvoiceState | None,
    refunds: Iterable[RefundState],
    *,
    page_open: bool = False,
) -> PaymentState:
    """A payment intent with its invoice and refunds. `page_open`: the person can still type another card in."""
    error = found.get("last_payment_error") or None
    status = _PAYMENTS[found["status"]]
    if error is not None and status in ("pending", "cancelled") and found["status"] != "processing":
        status = "pending" if page_open else "failed"
    order = order_of(found)
    if order is None and billed is not None and billed.subscription is None:
        order = billed.order
    redirect = (found.get("next_action") or {}).get("redirect_to_url") or {}
    action = redirect.get("url") or (billed.hosted_url if billed else None)
    return PaymentState(
        ref=found["id"],
        customer=name_of(found.get("customer")),
        order=order,
        invoice=billed.ref if billed else None,
        status=status,
        amount=told(found["amount"], found["currency"]),
        refunded=sum(each.amount.amount for each in refunds if each.status in ("pending", "succeeded")),
        created_at=moment(found["created"]),
        failure=_failure(error) if error is not None and status == "failed" else None,
        action_url=action if status == "action_needed" else None,
    )


def _failure(error: Mapping[str, Any]) -> str:
    code, decline = error.get("code") or "", error.get("decline_code") or ""
    if "authentication" in code or "authentication" in decline:
        return "authentication"
    if "expired_card" in (code, decline):
        return "expired"
    return "declined" if code == "card_declined" else "other"


def refund(found: Mapping[str, Any], payment_ref: str) -> RefundState:
    return RefundState(
        ref=found["id"],
        payment=payment_ref,
        status=_REFUNDS[found["status"]],
        amount=told(found["amount"], found["currency"]),
        created_at=moment(found["created"]),
    )


def dispute(found: Mapping[str, Any], payment_ref: str) -> DisputeState:
    amount = told(found["amount"], found["currency"])
    # Booked in the account's own currency, which need not be the payment's: then the whole claim counts.
    booked = found.get("balance_transactions") or []
    if all(each["currency"] == found["currency"] for each in booked):
        taken = max(0, -told(sum(each["amount"] for each in booked), found["currency"]).amount)
    else:
        taken = amount.amount if sum(each["amount"] for each in booked) < 0 else 0
    return DisputeState(
        ref=found["id"],
        payment=payment_ref,
        status=_DISPUTES[found["status"]],
        amount=amount,
        withdrawn=taken,
        reason=found["reason"],
        created_at=moment(found["created"]),
        evidence_due_at=_maybe((found.get("evidence_details") or {}).get("due_by")),
    )


def order_of(found: Mapping[str, Any]) -> UUID | None:
    """Our id in an object's metadata; None for what somebody else made."""
    try:
        return UUID((found.get("metadata") or {})[ORDER])
    except (KeyError, ValueError):
        return None


def _card(found: Mapping[str, Any]) -> str | None:
    method = found.get("default_payment_method")
    owner = found["customer"]
    if method is None and isinstance(owner, Mapping):
        method = (owner.get("invoice_settings") or {}).get("default_payment_method")
    if not isinstance(method, Mapping):
        return None
    details = method.get(method["type"]) or {}
    return " ".join(each for each in (details.get("brand") or method["type"], details.get("last4")) if each)


def _due(found: Mapping[str, Any]) -> datetime:
    return moment(
        found.get("due_date") or found["status_transitions"].get("finalized_at") or found["created"]
    )


def moment(seconds: int) -> datetime:
    """A time of Stripe's."""
    return datetime.fromtimestamp(seconds, UTC)


def _maybe(seconds: int | None) -> datetime | None:
    return None if not seconds else moment(seconds)
