"""The one write of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from packshot.db.sql import call
from packshot.db.tenancy import Actor


def record(
    actor: Actor | None,
    action: str,
    target: str,
    details: Mapping[str, object],
    *,
    organization_id: UUID | None = None,
) -> UUID:
    """Note what was done, in the transaction that does it; the event's id.

    For what logins do; a member's commands note it in their own SQL functions (`audit_record_v1`). Without an actor,
    for what the studio or its operator does, `organization_id` says to whom.
    """
    of = actor.organization_id if actor else organization_id
    if of is None:
        raise ValueError("an event belongs to an organization")
    event_id: UUID = call(
        "audit_record_v1", of, actor.user_id if actor else None, action, target, dict(details)
    )
    return event_id
