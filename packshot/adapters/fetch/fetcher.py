"""The fetcher: a few checked hops, then bytes into a file under every cap at once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

import httpcore

from packshot.adapters.fetch import magic, targets
from packshot.adapters.fetch.door import Door, header
from packshot.adapters.fetch.targets import Target
from packshot.ports.fetch import Fetched, FetchFailed, FetchRefused

_HOPS = 3
_PIECE = 1024 * 1024
_MOVED = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({404, 408, 425, 429})
"""Besides 5xx: a file that was made a moment ago may not be everywhere yet."""
_ASK = {"Accept": "image/*, video/*"}


class SafeFetcher(Door):
    """Implements packshot.ports.fetch.Fetcher."""

    async def fetch(
        self,
        url: str,
        into: Path,
        *,
        hosts: Sequence[str] | None,
        max_bytes: int,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """See the port. Besides `timeout_s` in all, connecting may take 5 s and silence 15 s."""
        try:
            async with asyncio.timeout(timeout_s), self._answer(url, hosts, headers or {}) as answer:
                _judge(answer, max_bytes)
                return await _receive(answer, into, max_bytes)
        except TimeoutError:
            raise FetchFailed(f"not here after {timeout_s:g} s") from None
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise FetchFailed(f"{type(error).__name__}: {error}") from error

    @asynccontextmanager
    async def _answer(
        self, url: str, hosts: Sequence[str] | None, headers: Mapping[str, str]
    ) -> AsyncIterator[httpcore.Response]:
        """The answer that is no redirect, its body still to be read."""
        target = self.target(url, hosts=hosts)
        for _ in range(_HOPS + 1):
            async with self.asked("GET", target, {**headers, **_ASK}) as answer:
                if answer.status not in _MOVED:
                    yield answer
                    return
                onward = _onward(target, answer, hosts, self.trusted)
            if onward.origin != target.origin:
                headers = {}  # for good: a host that sends us back does not get them either
            target = onward
        raise FetchRefused(f"more than {_HOPS} redirects")


def _onward(
    target: Target, answer: httpcore.Response, hosts: Sequence[str] | None, trusted: Collection[str]
) -> Target:
    """Where a redirect leads, judged as the first address was. Nobody outside can send us to a trusted place."""
    location = header(answer, b"location")
    if location is None:
        raise FetchRefused("a redirect that leads nowhere")
    here = f"{target.scheme}://{target.host}:{target.port}{target.path}"
    try:
        there = urljoin(here, location)
    except ValueError as error:
        raise FetchRefused(f"a redirect that cannot be read: {error}") from None
    return targets.read(there, hosts=hosts, trusted=trusted if target.trusted else ())


def _judge(answer: httpcore.Response, max_bytes: int) -> None:
    """Whether the body is worth reading. Raises FetchRefused and FetchFailed."""
    if answer.status in _LATER or answer.status >= 500:
        raise FetchFailed(f"answered with {answer.status}")
    if answer.status != 200:
        raise FetchRefused(f"answered with {answer.status}")
    coding = header(answer, b"content-encoding")
    if coding not in (None, "", "identity"):
        # Unpacking is what a bomb waits for, and nobody asked for it.
        raise FetchRefused(f"packed as {coding!r:.40}, which was not asked for")
    length = header(answer, b"content-length")
    if length is not None and length.isdigit() and int(length) > max_bytes:
        raise FetchRefused(f"{length} bytes are more than the {max_bytes} that are taken")


async def _receive(answer: httpcore.Response, into: Path, max_bytes: int) -> Fetched:
    with into.open("xb") as file:
        try:
            return await _write(answer, file, into, max_bytes)
        except BaseException:
            into.unlink()  # noqa: ASYNC240  (as quick as the opening above)
            raise


async def _write(answer: httpcore.Response, file: BinaryIO, into: Path, max_bytes: int) -> Fetched:
    size, kind, digest, piece = 0, None, hashlib.sha256(), bytearray()

    def put(data: bytes) -> None:
        digest.update(data)
        file.write(data)

    async for chunk in answer.aiter_stream():
        size += len(chunk)
        if size > max_bytes:
            raise FetchRefused(f"more than the {max_bytes} bytes that are taken")
        piece += chunk
        if kind is None and size >= magic.HEAD:
            kind = _kind(piece)
        if len(piece) >= _PIECE:
            await asyncio.to_thread(put, bytes(piece))
            piece.clear()
    kind = kind or _kind(piece)
    await asyncio.to_thread(put, bytes(piece))
    file.flush()
    return Fetched(into, size, kind, digest.hexdigest())


def _kind(head: bytes | bytearray) -> str:
    found = magic.media_type(bytes(head[: magic.HEAD]))
    if found is None:
        raise FetchRefused("neither a picture nor a video of a kind that is taken")
    return found
