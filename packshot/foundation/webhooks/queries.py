"""Every read of webhooks, for owners and admins: to anybody else they are empty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from packshot.db.tenancy import Actor, acting_as
from packshot.errors import NotFound
from packshot.foundation.webhooks.models import Attempt, Delivery, Endpoint, Event

PAGE = 30
MOST = 10
"""Endpoints an organization may have; the SQL function says so too."""


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint, but for its secrets."""

    id: UUID
    url: str
    description: str
    types: list[str]
    """None: all events."""
    state: Literal["enabled", "disabled"]
    reason: Literal["person", "gone", "failing"] | None
    disabled_at: datetime | None
    failing_since: datetime | None
    previous_until: datetime | None
    """Until then messages are signed with the secret before as well."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try; `error` says why `status` is None."""

    at: datetime
    status: int | None
    ms: int
    excerpt: str
    error: Literal["refused", "timeout", "unreachable", "sealed"] | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """An event on its way to an endpoint, with its tries, oldest first."""

    id: UUID
    event_id: UUID
    type: str
    object: UUID
    body: dict[str, Any]
    state: Literal["pending", "delivered", "failed"]
    next_at: datetime
    created_at: datetime
    attempts: tuple[AttemptView, ...]


_ENDPOINT = tuple(EndpointView.__dataclass_fields__)
_ATTEMPT = tuple(AttemptView.__dataclass_fields__)
_DELIVERY = ("id", "event_id", "object", "state", "next_at", "created_at")


def endpoints(actor: Actor) -> list[EndpointView]:
    """Oldest first."""
    with acting_as(actor):
        return [
            EndpointView(**row) for row in Endpoint.objects.order_by("created_at", "id").values(*_ENDPOINT)
        ]


def endpoint(actor: Actor, endpoint_id: UUID) -> EndpointView:
    """Raises NotFound."""
    with acting_as(actor):
        row = Endpoint.objects.filter(id=endpoint_id).values(*_ENDPOINT).first()
    if row is None:
        raise NotFound("There is no such endpoint.")
    return EndpointView(**row)


def endpoint_of(actor: Actor, delivery_id: UUID) -> UUID:
    """Where a delivery goes. Raises NotFound."""
    with acting_as(actor):
        found = Delivery.objects.filter(id=delivery_id).values_list("endpoint_id", flat=True).first()
    if found is None:
        raise NotFound("There is no such delivery.")
    return found


def deliveries(
    actor: Actor,
    endpoint_id: UUID,
    *,
    state: str | None = None,
    before: UUID | None = None,
    limit: int = PAGE,
) -> tuple[list[DeliveryView], UUID | None]:
    """An endpoint's, the latest first, and the id that the next page is `before`; None on the last."""
    with acting_as(actor):
        wanted = Delivery.objects.filter(endpoint_id=endpoint_id).order_by("-id")
        if state is not None:
            wanted = wanted.filter(state=state)
        if before is not None:
            wanted = wanted.filter(id__lt=before)
        rows: list[dict[str, Any]] = [*wanted.values(*_DELIVERY)[: limit + 1]]
        shown = rows[:limit]
        events = {each.id: each for each in Event.objects.filter(id__in=[one["event_id"] for one in shown])}
        tries = _tries([each["id"] for each in shown])
    found = [
        DeliveryView(
            **row,
            type=events[row["event_id"]].type,
            body=events[row["event_id"]].body,
            attempts=tuple(tries[row["id"]]),
        )
        for row in shown
    ]
    return found, found[-1].id if len(rows) > limit else None


def _tries(deliveries: Sequence[UUID]) -> dict[UUID, list[AttemptView]]:
    found: dict[UUID, list[AttemptView]] = defaultdict(list)
    for row in (
        Attempt.objects.filter(delivery_id__in=deliveries).order_by("id").values("delivery_id", *_ATTEMPT)
    ):
        found[row.pop("delivery_id")].append(AttemptView(**row))
    return found
