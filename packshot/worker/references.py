"""The pictures that a task refers to, as its provider can read them."""

from __future__ import annotations

import asyncio
from uuid import UUID

from packshot.imaging.errors import BadPicture
from packshot.ports.blobs import BlobStore
from packshot.ports.generation import Reads, Reference
from packshot.studio.assets import storage
from packshot.worker.jobs import Claim
from packshot.worker.outputs import Run

SIDE = 3072
"""Long side, in pixels, of a picture that had to be made fit: more than a model of today looks at."""
_LIMIT_S = 60.0


class References:
    """Reads references, and makes those fit that the provider would turn away: an AVIF, or a camera's largest file."""

    def __init__(self, blobs: BlobStore, run: Run) -> None:
        self._blobs = blobs
        self._run = run

    async def read(self, claim: Claim, reads: Reads | None) -> tuple[Reference, ...]:
        """In the order of the request. Raises BlobMissing, and what the pool raises when it fails."""
        return tuple([await self._read(claim, one, reads) for one in claim.references])

    async def _read(self, claim: Claim, one: dict[str, str], reads: Reads | None) -> Reference:
        key = storage.key(claim.name.organization_id, one["sha256"])
        data, media_type = await asyncio.to_thread(self._blobs.get, key), one["media_type"]
        if reads is not None and not _fits(data, media_type, reads, len(claim.references)):
            data, media_type = await self._fitted(data, media_type)
        return Reference(UUID(one["id"]), media_type, data)

    async def _fitted(self, data: bytes, media_type: str) -> tuple[bytes, str]:
        try:
            found: tuple[bytes, str] = await self._run("fitted", data, SIDE, timeout=_LIMIT_S)
        except BadPicture:
            return data, media_type  # a clip, say: the adapter tells the person what it reads
        return found


def _fits(data: bytes, media_type: str, reads: Reads, number: int) -> bool:
    """Each may have an equal share of what all may be together."""
    return media_type in reads.media_types and len(data) <= reads.size // number
