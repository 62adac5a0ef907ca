"""A change of a plan: what exactly is asked of the provider, and what became of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from packshot.db.tenancy import Actor
from packshot.errors import Invalid, NotFound
from packshot.foundation.billing.contracts import ChangeAsked
from packshot.foundation.billing.errors import Declined
from packshot.foundation.billing.months import month_at
from packshot.foundation.billing.naming import name_of
from packshot.foundation.billing.plans import offers
from packshot.foundation.billing.queries import standing
from packshot.ports.payment_states import InvoiceState, PaymentState, Seen, SubscriptionState
from packshot.ports.payments import Change, sight


def change_asked(actor: Actor, price: str, quantity: int, at: datetime | None) -> ChangeAsked:
    """The change as it would be made: upgrades now, downgrades with the next period. Raises NotFound and Invalid."""
    offer, found = offers().get(price), standing(actor)
    subscription = found.subscription
    if offer is None or offer.kind != "plan":
        raise NotFound("This is not sold any more.")
    if subscription is None or subscription.status not in ("active", "trialing"):
        raise NotFound("There is no running plan that could be changed.")
    most: int = offer.terms["most"]
    if not 1 <= quantity <= most:
        raise Invalid(f"From 1 to {most} seats can be bought.")
    old = found.terms
    if (price, quantity) == (subscription.price, subscription.quantity):
        raise Invalid("That is the plan you have.")
    upwards = (offer.terms["rank"], offer.price.interval == "year", quantity) > (
        old["rank"],
        old["interval"] == "year",
        subscription.quantity,
    )
    return ChangeAsked(
        subscription=subscription.ref,
        price=offer.price,
        quantity=quantity,
        when="now" if upwards else "period_end",
        # Whole seconds, as providers count: what is previewed and what is paid are of the same moment.
        at=max((at or found.now).replace(microsecond=0), subscription.period_start),
        now=found.now,
        plan_before=name_of(old["item"], old["name"]),
        plan_after=name_of(offer.price.item, offer.price.name),
        before=old["credits"] * (subscription.quantity if old["per_seat"] else 1),
        after=offer.terms["credits"] * (quantity if offer.terms["per_seat"] else 1),
        seats_after=offer.terms["seats"] * (quantity if offer.terms["per_seat"] else 1),
        anchor=found.anchor or _anchor(subscription),
        seen=sight(subscription),
    )


def _anchor(subscription: SubscriptionState) -> datetime:
    """From where the months of the running period are counted, where what it brought was taken back and no terms say so
    any more; as `projector` counts them."""
    start = subscription.period_start
    begins = subscription.anchor <= start and month_at(subscription.anchor, start).start == start
    return subscription.anchor if begins else start


def as_change(asked: ChangeAsked, act: UUID, seen: str | None) -> Change:
    """In the port's words; `seen` is what its preview had seen, None for a preview."""
    return Change(act, asked.subscription, asked.price, asked.quantity, asked.when, asked.at, seen)


def outcome(seen: Seen, act: UUID) -> str | None:
    """Where the person must go for the change to happen; None when it is done. Raises Declined."""
    mine = {s.ref: s for s in seen.states if isinstance(s, InvoiceState) and s.order == act}
    for payment in seen.states:
        if not isinstance(payment, PaymentState) or payment.invoice not in mine:
            continue
        if payment.status == "action_needed":
            return payment.action_url or mine[payment.invoice].hosted_url
        if payment.status == "failed":
            raise Declined("The card was declined. The plan stays as it was and nothing was charged.")
    return None
