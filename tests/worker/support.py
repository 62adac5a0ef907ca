"""A worker inside the test's process, on an event loop of its own, with clockwork that tests can wait for."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from packshot.studio.generation import queries
from packshot.studio.generation.views_api import BatchView, Order
from packshot.worker.main import serve
from packshot.worker.pace import Pace

QUICK = Pace(
    lease=2.0, heartbeat=0.2, queue=2.0, dequeue=0.5, progress=0.05, sweep=0.5, sweep_grace=2.5, stop=2.0
)


class InProcessWorker:
    """A whole worker on a thread of its own; ends cleanly with `close`."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="worker")
        self._thread.start()
        self._ready.wait()

    def _run(self) -> None:
        async def main() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            self._ready.set()
            await serve(self._pace, self._stop)

        try:
            asyncio.run(main())
        except BaseException as error:  # noqa: BLE001  (shown by `close`)
            self.error = error

    def close(self) -> None:
        assert self._loop is not None
        assert self._stop is not None
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive(), "the worker does not stop"
        if self.error is not None:
            raise self.error


def order(**changes: Any) -> Order:
    """An order of the mock's with a script, e.g. `order(script={"delay_s": 1}, variants=4)`."""
    script = changes.pop("script", None)
    facts: dict[str, Any] = {
        "board_id": None,
        "operation": "generate",
        "model": "mock-scene",
        "prompt": "a bottle on a stone",
        "key": str(uuid7()),
        "parameters": {} if script is None else {"script": script},
    }
    return Order(**(facts | changes))


def wait_for(read: Callable[[], Any], holds: Callable[[Any], bool], limit_s: float = 20.0) -> Any:
    """Read again and again until it holds; the last value. Fails loudly, with it, after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while True:
        found = read()
        if holds(found):
            return found
        assert time.monotonic() < deadline, f"still {found}"
        time.sleep(0.02)


def settled(actor: Any, batch_id: UUID, limit_s: float = 20.0) -> BatchView:
    """The batch, as soon as it is final."""
    return wait_for(lambda: queries.batch(actor, batch_id), lambda batch: batch.state.final, limit_s)
