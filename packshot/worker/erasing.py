"""What nobody can ask for any more goes: pictures whose time in the trash is over, their bytes, files in passing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from packshot.foundation.organizations import files
from packshot.ports.blobs import BlobStore
from packshot.studio.assets import storage
from packshot.worker.database import Database

log = structlog.get_logger(__name__)

_STEP = 500
_MOST = 2000
"""Blobs looked at in one go; the rest has time until the next."""
_PASSING: Final[dict[str, Callable[[UUID, UUID], str]]] = {
    "assets_expire_export_v1": storage.export_key,
    "assets_forget_arrival_v1": storage.incoming_key,
    "organizations_expire_takeout_v1": files.key,
}
"""What names the next file that has had its time, and where it lies."""


class _StoreAwayError(Exception):
    """The store did not delete; the transaction that would have said so is undone."""


async def erase(database: Database, blobs: BlobStore) -> int:
    """Erase what is due, and then the bytes that have no picture left; how many blobs were erased.

    Where the store is away, what is due stays so.
    """
    rows = _STEP
    while rows >= _STEP:
        rows = await database.call("assets_erase_v1", _STEP)
    erased = 0
    for _ in range(_MOST):
        try:
            found = await database.together(partial(_erase_next, blobs))
        except _StoreAwayError as error:
            log.warning("the store is away", error=str(error))
            break
        if found is None:
            break
        erased += found
    return erased


async def expire(database: Database, blobs: BlobStore) -> None:
    """Delete the files of exports whose day is over, and of arrivals that are pictures now or never will be."""
    for function, key in _PASSING.items():
        for _ in range(_MOST):
            try:
                if not await database.together(partial(_expire_next, blobs, function, key)):
                    break
            except _StoreAwayError as error:
                log.warning("the store is away", error=str(error))
                return


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
        await _delete(blobs, key)
    return True


async def _expire_next(
    blobs: BlobStore, function: str, key: Callable[[UUID, UUID], str], connection: asyncpg.Connection
) -> bool:
    row = await connection.fetchrow(f"select * from public.{function}()")  # noqa: S608  (of _PASSING)
    if row is None:
        return False
    await _delete(blobs, key(row["organization_id"], row["id"]))
    return True


async def _delete(blobs: BlobStore, key: str) -> None:
    try:
        await asyncio.to_thread(blobs.delete, key)
    except OSError as error:
        # Not the server's connection, which it would be taken for.
        raise _StoreAwayError(str(error)) from error
