"""Payment intents and charges: one attempt after the other until the money is there."""

from __future__ import annotations

from typing import Any

import stripe.params as forms

from tests.fakes.stripe import customers
from tests.fakes.stripe.cards import OWN_CODES
from tests.fakes.stripe.errors import card_error, invalid
from tests.fakes.stripe.routes import page, route
from tests.fakes.stripe.shapes import shaped
from tests.fakes.stripe.world import Object, World

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


@route("POST", "payment_intents", forms.PaymentIntentCreateParams)
def create(world: World, params: Object) -> Object:
    if params["amount"] < 1:
        raise invalid("Amount must be at least 1.", "amount_too_small", "amount")
    found = intent(
        world, params["amount"], params["currency"], params.get("customer"), params.get("metadata") or {}
    )
    found["description"] = params.get("description")
    found["setup_future_usage"] = params.get("setup_future_usage")
    if name := params.get("payment_method"):
        found["payment_method"] = customers.attach(world, name, params["customer"])["id"]
        found["status"] = "requires_confirmation"
    if params.get("confirm"):
        attempt(world, found, off_session=bool(params.get("off_session")))
        raise_declined(found)
    return found


@route("GET", "payment_intents", forms.PaymentIntentListParams)
def several(world: World, params: Object) -> Object:
    wanted = {"customer": params["customer"]} if "customer" in params else {}
    return page(world, "payment_intents", world.all("payment_intent", **wanted), params)


@route("GET", "payment_intents/{}")
def one(world: World, name: str, params: Object) -> Object:
    return world.get("payment_intent", name)


@route("POST", "payment_intents/{}/confirm", forms.PaymentIntentConfirmParams)
def confirm(world: World, name: str, params: Object) -> Object:
    found = world.get("payment_intent", name)
    if found["status"] not in OPEN:
        raise invalid("This PaymentIntent cannot be confirmed.", "payment_intent_unexpected_state")
    if method := params.get("payment_method"):
        found["payment_method"] = customers.attach(world, method, found["customer"])["id"]
    attempt(world, found, off_session=bool(params.get("off_session")))
    raise_declined(found)
    return found


@route("POST", "payment_intents/{}/cancel", forms.PaymentIntentCancelParams)
def cancel(world: World, name: str, params: Object) -> Object:
    found = world.get("payment_intent", name)
    if found.get("_invoice"):
        raise invalid("You cannot cancel a PaymentIntent of an invoice.", "payment_intent_unexpected_state")
    return cancelled(world, found, params.get("cancellation_reason"))


@route("GET", "charges/{}")
def charge(world: World, name: str, params: Object) -> Object:
    return world.get("charge", name)


def intent(
    world: World, amount: int, currency: str, customer: str | None, metadata: Object, **hidden: Any
) -> Object:
    """A payment that nobody has tried yet."""
    found = world.add(
        "payment_intent",
        amount=amount,
        amount_capturable=0,
        amount_received=0,
        capture_method="automatic",
        confirmation_method="automatic",
        created=world.now(customer),
        currency=currency,
        customer=customer,
        livemode=False,
        metadata=dict(metadata),
        payment_method_types=["card"],
        status="requires_payment_method",
        **hidden,
    )
    found["client_secret"] = f"{found['id']}_secret_fake"
    world.emit("payment_intent.created", found)
    return found


def cancelled(world: World, found: Object, reason: str | None) -> Object:
    if found["status"] not in (*OPEN, "processing"):
        raise invalid("This PaymentIntent cannot be canceled.", "payment_intent_unexpected_state")
    found |= {
        "status": "canceled",
        "canceled_at": world.now(found["customer"]),
        "cancellation_reason": reason,
        "next_action": None,
    }
    world.emit("payment_intent.canceled", found)
    return found


