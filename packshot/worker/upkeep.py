"""The watch: lost messages are sent again, hopeless jobs ended, old rows forgotten."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import asdict
from functools import partial

import structlog
from django.db import Error

from packshot.db.threads import beside
from packshot.ports.blobs import BlobStore
from packshot.studio.assets import orphans
from packshot.worker.closing import end
from packshot.worker.database import Database
from packshot.worker.erasing import erase, expire
from packshot.worker.pace import Pace

BOARDS_AT_ONCE = 20
"""Boards whose time in the trash is over that one round ends; the next takes the next ones."""

log = structlog.get_logger(__name__)


_COMPARED = 500
"""Pictures compared with the others in one go: some milliseconds each."""


async def keep_whole(database: Database, pace: Pace, *, cap: int, blobs: BlobStore) -> None:
    """For ever. Every worker does it; the database lets one at a time."""
    since_forgotten = pace.forget
    while True:
        swept = await database.call("generation_sweep_v1", pace.sweep_grace)
        reaped = await database.call("generation_reap_v1", pace.offers, cap)
        await database.call("assets_sweep_v1")
        await database.call("assets_tend_changes_v1")
        await database.call("assets_tend_exports_v1")
        await database.call("assets_tend_arrivals_v1")
        await database.call("organizations_tend_takeouts_v1")
        compared = _COMPARED
        while compared >= _COMPARED:
            compared = await database.call("assets_liken_v1", _COMPARED)
        await end(database)
        await erase(database, blobs)
        await expire(database, blobs)
        if swept or reaped:
            log.warning("mended", swept=swept, reaped=reaped)
        if since_forgotten >= pace.forget:
            await database.call("generation_forget_v1")
            await database.call("accounts_forget_v1")
            await database.call("organizations_forget_v1")
            await database.call("apikeys_forget_v1")
            await database.call("webhooks_forget_v1")
            await database.call("boards_erase_v1", BOARDS_AT_ONCE)
            since_forgotten = 0.0
        await asyncio.sleep(pace.sweep)
        since_forgotten += pace.sweep


async def collect_for_ever(database: Database, pace: Pace, blobs: BlobStore) -> None:
    """For ever: once a day, by one of the workers, delete what lies in the store and belongs to nothing."""
    while True:
        if await database.call("assets_begin_round_v1", "orphans"):
            await _collect(blobs)
        await asyncio.sleep(pace.forget)


async def _collect(blobs: BlobStore) -> None:
    stopped = threading.Event()
    try:
        report = await beside(partial(orphans.collect, blobs, delete=True, stopped=stopped.is_set))
        log.info("orphans collected", **asdict(report))
    except (OSError, Error) as error:
        log.warning(
            "orphans not collected: the store or the database is away; tomorrow again", error=str(error)
        )
    finally:
        stopped.set()  # a worker that stops waits for its threads
