from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

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
    from packshot.settings import settings
    from tests.worker.support import delivered

    words: list[str] = []

    async def post(address: str, headers: object, body: bytes) -> None:
        words.append(await asyncio.to_thread(delivered, address, headers, body))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "_post", post)
        patch.setattr(settings(), "public_url", "https://studio.example.com")
        yield words


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a module that share a worker run in one test process: each further one would start it again."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and "worker" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(f"worker-{item.path.stem}"))
