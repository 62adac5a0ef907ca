"""A provider's server of files for workers: in a loop of its own, in the operator's own network."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from packshot.settings import settings
from packshot.worker import downloads, road
from tests.adapters.fetch.internet import Asked, Internet, Page, says, serving
from tests.worker.support import polled


class Mirror:
    """A provider's server of files, in a loop of its own."""

    def __init__(self, internet: Internet, port: int) -> None:
        self._internet = internet
        self.trusted = f"127.0.0.1:{port}"

    def page(self, path: str, page: Page) -> str:
        """Serve it; the address."""
        self._internet.pages[path] = page
        return f"http://{self.trusted}{path}"

    def times(self, path: str) -> int:
        return sum(one.path == path for one in self._internet.asked)


@contextmanager
def _mirror() -> Iterator[Mirror]:
    ready, stop = threading.Event(), asyncio.Event()
    found: list[Mirror] = []
    loop = asyncio.new_event_loop()

    async def main() -> None:
        async with serving() as (internet, port):
            found.append(Mirror(internet, port))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    assert ready.wait(10)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


@contextmanager
def trusted_mirror() -> Iterator[Mirror]:
    """Whatever reads its settings now may fetch from it, and does not wait long between its tries."""
    with _mirror() as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PACKSHOT_FETCH_TRUSTED", json.dumps([found.trusted]))
        patch.setattr(downloads, "_PAUSES_S", (0.01, 0.01))
        patch.setattr(road, "_POLL_AGAIN_S", 0.1)
        settings.cache_clear()
        yield found
    settings.cache_clear()


def flaky(times: int, then: Page, status: int = 503) -> Page:
    left = [times]

    async def page(asked: Asked, writer: asyncio.StreamWriter) -> None:
        left[0] -= 1
        await (says(status) if left[0] >= 0 else then)(asked, writer)

    return page


def slowly(data: bytes, seconds: float, begun: threading.Event | None = None) -> Page:
    async def page(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(data)}\r\n\r\n".encode())
        for at in range(10):
            writer.write(data[at * len(data) // 10 : (at + 1) * len(data) // 10])
            await writer.drain()
            if begun is not None:
                begun.set()
            await asyncio.sleep(seconds / 10)  # what a slow server does, not a wait of the test

    return page


def of_provider(address: str, **script):
    """Changes of an order: a provider that is polled and has its file there."""
    return {"model": "mock-remote", "script": polled(remote=address, **script)}


def nothing_left(home: Path) -> bool:
    return not any((home / "fetched").iterdir())
