"""Money that goes back: refunds and disputes."""

from __future__ import annotations

import stripe.params as forms

from tests.fakes.stripe import customers
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.routes import page, route
from tests.fakes.stripe.world import Object, World

GIVEN_BACK = ("succeeded", "pending", "requires_action")
WEEK = 7 * 86400


@route("POST", "refunds", forms.RefundCreateParams)
def create(world: World, params: Object) -> Object:
    if name := params.get("charge"):
        charge = world.get("charge", name)
    else:
        intent = world.get("payment_intent", params.get("payment_intent"))
        charge = world.objects.get(intent.get("latest_charge") or "", {"status": "none"})
    if charge["status"] != "succeeded":
        raise invalid("This charge was not paid and cannot be refunded.", "charge_not_refundable")
    if any(
        each["status"] in ("needs_response", "lost") for each in world.all("dispute", charge=charge["id"])
    ):
        raise invalid("This charge has been charged back.", "charge_disputed")
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if left == 0:
        raise invalid("The charge has already been refunded.", "charge_already_refunded")
    if not 0 < amount <= left:
        raise invalid(
            f"Refund amount is greater than unrefunded amount ({left}).", "amount_too_large", "amount"
        )
    status = world.next_refunds.pop(0) if world.next_refunds else "succeeded"
    found = world.add(
        "refund",
        amount=amount,
        charge=charge["id"],
        created=world.now(charge["customer"]),
        currency=charge["currency"],
        customer=charge["customer"],
        metadata=params.get("metadata") or {},
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        reason=params.get("reason"),
        status=status,
        pending_reason="processing" if status == "pending" else None,
    )
    _count(world, charge)
    world.emit("refund.created", found)
    world.emit("charge.refunded", charge)
    method = world.objects.get(charge["payment_method"] or "")
    if method and customers.behaviour(method).refund_fails:
        finish(world, found, "failed")
    return found


@route("GET", "refunds", forms.RefundListParams)
def several(world: World, params: Object) -> Object:
    wanted = {name: params[name] for name in ("charge", "payment_intent") if name in params}
    return page(world, "refunds", world.all("refund", **wanted), params)


@route("GET", "refunds/{}")
def one(world: World, name: str, params: Object) -> Object:
    return world.get("refund", name)


def finish(world: World, found: Object, status: str) -> None:
    """Later: the bank took it (`succeeded`), or sent it back (`failed`)."""
    found |= {"status": status, "pending_reason": None}
    if status == "failed":
        found["failure_reason"] = "expired_or_canceled_card"
    _count(world, world.objects[found["charge"]])
    world.emit("refund.updated", found)
    world.emit("charge.refund.updated", found)
    if status == "failed":
        world.emit("refund.failed", found)


def _count(world: World, charge: Object) -> None:
    back = sum(
        each["amount"] for each in world.all("refund", charge=charge["id"]) if each["status"] in GIVEN_BACK
    )
    charge |= {"amount_refunded": back, "refunded": back == charge["amount"]}


@route("GET", "disputes", forms.DisputeListParams)
def disputes(world: World, params: Object) -> Object:
    wanted = {name: params[name] for name in ("charge", "payment_intent") if name in params}
    return page(world, "disputes", world.all("dispute", **wanted), params)


@route("GET", "disputes/{}")
def one_dispute(world: World, name: str, params: Object) -> Object:
    return world.get("dispute", name)


def dispute(world: World, charge: Object, *, inquiry: bool = False, amount: int | None = None) -> Object:
    """A bank asks, or takes the money at once."""
    at = world.now(charge["customer"])
    found = world.add(
        "dispute",
        amount=charge["amount"] if amount is None else amount,
        balance_transactions=[],
        charge=charge["id"],
        created=at,
        currency=charge["currency"],
        _customer=charge["customer"],
        enhanced_eligibility_types=[],
        evidence={"enhanced_evidence": {}},
        evidence_details={
            "due_by": at + WEEK,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
            "enhanced_eligibility": {},
        },
        is_charge_refundable=inquiry,
        livemode=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        reason="fraudulent",
        status="warning_needs_response" if inquiry else "needs_response",
    )
    charge["disputed"] = True
    world.emit("charge.dispute.created", found)
    if not inquiry:
        withdraw(world, found)
    return found


def escalate(world: World, found: Object) -> None:
    """An inquiry becomes a dispute."""
    found |= {"status": "needs_response", "is_charge_refundable": False}
    world.emit("charge.dispute.updated", found)
    withdraw(world, found)


def close(world: World, found: Object, *, won: bool) -> None:
    """The bank has decided; what was won comes back."""
    if found["status"].startswith("warning"):
        found["status"] = "warning_closed"
        world.emit("charge.dispute.closed", found)
        return
    found["status"] = "won" if won else "lost"
    world.emit("charge.dispute.closed", found)  # also of one that was lost: the bank thinks again
    if won:
        reinstate(world, found)


def withdraw(world: World, found: Object) -> None:
    _book(world, found, -found["amount"], 1500)
    world.emit("charge.dispute.funds_withdrawn", found)


def reinstate(world: World, found: Object) -> None:
    """The money comes back; of a lost dispute too, when the bank thinks again."""
    _book(world, found, found["amount"], 0)
    world.emit("charge.dispute.funds_reinstated", found)


def _book(world: World, found: Object, amount: int, fee: int) -> None:
    at = world.now(world.objects[found["charge"]]["customer"])
    found["balance_transactions"].append(
        world.add(
            "balance_transaction",
            amount=amount,
            available_on=at,
            balance_type="payments",
            created=at,
            currency=found["currency"],
            fee=fee,
            fee_details=[],
            net=amount - fee,
            reporting_category="dispute" if amount < 0 else "dispute_reversal",
            source=found["id"],
            status="available",
            type="adjustment",
        )
    )
