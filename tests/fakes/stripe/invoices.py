"""Invoices: drafted, finalized, paid or not, and told about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.fakes.stripe import customers, lines, payments
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.routes import EXPANDS
from tests.fakes.stripe.world import Object, World, listed

HOUR, DAY = 3600, 86400


def subscription_of(found: Object) -> str | None:
    details = (found.get("parent") or {}).get("subscription_details")
    return details["subscription"] if details else None


def draft(
    world: World,
    customer: str,
    rows: Sequence[Object],
    reason: str,
    *,
    currency: str,
    taxed: bool,
    subscription: Object | None = None,
    coupon: Object | None = None,
    period: tuple[int, int] | None = None,
    proration_date: int | None = None,
    **more: Any,
) -> Object:
    """An invoice that can still change."""
    at = world.now(customer)
    parent = None
    if subscription is not None:
        details: Object = {"subscription": subscription["id"], "metadata": dict(subscription["metadata"])}
        if proration_date is not None:
            details["subscription_proration_date"] = proration_date
        parent = {"type": "subscription_details", "subscription_details": details}
    owner = world.objects[customer]
    found = world.add(
        "invoice",
        account_country="DE",
        account_name="Fake",
        amount_overpaid=0,
        amount_shipping=0,
        attempt_count=0,
        attempted=False,
        automatic_tax={"enabled": taxed, "status": "complete" if taxed else None},
        billing_reason=reason,
        collection_method="charge_automatically",
        created=at,
        currency=currency,
        customer=customer,
        customer_email=owner["email"],
        customer_name=owner["name"],
        customer_address=owner["address"],
        customer_tax_exempt=owner["tax_exempt"],
        customer_tax_ids=[],
        default_tax_rates=[],
        discounts=[],
        issuer={"type": "self"},
        livemode=False,
        parent=parent,
        payment_settings={},
        period_start=period[0] if period else at,
        period_end=period[1] if period else at,
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        starting_balance=owner["balance"],
        status="draft",
        status_transitions={},
        test_clock=owner["test_clock"],
        **({"metadata": {}, "auto_advance": True} | more),
        _lines=list(rows),
        _coupon=coupon,
        _at=None,
    )
    total_up(world, found)
    world.emit("invoice.created", found)
    return found


def total_up(world: World, found: Object) -> None:
    """Its sums, from its lines."""
    taxed = found["automatic_tax"]["enabled"]
    for each in found["_lines"]:
        each.setdefault("id", f"il_{id(each):x}{len(found['_lines'])}")
        each["invoice"] = found["id"]
    if found["_lines"]:
        found["currency"] = found["_lines"][0]["currency"]
    found |= lines.reckon(
        found["_lines"], found["_coupon"], customers.country(world, found["customer"]), taxed=taxed
    )
    due, balance = found["total"], found["starting_balance"]
    owed = due + balance
    found |= {"amount_due": max(0, owed), "amount_remaining": max(0, owed), "amount_paid": 0}
    found["_balance"] = min(0, owed)
    found["ending_balance"] = None
    found["lines"] = listed(found["_lines"], f"/v1/invoices/{found['id']}/lines")


def finalize(world: World, found: Object) -> None:
    """From now on it is owed. Without a place to tax it stays a draft."""
    if found["status"] != "draft":
        raise invalid("This invoice is already finalized.", "invoice_already_finalized")
    customer = world.objects[found["customer"]]
    at = world.now(customer["id"])
    found["automatically_finalizes_at"] = None
    if found["automatic_tax"]["enabled"] and customers.country(world, customer["id"]) is None:
        found["automatic_tax"] = {"enabled": True, "status": "requires_location_inputs"}
        found["last_finalization_error"] = {
            "type": "invalid_request_error",
            "code": "customer_tax_location_invalid",
            "message": "The customer's location isn't recognized.",
        }
        world.emit("invoice.finalization_failed", found)
        return
    found["starting_balance"] = customer["balance"]
    total_up(world, found)
    customer["balance"] = found["ending_balance"] = found["_balance"]
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    found |= {
        "status": "open",
        "number": number,
        "effective_at": at,
        "hosted_invoice_url": f"{world.url()}/invoice/{found['id']}",
        "invoice_pdf": f"{world.url()}/invoice/{found['id']}/pdf",
    }
    found["status_transitions"] = found["status_transitions"] | {"finalized_at": at}
    world.emit("invoice.finalized", found)
    if found["amount_due"] == 0:
        _paid(world, found)


def pay(
    world: World, found: Object, method: str | None = None, *, off_session: bool, first: bool = False
) -> Object | None:
    """Try to collect it once: the payment intent, or None where there is nothing to pay or no card."""
    if found["status"] != "open":
        return None
    subscription = world.objects.get(subscription_of(found) or "")
    if method is None:
        card = world.objects.get(found.get("default_payment_method") or "")
        card = card or customers.default_card(world, found["customer"], subscription)
        method = card["id"] if card else None
    found["attempted"] = True
    found["attempt_count"] += 1
    if method is None:
        _failed(world, found)
        return None
    intent = _intent(world, found)
    intent["payment_method"] = method
    payments.attempt(world, intent, off_session=off_session, first=first)
    settled(world, intent)
    return intent


def paid_by(world: World, found: Object, intent: Object) -> None:
    """A payment that was made on a page before there was an invoice becomes the invoice's."""
    intent["_invoice"], found["_intent"] = found["id"], intent["id"]
    _link(world, found, intent)
    settled(world, intent)


