"""Every read of the audit log, for owners and admins of a plan that brings it: to anybody else it is empty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.foundation.audit.models import Event

PAGE = 50
_PIECE = 1000


@dataclass(frozen=True, slots=True)
class EventView:
    """One event as it is shown and exported."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    actor: str
    action: str
    target: str
    details: dict[str, Any]
    address: str
    user_agent: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events; None and empty: all. Days are of UTC, both of them included."""

    who: str = ""
    """The actor as it is written down: an address, `system`, `operator`."""
    what: str = ""
    """An action, or a room's with a dot behind it: `member.`"""
    since: date | None = None
    until: date | None = None


FIELDS = tuple(EventView.__dataclass_fields__)


def page(
    actor: Actor, wanted: Filter, before: UUID | None = None, limit: int = PAGE
) -> tuple[list[EventView], UUID | None]:
    """Events, the latest first, and the id that the next page is `before`; None on the last. Raises UpgradeNeeded."""
    with acting_as(actor):
        call("billing_require_mine_v1", "audit")
        found = [EventView(**row) for row in _events(wanted, before).values(*FIELDS)[: limit + 1]]
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def walk(actor: Actor, wanted: Filter) -> Iterator[EventView]:
    """All of them, the latest first; no more than a piece in memory, and no transaction while one is sent.

    Raises UpgradeNeeded at once, not when the first is taken.
    """
    found, after = page(actor, wanted, None, _PIECE)

    def rest() -> Iterator[EventView]:
        last = after
        yield from found
        while last is not None:
            more, last = page(actor, wanted, last, _PIECE)
            yield from more

    return rest()


def actors(actor: Actor) -> list[str]:
    """Who has done anything, in alphabetical order."""
    with acting_as(actor):
        return list(Event.objects.order_by("actor").values_list("actor", flat=True).distinct()[:500])


def _events(wanted: Filter, before: UUID | None) -> QuerySet[Event]:
    found = Event.objects.order_by("-id")
    if before is not None:
        found = found.filter(id__lt=before)
    if wanted.who:
        found = found.filter(actor=wanted.who)
    if wanted.what.endswith("."):
        found = found.filter(action__startswith=wanted.what)
    elif wanted.what:
        found = found.filter(action=wanted.what)
    if wanted.since:
        found = found.filter(at__gte=_midnight(wanted.since))
    if wanted.until:
        found = found.filter(at__lt=_midnight(wanted.until) + timedelta(days=1))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
