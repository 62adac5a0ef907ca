"""What wallets need beside jobs: time booked, packs bought, the statement read on."""

from __future__ import annotations

import asyncio

import structlog

from packshot.db.threads import beside
from packshot.studio.credits import topups
from packshot.worker.database import Database
from packshot.worker.pace import Pace

log = structlog.get_logger(__name__)

_WALLETS = 200
"""Wallets that one round books, most often none: only time has moved them."""
_ORGANIZATIONS = 20
_ENTRIES = 5000
_STEPS = 400
"""Two million entries of one organization in one round; what is left is the next one's."""


async def mind_for_ever(database: Database, pace: Pace) -> None:
    """For ever. Every worker does it; each piece is claimed in the database by one."""
    since_read = pace.forget
    while True:
        # What ran out while nobody looked is a crossing too.
        while await database.call("credits_tidy_v1", _WALLETS) == _WALLETS:
            pass
        try:
            await beside(topups.run)
        except Exception:  # a database that is away; what was claimed comes back after its lease
            log.exception("wallets not minded; the next round tries again")
        if since_read >= pace.forget:
            since_read = 0.0
            for _ in range(_STEPS):
                if not await database.call("statement_tend_v1", _ORGANIZATIONS, _ENTRIES):
                    break
        await asyncio.sleep(pace.sweep)
        since_read += pace.sweep
