"""Seats follow people: who invites beyond the seats that are bought, buys the missing ones with the invitation.

The seats are bought first. Whom to invite stands with the order meanwhile, so that the invitations go out once the
provider has confirmed, whoever hears of it first, and never without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import connection
from django.utils.translation import get_language

from packshot.db.sql import call, rows
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Problem
from packshot.foundation.billing import commands, providers
from packshot.foundation.billing.contracts import ChangePreview
from packshot.foundation.billing.errors import ProviderAway
from packshot.foundation.billing.models import Order
from packshot.foundation.billing.queries import may_pay, standing
from packshot.foundation.organizations import commands as organizations
from packshot.foundation.organizations import queries as workspaces
from packshot.foundation.organizations.commands import Invited
from packshot.foundation.organizations.errors import SeatsExhausted
from packshot.ports.payments import Ability

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SeatsPreview:
    """What it costs to invite these people: the change to so many seats."""

    change: ChangePreview
    more: int
    """Seats that are bought."""
    fresh: int
    """People who would be invited."""


def growable(actor: Actor) -> bool:
    """Whether the actor may buy seats for the plan that runs: it is sold by the seat, and can be changed here."""
    if not providers.able(Ability.CHANGE) or not may_pay(actor):
        return False
    found = standing(actor)
    running = found.subscription is not None and found.subscription.status in ("active", "trialing")
    return running and bool(found.terms.get("per_seat"))


def preview(actor: Actor, emails: Sequence[str]) -> SeatsPreview | None:
    """What the missing seats cost now and at the renewal; None when there are seats enough.

    For whom `growable` is true. Raises what `commands.preview` raises.
    """
    seats, found = workspaces.seats(actor), standing(actor)
    fresh = len(set(emails) - workspaces.known_addresses(actor))
    missing = seats.used + fresh - seats.seats
    if missing <= 0:
        return None
    assert found.subscription is not None
    more = -(-missing // found.terms["seats"])
    quantity = found.subscription.quantity + more
    return SeatsPreview(commands.preview(actor, found.subscription.price, quantity), more, fresh)


def buy(
    actor: Actor,
    act: UUID,
    price: str,
    quantity: int,
    at: datetime,
    seen: str,
    emails: Sequence[str],
    role: str,
) -> str | list[Invited] | None:
    """Buy the seats that the preview said, of the moment `at` and of the plan it had `seen`, then invite.

    The same act again does neither twice.
    An address, where the bank wants to see the person first, and None, while it takes its time: the invitations go out
    once it is paid. Raises what `commands.change` raises, and nobody is invited then.
    """
    if not _done(actor, act, price, quantity):
        guests = {"emails": list(emails), "role": role, "language": get_language() or "en"}
        try:
            where = commands.change(actor, act, price, quantity, at, seen, guests)
        except ProviderAway:
            raise  # it may have been paid: then the worker invites
        except Problem:
            # Another press of the same button may have bought them a moment ago.
            if not _done(actor, act, price, quantity):
                _drop(actor.organization_id, act)
                raise
            where = None
        if where is not None:
            return where
    said = invite(actor, act)
    return [] if said is None and not _waits(actor, act) else said


def invite(actor: Actor, act: UUID) -> list[Invited] | None:
    """Invite those whom an order is for; None while its seats are not bought, and when it was done before.

    Raises SeatsExhausted where others have taken the seats by now: then it is still to be done.
    """
    with acting_as(actor):
        guests = call("billing_take_guests_v1", act)
        if guests is None:
            return None
        return organizations.invite_here(guests["emails"], guests["role"], guests["language"])


def invite_due() -> int:
    """The worker's step: invite for every order whose seats are there by now; how many orders it were."""
    try:
        found = rows("billing_due_guests_v1")
    finally:
        connection.close()
    done = 0
    for order in found:
        actor = Actor(order["created_by"], order["organization_id"])
        try:
            done += invite(actor, order["id"]) is not None
        except SeatsExhausted:
            continue  # until there is room, or the order is too old
        except Problem as problem:
            # Who ordered runs the workspace no more, or it ends: the seats are there, nobody is invited.
            log.warning("guests not invited", order=str(order["id"]), why=problem.message)
            _drop(order["organization_id"], order["id"])
    return done


def spare(actor: Actor) -> int | None:
    """To how many seats the plan could be lowered, where more are paid for than are taken; else None."""
    if not growable(actor):
        return None
    found = standing(actor)
    assert found.subscription is not None
    needed = max(1, -(-workspaces.seats(actor).used // found.terms["seats"]))
    free = found.subscription.scheduled is None and found.subscription.cancel_at is None
    return needed if free and needed < found.subscription.quantity else None


def _done(actor: Actor, act: UUID, price: str, quantity: int) -> bool:
    """Whether this very order has been paid before: its form was sent twice."""
    with acting_as(actor):
        ordered = Order.objects.filter(organization_id=actor.organization_id, id=act).exists()
    subscription = standing(actor).subscription if ordered else None
    return subscription is not None and (subscription.price, subscription.quantity) == (price, quantity)


def _waits(actor: Actor, act: UUID) -> bool:
    with acting_as(actor):
        mine = Order.objects.filter(organization_id=actor.organization_id, id=act)
        return mine.filter(guests__isnull=False).exists()


def _drop(organization_id: UUID, act: UUID) -> None:
    try:
        call("billing_drop_guests_v1", organization_id, act)
    finally:
        connection.close()
