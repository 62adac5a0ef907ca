"""Organizations whose day has come are erased: room by room, each until nothing of its own is left."""

from __future__ import annotations

from uuid import UUID

import structlog
from django.db import Error

from packshot.db.threads import beside
from packshot.foundation.billing.errors import ProviderAway
from packshot.foundation.billing.leaving import end_at_once
from packshot.worker.database import Database

log = structlog.get_logger(__name__)

_AT_ONCE = 20
ROOMS = (
    "generation_end_organization_v1",
    "webhooks_end_organization_v1",
    "boards_end_organization_v1",
    "assets_end_organization_v1",
    "statement_end_organization_v1",
    "credits_end_organization_v1",
)
"""What each room does to an organization that ends; in this order, since pictures go with their boards. Each is true
once nothing is left, and may be called again."""


async def end(database: Database) -> int:
    """Go a step further with each that is due; those that are not done are due the next time. How many are done."""
    done = 0
    for organization_id in await database.fetch(
        "select unnest(public.organizations_due_v1($1)) as id", _AT_ONCE
    ):
        done += await _end(database, organization_id["id"])
    return done


async def _end(database: Database, organization_id: UUID) -> bool:
    try:
        await beside(end_at_once, organization_id, organization_id)
    except (ProviderAway, Error) as away:
        log.warning("a plan could not be ended, so its organization waits", error=str(away))
        return False
    for room in ROOMS:
        if not await database.call(room, organization_id):
            return False
    await database.call("organizations_erased_v1", organization_id)
    log.info("organization erased", organization=str(organization_id))
    return True