def settled(world: World, intent: Object) -> None:
    """What became of a payment is carried over to its invoice."""
    found = world.objects[intent["_invoice"]]
    if found["status"] in ("paid", "void"):
        return
    if intent["status"] == "succeeded":
        _paid(world, found, intent)
    elif intent["status"] == "requires_action":
        world.emit("invoice.payment_action_required", found)
        _failed(world, found)
    elif intent["status"] == "requires_payment_method":
        _failed(world, found)


def void(world: World, found: Object) -> Object:
    from tests.fakes.stripe import changes

    if found["status"] not in ("open", "uncollectible"):
        raise invalid("You can only void an open invoice.", "invoice_not_voidable")
    intent = world.objects.get(found.get("_intent") or "")
    if intent is not None and intent["status"] in payments.OPEN:
        payments.cancelled(world, intent, "void_invoice")
    found |= {"status": "void", "next_payment_attempt": None, "amount_remaining": 0}
    found["status_transitions"] = found["status_transitions"] | {"voided_at": world.now(found["customer"])}
    world.emit("invoice.voided", found)
    subscription = world.objects.get(subscription_of(found) or "")
    if (
        subscription
        and subscription.get("pending_update")
        and subscription["_pending"]["invoice"] == found["id"]
    ):
        changes.expire_pending(world, subscription)
    return found


def _intent(world: World, found: Object) -> Object:
    intent = world.objects.get(found.get("_intent") or "")
    if intent is None or intent["status"] == "canceled":
        intent = payments.intent(
            world, found["amount_due"], found["currency"], found["customer"], {}, _invoice=found["id"]
        )
        found["_intent"] = intent["id"]
        _link(world, found, intent)
    return intent


def _link(world: World, found: Object, intent: Object) -> None:
    payment = world.add(
        "invoice_payment",
        amount_requested=found["amount_due"],
        created=intent["created"],
        currency=found["currency"],
        invoice=found["id"],
        is_default=True,
        livemode=False,
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        status="open",
        status_transitions={},
    )
    intent["_payment"] = payment["id"]


def _paid(world: World, found: Object, intent: Object | None = None) -> None:
    from tests.fakes.stripe import subscriptions

    at = world.now(found["customer"])
    found |= {
        "status": "paid",
        "amount_paid": found["amount_due"],
        "amount_remaining": 0,
        "attempted": True,
        "next_payment_attempt": None,
    }
    found["status_transitions"] = found["status_transitions"] | {"paid_at": at}
    if intent is not None:
        payment = world.objects[intent["_payment"]]
        payment |= {
            "status": "paid",
            "amount_paid": found["amount_due"],
            "status_transitions": {"paid_at": at},
        }
        world.emit("invoice_payment.paid", payment)
    world.emit("invoice.paid", found)
    world.emit("invoice.payment_succeeded", found)
    subscriptions.invoice_paid(world, found)


def _failed(world: World, found: Object) -> None:
    from tests.fakes.stripe import subscriptions

    tries = found["attempt_count"] - 1
    again = found["auto_advance"] and found["billing_reason"] == "subscription_cycle"
    found["next_payment_attempt"] = (
        world.now(found["customer"]) + world.retries[tries] * DAY
        if again and tries < len(world.retries)
        else None
    )
    world.emit("invoice.payment_failed", found)
    subscriptions.invoice_failed(world, found)


EXPANDS["invoice", "payments"] = lambda world, found: listed(
    list(world.all("invoice_payment", invoice=found["id"])), f"/v1/invoices/{found['id']}/payments"
)