def attempt(world: World, found: Object, *, off_session: bool, first: bool = False) -> None:
    """Try the intent's card. `first`: the page on which the card was typed in."""
    method = world.objects.get(found["payment_method"] or "")
    if method is None:
        raise invalid("There is no payment method.", "payment_intent_missing_payment_method")
    card = customers.behaviour(method)
    found["last_payment_error"] = found["next_action"] = None
    authenticates = card.authenticate == "always" or (
        card.authenticate == "setup" and not method.get("_known")
    )
    decline = card.decline or (None if first else card.later)
    if authenticates and off_session and not found.get("_invoice"):
        _declined(world, found, "authentication_required", "authentication_required")
    elif authenticates:
        _ask_bank(world, found)
    elif decline:
        _declined(world, found, decline if decline in OWN_CODES else "card_declined", decline)
    elif card.delayed:
        found["status"] = "processing"
        world.emit("payment_intent.processing", found)
    else:
        _succeeded(world, found)


def authenticated(world: World, found: Object, *, passed: bool) -> None:
    """The bank's page was answered."""
    if found["status"] != "requires_action":
        raise invalid("Nothing is to be authenticated.", "payment_intent_unexpected_state")
    found["next_action"] = None
    if passed:
        world.objects[found["payment_method"]]["_known"] = True
        _succeeded(world, found)
    else:
        _declined(world, found, "payment_intent_authentication_failure", None)
        found["payment_method"] = None
    _tell_owner(world, found)


def cleared(world: World, found: Object) -> None:
    """Days later: the bank says whether the money comes."""
    card = customers.behaviour(world.objects[found["payment_method"]])
    if card.delayed == "succeeds":
        _succeeded(world, found)
    else:
        _declined(world, found, "payment_intent_payment_attempt_failed", None)
    _tell_owner(world, found)


def raise_declined(found: Object) -> None:
    """What a request is answered whose attempt was declined."""
    if error := found["last_payment_error"]:
        raise card_error(error["message"], error["code"], error.get("decline_code"), shaped(found))


def _ask_bank(world: World, found: Object) -> None:
    found["status"] = "requires_action"
    # Where no return_url was given, as for invoices, the action is for Stripe's own script; our page knows the way.
    found["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
    world.emit("payment_intent.requires_action", found)


def _declined(world: World, found: Object, code: str, decline: str | None) -> None:
    failed = _charge(world, found, "failed")
    failed |= {
        "failure_code": code,
        "failure_message": "Your card was declined.",
        "paid": False,
        "captured": False,
    }
    failed |= {"amount_captured": 0}
    found |= {
        "status": "requires_payment_method",
        "latest_charge": failed["id"],
        "last_payment_error": {
            "type": "card_error",
            "code": code,
            "decline_code": decline,
            "message": "Your card was declined.",
            "charge": failed["id"],
        },
    }
    world.emit("charge.failed", failed)
    world.emit("payment_intent.payment_failed", found)


def _succeeded(world: World, found: Object) -> None:
    paid = _charge(world, found, "succeeded")
    found |= {
        "status": "succeeded",
        "amount_received": found["amount"],
        "latest_charge": paid["id"],
        "last_payment_error": None,
    }
    world.emit("charge.succeeded", paid)
    world.emit("payment_intent.succeeded", found)
    if kind := customers.behaviour(world.objects[found["payment_method"]]).dispute:
        from tests.fakes.stripe import reversals

        reversals.dispute(world, paid, inquiry=kind == "inquiry")


def _charge(world: World, found: Object, status: str) -> Object:
    return world.add(
        "charge",
        amount=found["amount"],
        amount_captured=found["amount"],
        amount_refunded=0,
        billing_details={},
        captured=True,
        created=world.now(found["customer"]),
        currency=found["currency"],
        customer=found["customer"],
        disputed=False,
        livemode=False,
        metadata=dict(found["metadata"]),
        paid=True,
        payment_intent=found["id"],
        payment_method=found["payment_method"],
        refunded=False,
        status=status,
    )


def _tell_owner(world: World, found: Object) -> None:
    """What waited for this payment goes on."""
    from tests.fakes.stripe import checkout, invoices

    if found.get("_session"):
        checkout.settled(world, found)
    elif found.get("_invoice"):
        invoices.settled(world, found)
