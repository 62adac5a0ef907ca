"""What workers do with an upload: receive what came straight into the store, and look at every pixel, once."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Protocol, TypeVar
from uuid import UUID

from packshot.db.sql import call, rows
from packshot.db.threads import beside
from packshot.imaging.decode import sniff
from packshot.imaging.errors import BadPicture
from packshot.imaging.inspect import Inspection
from packshot.imaging.magic import HEAD
from packshot.ports.blobs import BlobMissing, BlobStore
from packshot.studio.assets import storage

INSPECT_LIMIT_S = 60.0
CAMERA = "digitalCapture"
"""Where a picture comes from when the file itself does not tell."""

Value = TypeVar("Value")


class Run(Protocol):
    """Runs one of the imaging functions in a process that may die without harm."""

    async def __call__(self, name: str, *args: Any, timeout: float) -> Any: ...  # noqa: ASYNC109  (the pool kills)


async def inspect(organization_id: UUID, asset_id: UUID, *, blobs: BlobStore, run: Run) -> bool:
    """Make a new upload `ready`, with its thumbnails, or `rejected`, with the reason.

    False when there was nothing to do: the message came twice, or the asset is gone. What `run` raises beside
    BadPicture (its process died, took too long) passes: the caller tries again and at last calls `give_up`.
    """
    found = await beside(rows, "assets_for_work_v1", organization_id, asset_id)
    if not found or found[0]["state"] != "new":
        return False
    sha256 = found[0]["sha256"]
    try:
        data = await asyncio.to_thread(blobs.get, storage.key(organization_id, sha256))
        seen: Inspection = await run("inspect", data, timeout=INSPECT_LIMIT_S)
    except BadPicture as bad:
        return await _reject(organization_id, asset_id, bad.message)
    except BlobMissing:
        return await _reject(organization_id, asset_id, "The stored file is missing. Upload it again.")
    for side, thumb in ((256, seen.thumbs.small), (512, seen.thumbs.large)):
        await asyncio.to_thread(blobs.put, f"{storage.key(organization_id, sha256)}.{side}.webp", thumb)
    facts = {
        "organization_id": str(organization_id),
        "id": str(asset_id),
        "width": seen.width,
        "height": seen.height,
        "placeholder": seen.thumbs.placeholder,
        "phash": seen.thumbs.phash,
        "colours": seen.thumbs.colours,
        "source_type": seen.source_type or CAMERA,
    }
    return bool(await beside(call, "assets_inspected_v1", facts))


async def receive(organization_id: UUID, arrival_id: UUID, *, blobs: BlobStore) -> bool:
    """Make a picture of what a browser has put into the store, or turn it away with the reason.

    The bytes are read once and proven; what is stored under their content is what was read, so that nobody can put
    others in their place meanwhile. False when there was nothing to do: the message came twice.
    """
    found = await beside(rows, "assets_arrival_for_work_v1", organization_id, arrival_id)
    if not found:
        return False
    promised_bytes, promised_sha256 = found[0]["bytes"], found[0]["sha256"]
    place = storage.incoming_key(organization_id, arrival_id)
    try:
        size = (await asyncio.to_thread(blobs.info, place)).size
        data = await asyncio.to_thread(blobs.get, place) if size == promised_bytes else b""
    except BlobMissing:
        return await _turn_away(organization_id, arrival_id, "The file did not arrive. Upload it again.")
    sha256 = hashlib.sha256(data).hexdigest()
    if len(data) != promised_bytes or promised_sha256 not in (None, sha256):
        return await _turn_away(
            organization_id, arrival_id, "The file did not arrive as it was sent. Upload it again."
        )
    media_type = sniff(data[:HEAD])
    if media_type is None:
        return await _turn_away(organization_id, arrival_id, "This is not a JPEG, PNG, WebP or AVIF picture.")
    await beside(call, "assets_hold_bytes_v1", organization_id, sha256)
    await asyncio.to_thread(blobs.put, storage.key(organization_id, sha256), data)
    facts = {
        "organization_id": str(organization_id),
        "id": str(arrival_id),
        "sha256": sha256,
        "bytes": len(data),
        "media_type": media_type,
    }
    return bool(await beside(call, "assets_receive_v1", facts))


async def _turn_away(organization_id: UUID, arrival_id: UUID, reason: str) -> bool:
    return bool(await beside(call, "assets_turn_away_v1", organization_id, arrival_id, reason))


async def give_up(organization_id: UUID, asset_id: UUID) -> bool:
    """Reject an upload that could not be looked at however often it was tried."""
    reason = "The picture could not be opened. Save a copy of it and try that."
    return await _reject(organization_id, asset_id, reason)


async def _reject(organization_id: UUID, asset_id: UUID, reason: str) -> bool:
    return bool(await beside(call, "assets_rejected_v1", organization_id, asset_id, reason))
