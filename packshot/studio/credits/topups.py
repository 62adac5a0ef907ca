"""Automatic top-ups: the ledger says when, the shop that the wiring names charges, and what became of it is recorded.

Whoever sells packs is not known here: `connect` is given what it sells and how it charges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import structlog
from django.db import connection

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Invalid

log = structlog.get_logger(__name__)

LEASE_S = 120
"""Above every timeout of a charge: who is slower loses it to another worker, who asks under the same key."""


@dataclass(frozen=True, slots=True)
class Paid:
    """The money is there. The credits have come or will: until they have, no other pack is bought."""


@dataclass(frozen=True, slots=True)
class Declined:
    code: str


@dataclass(frozen=True, slots=True)
class Pending:
    """Not decided yet; the same key is asked for again in ten minutes."""


Outcome = Paid | Declined | Pending


class Charger(Protocol):
    """Charges the organization's saved means of payment for a pack.

    The same key is one charge for ever and is answered with what became of that one. What it raises says nothing
    about the money: after the lease it is asked again.
    """

    def __call__(self, organization_id: UUID, pack: str, key: UUID) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Pack:
    """What can be bought: `credits` in micro-credits, `words` as its price is told."""

    id: str
    credits: int
    words: str


@dataclass(frozen=True, slots=True)
class Shop:
    """`packs` are those that this organization can buy now without being asked; none without a means of payment."""

    packs: Callable[[UUID], Sequence[Pack]]
    charge: Charger


@dataclass(frozen=True, slots=True)
class Try:
    id: UUID
    pack: str
    state: Literal["charging", "pending", "paid", "declined"]
    code: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """Amounts in micro-credits; `tries` newest first."""

    enabled: bool
    below: int
    pack: str
    daily_cap: int
    failures: int
    next_try_at: datetime
    stopped_at: datetime | None
    tries: tuple[Try, ...]


_shops: list[Shop] = []


def connect(shop: Shop | None) -> None:
    """Name the shop of this process; None: nothing is sold."""
    _shops[:] = [] if shop is None else [shop]


def packs(actor: Actor) -> list[Pack]:
    """What a top-up can buy; empty where nothing is sold."""
    return list(_shops[0].packs(actor.organization_id)) if _shops else []


def rule(actor: Actor) -> Rule | None:
    """The organization's rule, for owners and admins; raises Forbidden for others."""
    with acting_as(actor):
        found = call("credits_topup_v1")
    if found is None:
        return None
    tries = tuple(
        Try(
            id=UUID(each["id"]),
            pack=each["pack"],
            state=each["state"],
            code=each["code"],
            created_at=datetime.fromisoformat(each["created_at"]),
        )
        for each in found["tries"]
    )
    stopped = found["stopped_at"]
    times = {
        "next_try_at": datetime.fromisoformat(found["next_try_at"]),
        "stopped_at": None if stopped is None else datetime.fromisoformat(stopped),
    }
    return Rule(**{**found, **times, "tries": tries})


def set_rule(actor: Actor, *, enabled: bool, below: int, pack: str, daily_cap: int) -> None:
    """Buy `pack` whenever less than `below` is available, at most `daily_cap` times in a day of UTC.

    Saving it makes a rule that was stopped go on. Raises Forbidden and Invalid (also for a pack that is not sold).
    """
    if enabled and pack not in {each.id for each in packs(actor)}:
        raise Invalid("This pack is not sold.")
    with acting_as(actor):
        call("credits_set_topup_v1", enabled, below, pack, daily_cap)


def run(lease_s: int = LEASE_S) -> int:
    """Make every charge that is due now, one after the other; how many were made. Nothing without a shop."""
    if not _shops:
        return 0
    made = 0
    try:
        while (order := call("credits_topup_claim_v1", lease_s)) is not None:
            if order["id"] is not None:
                made += _charge(_shops[0].charge, order)
    finally:
        connection.close()
    return made


def _charge(charge: Charger, order: dict[str, str | int]) -> int:
    organization_id, key = UUID(str(order["organization"])), UUID(str(order["id"]))
    connection.close()  # nobody waits for a provider with a connection in hand
    try:
        outcome = charge(organization_id, str(order["pack"]), key)
    except Exception:  # whatever the provider's library raises: the lease brings it back, under the same key
        log.exception("top-up not charged", organization=str(organization_id), topup=str(key))
        return 0
    word = {Paid: "paid", Declined: "declined", Pending: "pending"}[type(outcome)]
    code = outcome.code if isinstance(outcome, Declined) else None
    kept = call("credits_topup_record_v1", organization_id, key, order["token"], word, code)
    log.info("topped up", organization=str(organization_id), topup=str(key), outcome=word, kept=kept)
    return 1
