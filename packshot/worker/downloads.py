"""Outputs that lie on a provider's server, brought to this machine for as long as they are looked at and stored."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from packshot.ports.fetch import Fetcher, FetchFailed
from packshot.ports.generation import Output, Remote

log = structlog.get_logger(__name__)

LARGEST = {"picture": 64 * 1024 * 1024, "video": 512 * 1024 * 1024}
_LIMIT_S = {"picture": 120.0, "video": 600.0}
_AT_ONCE = 8
"""Of one worker: each may take half a gigabyte of the disk."""
_PAUSES_S = (1.0, 3.0)
"""Before a second and a third try."""
_FORGOTTEN_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class File:
    """An output whose bytes are at hand, in memory or on this machine's disk."""

    data: bytes | Path
    size: int
    sha256: str
    kind: str | None
    """What the provider said it would be; None where it said nothing."""
    source_type: str
    confidence: float | None
    note: str | None


class Downloads:
    """Makes outputs files. One for each worker; `folder` is on the disk that the files shall take."""

    def __init__(self, fetcher: Fetcher, folder: Path) -> None:
        self._fetcher = fetcher
        self._folder = folder
        self._room = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def at_hand(self, outputs: Sequence[Output | Remote]) -> AsyncIterator[list[File]]:
        """The files, and nothing of them on the disk afterwards.

        Raises FetchRefused, and FetchFailed after three tries.
        """
        if not any(isinstance(output, Remote) for output in outputs):
            yield [_given(output) for output in outputs if isinstance(output, Output)]
            return
        async with self._room:
            draft = await asyncio.to_thread(self._draft)
            try:
                yield [
                    await self._fetched(output, draft / str(number))
                    if isinstance(output, Remote)
                    else _given(output)
                    for number, output in enumerate(outputs)
                ]
            finally:
                # Not awaited: a worker that is told to leave in this moment leaves nothing behind either.
                shutil.rmtree(draft, ignore_errors=True)

    async def _fetched(self, remote: Remote, into: Path) -> File:
        for pause_s in (*_PAUSES_S, None):
            try:
                found = await self._fetcher.fetch(
                    remote.url,
                    into,
                    hosts=remote.hosts,
                    max_bytes=LARGEST[remote.kind],
                    timeout_s=_LIMIT_S[remote.kind],
                    headers=remote.headers,
                )
                break
            except FetchFailed as error:
                if pause_s is None:
                    raise
                log.info("fetch again", error=str(error), again_in_s=pause_s)
                await asyncio.sleep(pause_s)
        return File(found.path, found.size, found.sha256, remote.kind, remote.source_type, None, remote.note)

    def _draft(self) -> Path:
        """A new folder; what killed workers left behind a day ago is cleared away."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._folder.iterdir():
            try:
                forgotten = old.stat().st_mtime < time.time() - _FORGOTTEN_S
            except FileNotFoundError:
                continue  # its worker has just finished
            if forgotten:
                shutil.rmtree(old, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=self._folder))


def _given(output: Output) -> File:
    return File(
        output.data,
        len(output.data),
        hashlib.sha256(output.data).hexdigest(),
        None,
        output.source_type,
        output.confidence,
        output.note,
    )
