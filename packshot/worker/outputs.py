"""From what a provider delivered to what an asset may be made of: proven, stored, thumbnailed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from uuid_utils.compat import uuid7

from packshot.imaging.errors import BadPicture
from packshot.imaging.film import Film, sniff_film
from packshot.imaging.thumbs import Thumbs
from packshot.ports.blobs import BlobStore
from packshot.studio.assets import storage
from packshot.worker.downloads import LARGEST, File
from packshot.worker.jobs import Claim

_LIMIT_S = 60.0
_FILM_LIMIT_S = 300.0
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

    async def keep(self, claim: Claim, files: Sequence[File]) -> list[dict[str, Any]]:
        """Store each file with its thumbnails, before anything is settled; the facts for its asset.

        What a file says of itself is not believed: its bytes are decoded in a process of the pool. Raises
        BadOutput, and what the pool raises when it fails through no fault of the file.
        """
        return [await self._keep(claim, file) for file in files]

    async def _keep(self, claim: Claim, file: File) -> dict[str, Any]:
        if not 0 < file.size <= LARGEST[file.kind or "picture"]:
            raise BadOutput(f"a file of {file.size} bytes")
        try:
            thumbs, duration_s = await self._look(file.data)
        except BadPicture as bad:
            raise BadOutput(f"said to be a {file.kind or 'file'}: {bad.message}") from bad
        if file.kind is not None and (file.kind == "video") != (duration_s is not None):
            raise BadOutput(f"said to be a {file.kind}, and is {thumbs.media_type}")
        await self._hold(claim.name.organization_id, file.sha256)
        await asyncio.to_thread(self._store, claim.name.organization_id, file, thumbs)
        return {
            "id": str(uuid7()),
            "sha256": file.sha256,
            "media_type": thumbs.media_type,
            "bytes": file.size,
            "width": thumbs.width,
            "height": thumbs.height,
            "duration_s": duration_s,
            "placeholder": thumbs.placeholder,
            "phash": thumbs.phash,
            "colours": thumbs.colours,
            "name": _name(claim, thumbs.media_type),
            "source_type": file.source_type,
            "confidence": file.confidence,
            "note": file.note,
        }

    async def _look(self, data: bytes | Path) -> tuple[Thumbs, float | None]:
        """Small pictures, and of a video its length in seconds. Raises BadPicture."""
        if sniff_film(await asyncio.to_thread(_head, data)) is None:
            thumbs: Thumbs = await self._run("thumbnails", data, timeout=_LIMIT_S)
            return thumbs, None
        film: Film = await self._run("poster", data, timeout=_FILM_LIMIT_S)
        return film.thumbs, film.duration_s

    def _store(self, organization_id: UUID, file: File, thumbs: Thumbs) -> None:
        self._blobs.put(storage.thumb_key(organization_id, file.sha256, 256), thumbs.small)
        self._blobs.put(storage.thumb_key(organization_id, file.sha256, 512), thumbs.large)
        key = storage.key(organization_id, file.sha256)
        if isinstance(file.data, Path):
            self._blobs.put_file(key, file.data)
        else:
            self._blobs.put(key, file.data)


def _head(data: bytes | Path) -> bytes:
    if isinstance(data, bytes):
        return data[:_HEAD]
    with data.open("rb") as file:
        return file.read(_HEAD)


def _name(claim: Claim, media_type: str) -> str:
    """A file name that says what it shows."""
    words = re.sub(r"[^\w]+", "-", claim.prompt.lower()).strip("-")[:48].rstrip("-") or claim.operation
    return f"{words}-{claim.index + 1}.{_ENDINGS[media_type]}"
