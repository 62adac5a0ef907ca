"""Every read on billing. What is owed and paid is for owners and admins; what one may do is for every member."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from packshot.db.sql import call, rows
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import NotFound
from packshot.foundation.billing import providers
from packshot.foundation.billing.contracts import Entitlement, OrderView, Standing
from packshot.foundation.billing.models import Customer, Fact, Order, Record
from packshot.foundation.billing.models import Price as PriceRow
from packshot.foundation.billing.naming import name_of
from packshot.foundation.billing.plans import Offer, offers
from packshot.foundation.billing.states import load
from packshot.ports.money import Money
from packshot.ports.payment_states import InvoiceState, SubscriptionState
from packshot.ports.payments import Ability, Price

_LOUD = ("trialing", "past_due", "unpaid")
_OVER = ("cancelled", "incomplete", "incomplete_expired")


def entitlement(actor: Actor) -> Entitlement:
    """What the actor's organization may do now. Raises Forbidden for somebody who is no member."""
    with acting_as(actor):
        return _entitlement(rows("billing_my_entitlement_v1")[0])


def standing(actor: Actor) -> Standing:
    """The plan and what it costs. Raises Forbidden for members who look after no money."""
    with acting_as(actor):
        call("billing_require_payer_v1")
        mine = Record.objects.filter(organization_id=actor.organization_id)
        subscriptions = [_subscription(r) for r in mine.filter(kind="subscription")]
        running = sorted((s for s in subscriptions if s.status not in _OVER), key=lambda s: (s.anchor, s.ref))
        subscription = running[0] if running else None
        invoices = _invoices(mine)
        price = PriceRow.objects.filter(key=subscription.price).first() if subscription else None
        told = (
            Fact.objects.filter(organization_id=actor.organization_id, key__startswith="terms:")
            .order_by("-number")
            .first()
        )
        now: datetime = call("app.now")
        # Terms that are over were fallen back to, after money that went back: they say nothing of the period that runs.
        terms = told.body if told and told.body["until"] and _moment(told.body["until"]) > now else None
        return Standing(
            now=now,
            entitlement=_entitlement(rows("billing_my_entitlement_v1")[0]),
            subscription=subscription,
            terms=price.terms | {"item": price.item, "interval": price.interval} if price else {},
            unit=Money(price.unit, price.currency) if price else None,
            anchor=_moment(terms["anchor"]) if terms else None,
            open_invoice=next((i for i in invoices if i.status == "open" and i.due.amount > 0), None),
            customer=Customer.objects.filter(organization_id=actor.organization_id)
            .values_list("ref", flat=True)
            .first(),
        )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def unended(actor: Actor) -> list[str]:
    """The refs of subscriptions that have not ended, whatever their status was when they were last seen. Raises
    Forbidden as `standing` does."""
    with acting_as(actor):
        call("billing_require_payer_v1")
        mine = Record.objects.filter(organization_id=actor.organization_id, kind="subscription")
        return [record.ref for record in mine if record.state["ended_at"] is None]


def warned(actor: Actor) -> Standing | None:
    """The standing of somebody who looks after a plan that a notice may be about; asked for on every page."""
    with acting_as(actor):
        if call("app.role") not in ("owner", "admin"):
            return None
        mine = Record.objects.filter(organization_id=actor.organization_id, kind="subscription")
        loud = [
            r
            for r in mine
            if r.state["status"] in _LOUD or (r.state["cancel_at"] and not r.state["ended_at"])
        ]
    return standing(actor) if loud else None


def invoices(actor: Actor, limit: int = 24) -> list[InvoiceState]:
    """The newest invoices, newest first; drafts are the provider's own."""
    with acting_as(actor):
        call("billing_require_payer_v1")
        found = _invoices(Record.objects.filter(organization_id=actor.organization_id))
        return [i for i in found if i.status != "draft"][:limit]


def invoice(actor: Actor, ref: str) -> tuple[InvoiceState, dict[str, str]]:
    """An invoice, and what its prices are called. Raises NotFound, Forbidden for members who look after no money."""
    with acting_as(actor):
        call("billing_require_payer_v1")
        found = _invoices(Record.objects.filter(organization_id=actor.organization_id, ref=ref))
        keys = [line.price for each in found for line in each.lines]
        sold = list(PriceRow.objects.filter(key__in=[key for key in keys if key is not None]))
    if not found or found[0].status == "draft":
        raise NotFound("There is no such invoice.")
    return found[0], {price.key: name_of(price.item, price.terms["name"]) for price in sold}


def order(actor: Actor, order_id: UUID) -> OrderView:
    """Raises NotFound for an order of somebody else, or for a member who looks after no money."""
    with acting_as(actor):
        mine = Order.objects.filter(organization_id=actor.organization_id, id=order_id)
        found: dict[str, Any] | None = mine.values(*OrderView.__dataclass_fields__).first()
    if found is None:
        raise NotFound("There is no such order.")
    return order_view(found)


def order_view(row: dict[str, Any]) -> OrderView:
    return OrderView(**{name: row[name] for name in OrderView.__dataclass_fields__})


def chargeable(organization_id: UUID) -> list[Offer]:
    """The packs that this organization's saved card can be charged for; none before it has paid once."""
    if not providers.able(Ability.CHARGE):
        return []
    try:
        payer = rows("billing_payer_of_v1", organization_id, providers.configured())
    finally:
        connection.close()
    if not payer or payer[0]["customer"] is None:
        return []
    return [offer for offer in offers().values() if offer.kind == "pack"]


def priced(sold: Any) -> Price:
    """A frozen price, as the database gives it, in the port's words."""
    row = json.loads(sold) if isinstance(sold, str) else sold
    unit = Money(row["unit"], row["currency"])
    return Price(row["key"], row["item"], row["terms"]["name"], unit, row["interval"])


def subscription_of(document: Any) -> SubscriptionState | None:
    """A subscription's state, as the database gives it."""
    if document is None:
        return None
    found = load("subscription", json.loads(document) if isinstance(document, str) else document)
    assert isinstance(found, SubscriptionState)
    return found


def may_pay(actor: Actor) -> bool:
    """Whether the actor looks after the organization's plan and payments."""
    with acting_as(actor):
        return call("app.role") in ("owner", "admin")


def _entitlement(row: dict[str, Any]) -> Entitlement:
    limits = row["limits"]
    return Entitlement(
        **row
        | {
            "features": tuple(row["features"]),
            "limits": json.loads(limits) if isinstance(limits, str) else limits,
        }
    )


def _subscription(record: Record) -> SubscriptionState:
    found = load(record.kind, record.state)
    assert isinstance(found, SubscriptionState)
    return found


def _invoices(mine: Any) -> list[InvoiceState]:
    found = [load(record.kind, record.state) for record in mine.filter(kind="invoice")]
    return sorted(
        (i for i in found if isinstance(i, InvoiceState)), key=lambda i: (i.created_at, i.ref), reverse=True
    )
