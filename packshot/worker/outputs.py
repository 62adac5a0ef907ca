"""From what a provider delivered to what an asset may be made of: proven, stored, thumbnailed."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from uuid_utils.compat import uuid7

from packshot.imaging.errors import BadPicture
from packshot.imaging.film import Film, sniff_film
from packshot.imaging.thumbs import Thumbs
from packshot.ports.blobs import BlobStore
from packshot.ports.generation import Output
from packshot.studio.assets import storage
from packshot.worker.jobs import Claim

_LARGEST = 64 * 1024 * 1024
_LIMIT_S = 60.0
_HEAD = 16
_ENDINGS = {
    "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/avif": "avif",
    "video/webm": "webm", "video/mp4": "mp4",
}  # fmt: skip


class BadOutput(Exception):
    """The provider's file is not what it should be; the text is for the log."""


class Run(Protocol):
    """Runs one of the imaging functions in a process that may die without harm."""

    async def __call__(self, name: str, *args: Any, timeout: float) -> Any: ...  # noqa: ASYNC109  (the pool kills)


class Hold(Protocol):
    """Keeps the bytes of this hash from being erased until their asset is there."""

    async def __call__(self, organization_id: UUID, sha256: str) -> object: ...


class Outputs:
    """Stores results. Called again with the same bytes it does no harm: keys come from the content."""

    def __init__(self, blobs: BlobStore, run: Run, hold: Hold) -> None:
        self._blobs = blobs
        self._run = run
        self._hold = hold

    async def keep(self, claim: Claim, outputs: Sequence[Output]) -> list[dict[str, Any]]:
        """Store each file with its thumbnails, before anything is settled; the facts for its asset.

        What a file says of itself is not believed: its bytes are decoded in a process of the pool. Raises
        BadOutput, and what the pool raises when it fails through no fault of the file.
        """
        return [await self._keep(claim, output) for output in outputs]

    async def _keep(self, claim: Claim, output: Output) -> dict[str, Any]:
        if not 0 < len(output.data) <= _LARGEST:
            raise BadOutput(f"a file of {len(output.data)} bytes")
        try:
            thumbs, duration_s = await self._look(output.data)
        except BadPicture as bad:
            raise BadOutput(f"said to be {output.media_type}: {bad.message}") from bad
        sha256 = hashlib.sha256(output.data).hexdigest()
        await self._hold(claim.name.organization_id, sha256)
        await asyncio.to_thread(self._store, claim.name.organization_id, sha256, output.data, thumbs)
        return {
            "id": str(uuid7()),
            "sha256": sha256,
            "media_type": thumbs.media_type,
            "bytes": len(output.data),
            "width": thumbs.width,
            "height": thumbs.height,
            "duration_s": duration_s,
            "placeholder": thumbs.placeholder,
            "phash": thumbs.phash,
            "colours": thumbs.colours,
            "name": _name(claim, thumbs.media_type),
            "source_type": output.source_type,
            "confidence": output.confidence,
            "note": output.note,
        }

    async def _look(self, data: bytes) -> tuple[Thumbs, float | None]:
        """Small pictures, and of a video its length in seconds. Raises BadPicture."""
        if sniff_film(data[:_HEAD]) is None:
            thumbs: Thumbs = await self._run("thumbnails", data, timeout=_LIMIT_S)
            return thumbs, None
        film: Film = await self._run("poster", data, timeout=_LIMIT_S)
        return film.thumbs, film.duration_s

    def _store(self, organization_id: UUID, sha256: str, data: bytes, thumbs: Thumbs) -> None:
        self._blobs.put(storage.thumb_key(organization_id, sha256, 256), thumbs.small)
        self._blobs.put(storage.thumb_key(organization_id, sha256, 512), thumbs.large)
        self._blobs.put(storage.key(organization_id, sha256), data)


def _name(claim: Claim, media_type: str) -> str:
    """A file name that says what it shows."""
    words = re.sub(r"[^\w]+", "-", claim.prompt.lower()).strip("-")[:48].rstrip("-") or claim.operation
    return f"{words}-{claim.index + 1}.{_ENDINGS[media_type]}"
