"""Takeouts: everything an organization has, in one ZIP that is written to the disk, put into the store and kept a week.

What belongs in it each room says itself, a line an object; `PARTS` is the list of them.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from packshot.foundation.organizations import files
from packshot.ports.blobs import BlobMissing, BlobStore
from packshot.studio.assets import storage
from packshot.studio.assets.exporting import safe
from packshot.worker.database import Database

log = structlog.get_logger(__name__)

PARTS = {
    "people": "organizations_takeout_people_v1",
    "invitations": "organizations_takeout_invitations_v1",
    "audit": "audit_takeout_v1",
    "keys": "apikeys_takeout_v1",
    "boards": "boards_takeout_v1",
    "requests": "generation_takeout_v1",
    "credits": "credits_takeout_v1",
    "payments": "billing_takeout_v1",
    "webhooks": "webhooks_takeout_v1",
    "pictures": "assets_takeout_v1",
}
"""The function that tells the lines of each file, a page at a time."""
_PAGE = 200
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/avif": "avif"}
_ENDINGS |= {"video/mp4": "mp4", "video/webm": "webm"}
README = """What is in here

people.jsonl, invitations.jsonl, audit.jsonl, keys.jsonl, boards.jsonl, requests.jsonl, credits.jsonl, payments.jsonl,
webhooks.jsonl, pictures.jsonl
    One JSON object a line, in UTF-8. Times are ISO 8601. Amounts of credits are micro-credits: 1,000,000 is one.
    `jobs` of a request name the pictures they made by `asset_id`, which is a picture's `id`.

pictures/
    The pictures and clips as they are stored, in the trash or not; `file` in pictures.jsonl says which is which.
    A picture without `file` is one whose bytes are not there any more.
"""


class _Unwanted(Exception):
    """Nobody waits for it, or this worker stops."""


class Takeouts:
    """Makes them, one after the other. `drafts` is a folder for files that are being made."""

    def __init__(self, database: Database, blobs: BlobStore, drafts: Path) -> None:
        self._database = database
        self._blobs = blobs
        self._drafts = drafts
        self._turn = asyncio.Lock()

    async def make(self, organization_id: UUID, takeout_id: UUID, stopped: Callable[[], bool]) -> bool:
        """Make the file of one that is waited for. False when `stopped` said to leave it to another worker.

        What the store says when it is away passes: the caller tries again, and at last calls `give_up`.
        """
        async with self._turn:
            await asyncio.to_thread(self._drafts.mkdir, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._drafts) as folder:
                draft = Path(folder) / "draft"
                try:
                    await self._fill(draft, organization_id, takeout_id, stopped)
                except _Unwanted:
                    return not stopped()
                await self._keep(draft, organization_id, takeout_id)
        return True

    async def give_up(self, organization_id: UUID, takeout_id: UUID) -> None:
        await self._database.call("organizations_took_out_v1", organization_id, takeout_id, None)

    async def _fill(
        self, draft: Path, organization_id: UUID, takeout_id: UUID, stopped: Callable[[], bool]
    ) -> None:
        done = 0
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED, allowZip64=True) as whole:
            await asyncio.to_thread(whole.writestr, "README.txt", README)
            for name, function in PARTS.items():
                # Beside the ZIP first: pictures are put into it while their lines are written.
                lines = draft.with_suffix(f".{name}")
                with lines.open("w", encoding="utf-8") as file:
                    async for page in self._pages(function, organization_id):
                        if name == "pictures":
                            for line in page:
                                await asyncio.to_thread(self._add, whole, organization_id, line)
                        await asyncio.to_thread(_write, file, page)
                        done += len(page)
                        if stopped() or not await self._wanted(organization_id, takeout_id, done):
                            raise _Unwanted
                await asyncio.to_thread(whole.write, lines, f"{name}.jsonl", zipfile.ZIP_DEFLATED)
                lines.unlink()

    async def _pages(self, function: str, organization_id: UUID) -> AsyncIterator[list[dict[str, Any]]]:
        after = ""
        while True:
            found = await self._database.fetch(
                f"select key, line from public.{function}($1, $2, $3)",  # noqa: S608  (of PARTS)
                organization_id,
                after,
                _PAGE,
            )
            if found:
                yield [json.loads(row["line"]) for row in found]
                after = found[-1]["key"]
            if len(found) < _PAGE:
                return

    def _add(self, whole: zipfile.ZipFile, organization_id: UUID, line: dict[str, Any]) -> None:
        """A picture's bytes, by pieces; the line says under which name."""
        stem = safe(Path(line["name"]).stem) or "picture"
        name = f"pictures/{line['id']}-{stem}.{_ENDINGS.get(line['media_type'], 'bin')}"
        try:
            chunks = self._blobs.open_range(storage.key(organization_id, line["sha256"]))
            with whole.open(name, "w", force_zip64=line["bytes"] > zipfile.ZIP64_LIMIT // 2) as file:
                for chunk in chunks:
                    file.write(chunk)
        except BlobMissing:
            log.warning("left out of a takeout", asset=line["id"])
        else:
            line["file"] = name

    async def _keep(self, draft: Path, organization_id: UUID, takeout_id: UUID) -> None:
        key = files.key(organization_id, takeout_id)
        await asyncio.to_thread(self._blobs.put_file, key, draft)
        # Another worker may have been first with another file: what is kept is what counts.
        size = (await asyncio.to_thread(self._blobs.info, key)).size
        await self._database.call("organizations_took_out_v1", organization_id, takeout_id, size)

    async def _wanted(self, organization_id: UUID, takeout_id: UUID, done: int) -> bool:
        return bool(
            await self._database.call("organizations_takeout_moves_v1", organization_id, takeout_id, done)
        )


def _write(file: Any, page: list[dict[str, Any]]) -> None:
    for line in page:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
