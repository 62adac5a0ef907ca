"""Exports: pictures read, converted in the pool, packed into one file, and kept in the blob store for a day."""

from __future__ import annotations

import asyncio
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import structlog
from django.utils.translation import ngettext

from packshot.imaging.errors import BadPicture
from packshot.ports.blobs import BlobMissing, BlobStore
from packshot.studio.assets import storage
from packshot.studio.assets.contracts import ExportSpec
from packshot.studio.assets.exporting import Item, Names, conversion, entry, item_of, whole_name
from packshot.worker.database import Database
from packshot.worker.outputs import Run

log = structlog.get_logger(__name__)

_CONVERT_LIMIT_S = 120.0
_TOLD_EVERY_S = 0.5
_FORGOTTEN_S = 24 * 3600


class NotWantedError(Exception):
    """Nobody waits for the file any more."""


@dataclass(frozen=True, slots=True)
class _Plan:
    spec: ExportSpec
    items: list[Item]
    total: int
    asked_on: str


class Packer:
    """Makes the files of exports. One for each worker; `drafts` is a folder for files that are being made."""

    def __init__(self, database: Database, blobs: BlobStore, run: Run, drafts: Path) -> None:
        self._database = database
        self._blobs = blobs
        self._run = run
        self._drafts = drafts

    async def pack(self, organization_id: UUID, export_id: UUID, stopped: Callable[[], bool]) -> bool:
        """Make an export's file. False when `stopped` said to leave it to another worker, who begins anew.

        What the pool raises when it fails through no fault of a picture passes: the caller tries again, and at last
        calls `give_up`. Twice for the same export does no harm.
        """
        found = await self._database.call("assets_export_for_work_v1", organization_id, export_id)
        if found is None:
            return True
        plan = _Plan(
            ExportSpec(**found["spec"]),
            [item_of(each) for each in found["items"]],
            found["total"],
            found["asked_on"],
        )
        try:
            async with self._draft() as draft:
                name, left_out = await self._fill(draft, organization_id, export_id, plan, stopped)
                await self._tell(organization_id, export_id, plan.total - left_out)
                await self._keep(draft, organization_id, export_id, name, left_out)
        except NotWantedError:
            return not stopped()
        return True

    async def give_up(self, organization_id: UUID, export_id: UUID) -> None:
        await self._ended(organization_id, export_id, None, None, "The file could not be made. Try it again.")

    async def _fill(
        self, draft: Path, organization_id: UUID, export_id: UUID, plan: _Plan, stopped: Callable[[], bool]
    ) -> tuple[str, int]:
        """Write the file; its name, and how many pictures are not in it."""
        names, packed, told = Names(plan.spec), 0, time.monotonic()
        alone = plan.total == 1 and len(plan.items) == 1
        name = whole_name(plan.items, plan.asked_on)
        with draft.open("wb") as file:
            whole = None if alone else zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
            for number, item in enumerate(plan.items, 1):
                try:
                    data, size = await self._file(organization_id, plan.spec, item)
                except (BadPicture, BlobMissing) as error:
                    log.warning("left out of an export", asset=str(item.id), error=str(error))
                    continue
                own = names.next(item, width=size[0], height=size[1])
                name = own if alone else name
                await asyncio.to_thread(_write, file, whole, own, data)
                packed += 1
                if stopped():
                    raise NotWantedError
                if time.monotonic() - told >= _TOLD_EVERY_S:
                    told = time.monotonic()
                    await self._tell(organization_id, export_id, number)
            if whole is not None:
                await asyncio.to_thread(whole.close)
        return name, plan.total - packed

    async def _file(
        self, organization_id: UUID, spec: ExportSpec, item: Item
    ) -> tuple[bytes, tuple[int, int]]:
        data = await asyncio.to_thread(self._blobs.get, storage.key(organization_id, item.sha256))
        options = conversion(spec, item)
        if options is None:
            return data, (item.width, item.height)
        made: Any = await self._run("convert", data, options, timeout=_CONVERT_LIMIT_S)
        return made.data, (made.width, made.height)

    async def _keep(
        self, draft: Path, organization_id: UUID, export_id: UUID, name: str, left_out: int
    ) -> None:
        message = None
        if left_out:
            message = ngettext(
                "%(number)d picture was left out: its file is not there any more.",
                "%(number)d pictures were left out: their files are not there any more.",
                left_out,
            ) % {"number": left_out}
        key = storage.export_key(organization_id, export_id)
        await asyncio.to_thread(self._blobs.put_file, key, draft)
        # Another worker may have been first with another file: what is kept is what counts.
        size = (await asyncio.to_thread(self._blobs.info, key)).size
        if not await self._ended(organization_id, export_id, name, size, message):
            await self._unkeep(organization_id, export_id, key)

    async def _unkeep(self, organization_id: UUID, export_id: UUID, key: str) -> None:
        """It was cancelled at the last moment; a file that another worker has finished stays."""
        ready = await self._database.call("assets_export_is_ready_v1", organization_id, export_id)
        if not ready:
            await asyncio.to_thread(self._blobs.delete, key)

    async def _tell(self, organization_id: UUID, export_id: UUID, done: int) -> None:
        if not await self._database.call("assets_export_progress_v1", organization_id, export_id, done):
            raise NotWantedError

    async def _ended(
        self, organization_id: UUID, export_id: UUID, name: str | None, size: int | None, message: str | None
    ) -> bool:
        return bool(
            await self._database.call(
                "assets_export_ended_v1", organization_id, export_id, name, size, message
            )
        )

    @asynccontextmanager
    async def _draft(self) -> AsyncIterator[Path]:
        """A file's place, which is empty again afterwards; what killed workers left there is cleared away."""
        await asyncio.to_thread(_clear, self._drafts)
        with tempfile.TemporaryDirectory(dir=self._drafts) as folder:
            yield Path(folder) / "draft"


def _write(file: IO[bytes], whole: zipfile.ZipFile | None, name: str, data: bytes) -> None:
    if whole is None:
        file.write(data)
    else:
        whole.writestr(entry(name), data)


def _clear(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in _old(folder):
        for draft in path.iterdir():
            draft.unlink(missing_ok=True)
        path.rmdir()


def _old(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime < time.time() - _FORGOTTEN_S:
                yield path
        except FileNotFoundError:
            continue  # its worker has just finished
