"""The worker's life: start, serve its lanes, stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from datetime import timedelta
from typing import Any

import structlog

from packshot.worker.pace import Pace

log = structlog.get_logger(__name__)

# Read once by pgqueuer, when its settings are first asked for; nothing of it is imported above this line.
os.environ.setdefault("PGQUEUER_SCHEMA", "pgq")


def run(pace: Pace = Pace()) -> None:  # noqa: B008  (frozen)
    """Serve until SIGTERM or SIGINT. Django is set up and this process's role is `worker`.

    Raises what it cannot mend: whoever started it starts it again, and the work goes on where it was.
    """
    import uvloop

    from packshot.telemetry import traces
    from packshot.telemetry.start import start

    start("worker")

    async def until_told() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await serve(pace, stop)

    try:
        uvloop.run(until_told())
    finally:
        traces.stop()


async def serve(pace: Pace, stop: asyncio.Event) -> None:
    """One worker in this event loop, until `stop`."""
    from packshot.worker.crew import Crew

    crew = await Crew.assemble(pace, worker=f"{socket.gethostname()}:{os.getpid()}")
    try:
        await crew.work(stop)
    finally:
        await crew.dismiss()


def queue_settings(pace: Pace, *, tasks: int, batch: int) -> dict[str, Any]:
    """How a lane's queue manager runs; the engine wants room for two batches."""
    return {
        "dequeue_timeout": timedelta(seconds=pace.dequeue),
        "heartbeat_timeout": timedelta(seconds=pace.queue),
        "batch_size": batch,
        "max_concurrent_tasks": max(tasks, 2 * batch),
    }
