"""Large changes of pictures, worked off in steps: each is a transaction that moves the change's cursor with it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from packshot.worker.database import Database

STEP = 2000


async def carry_on(
    database: Database, organization_id: UUID, change_id: UUID, stopped: Callable[[], bool]
) -> bool:
    """Go on with a change, forwards or back, until it has ended. False when `stopped` said to leave the rest.

    May be called for a change that is not there, has ended, or is being worked off by another worker: the steps of
    one change wait for each other.
    """
    while not stopped():
        found = await database.fetch(
            "select public.assets_change_step_v1($1, $2, $3) as state", organization_id, change_id, STEP
        )
        if found[0]["state"] not in ("working", "undoing"):
            return True
    return False
