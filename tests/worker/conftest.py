from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def worker(calls: list[str]) -> Iterator[object]:
    """A worker inside this process for all tests of a module: its pool of processes takes seconds to start."""
    from tests.worker.support import InProcessWorker

    running = InProcessWorker()
    yield running
    running.close()


@pytest.fixture(scope="module")
def calls() -> Iterator[list[str]]:
    """The mock's callbacks are delivered as the site would; what became of each."""
    from packshot import wiring
    from tests.worker.support import delivered

    words: list[str] = []

    async def post(address: str, headers: object, body: bytes) -> None:
        words.append(await asyncio.to_thread(delivered, address, headers, body))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "_post", post)
        yield words
