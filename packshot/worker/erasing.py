"""What nobody can ask for any more goes: pictures whose time in the trash is over, their bytes, yesterday's exports."""

from __future__ import annotations

import asyncio
from functools import partial

import asyncpg

from packshot.ports.blobs import BlobStore
from packshot.studio.assets import storage
from packshot.worker.database import Database

_STEP = 500
_MOST = 2000
"""Blobs looked at in one go; the rest has time until the next."""


async def erase(database: Database, blobs: BlobStore) -> int:
    """Erase what is due, and then the bytes that have no picture left; how many blobs were erased."""
    rows = _STEP
    while rows >= _STEP:
        rows = await database.call("assets_erase_v1", _STEP)
    erased = 0
    for _ in range(_MOST):
        found = await database.together(partial(_erase_next, blobs))
        if found is None:
            break
        erased += found
    return erased


async def expire(database: Database, blobs: BlobStore) -> None:
    """Delete the files of exports whose day is over."""
    for _ in range(_MOST):
        if not await database.together(partial(_expire_next, blobs)):
            break


async def _erase_next(blobs: BlobStore, connection: asyncpg.Connection) -> bool | None:
    """Whether the next bytes were erased; None when there are none to look at.

    The bytes go while the transaction holds the lock on their name: see sql/erase.sql of the assets.
    """
    row = await connection.fetchrow("select * from public.assets_next_doomed_v1()")
    if row is None:
        return None
    where = row["organization_id"], row["sha256"]
    if not await connection.fetchval("select public.assets_give_up_blob_v1($1, $2)", *where):
        return False
    for key in storage.made_of(*where):
        await asyncio.to_thread(blobs.delete, key)
    return True


async def _expire_next(blobs: BlobStore, connection: asyncpg.Connection) -> bool:
    row = await connection.fetchrow("select * from public.assets_expire_export_v1()")
    if row is None:
        return False
    await asyncio.to_thread(blobs.delete, storage.export_key(row["organization_id"], row["id"]))
    return True
