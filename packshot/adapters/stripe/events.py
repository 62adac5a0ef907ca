"""Stripe's messages: which there are for us, whether one is genuine, and what it is about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import stripe
from pydantic import SecretStr

from packshot.ports.payment_states import Kind, Notice
from packshot.ports.payments import Forged

TOLERANCE_S: Final = 300
"""So old, or so far ahead of us, may a message be."""

EVENTS: Final = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.refund.updated",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "invoice.finalization_failed",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.overdue",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.updated",
    "invoice.voided",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "subscription_schedule.canceled",
    "subscription_schedule.released",
    "subscription_schedule.updated",
)
"""What we follow, and what a webhook endpoint should send; whatever else comes is stored and ignored."""

_ITSELF: Final = {
    "checkout.session": Kind.CHECKOUT,
    "subscription": Kind.SUBSCRIPTION,
    "invoice": Kind.INVOICE,
    "payment_intent": Kind.PAYMENT,
    "refund": Kind.REFUND,
    "dispute": Kind.DISPUTE,
}
_OF_ANOTHER: Final = {
    "charge": (Kind.PAYMENT, ("payment_intent",)),
    "subscription_schedule": (Kind.SUBSCRIPTION, ("subscription", "released_subscription")),
}


def verified(secrets: Sequence[SecretStr], header: str | None, body: bytes, now: datetime) -> Notice:
    """A message that one of our secrets signed a moment ago; while a secret is changed there are two. Raises Forged."""
    if not secrets:
        raise Forged("no webhook secret is set")
    if not header or not _signed(secrets, header, body):
        raise Forged("the signature is not Stripe's")
    if abs(now.timestamp() - _stamp(header)) > TOLERANCE_S:
        raise Forged("the message is too old")
    try:
        return notice(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Forged("the message is not an event") from error


def notice(event: Mapping[str, Any]) -> Notice:
    """What an event is about. Raises KeyError, TypeError, ValueError for what is none."""
    if event["object"] != "event":
        raise ValueError("not an event")
    kind, ref = _about(event["data"]["object"]) if event["type"] in EVENTS else (None, None)
    return Notice(
        id=event["id"],
        type=event["type"],
        kind=kind if ref else None,
        ref=ref,
        created_at=datetime.fromtimestamp(event["created"], UTC),
        account=event.get("account"),
        livemode=event["livemode"],
        version=event.get("api_version"),
    )


def _about(found: Mapping[str, Any]) -> tuple[Kind | None, str | None]:
    name = found.get("object") or ""
    if name in _ITSELF:
        return _ITSELF[name], found.get("id")
    kind, places = _OF_ANOTHER.get(name, (None, ()))
    return kind, next((found[each] for each in places if found.get(each)), None)


def _signed(secrets: Sequence[SecretStr], header: str, body: bytes) -> bool:
    for secret in secrets:
        try:
            # Without a tolerance: how old it is, is judged by the caller's time and not by this machine's.
            stripe.WebhookSignature.verify_header(body, header, secret.get_secret_value(), None)
        except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):
            continue
        return True
    return False


def _stamp(header: str) -> int:
    """When it was signed; the signature over it was right, so it can be read."""
    return next(int(each.split("=")[1]) for each in header.split(",") if each.startswith("t="))
