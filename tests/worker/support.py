"""A worker inside the test's process or beside it, orders with scripts, and waiting that fails loudly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import psycopg
from uuid_utils.compat import uuid7

from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import BatchView, Order
from packshot.studio.generation.errors import InvalidCallback
from packshot.worker.main import serve
from packshot.worker.pace import Pace

QUICK = Pace(
    lease=2.0,
    heartbeat=0.2,
    queue=2.0,
    dequeue=0.5,
    progress=0.05,
    sweep=0.5,
    sweep_grace=2.5,
    stop=2.0,
)


class InProcessWorker:
    """A whole worker on a thread of its own; ends cleanly with `close`."""

    def __init__(self, pace: Pace = QUICK) -> None:
        _empty_the_queue()
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
        self._thread.join(60)
        assert not self._thread.is_alive(), "the worker does not stop"
        if self.error is not None:
            raise self.error


def _empty_the_queue() -> None:
    """Forget what earlier tests left undone: this worker has only the rights of a web process."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("delete from pgq.pgqueuer")


class WorkerProcess:
    """A worker as it runs in production: its own process, its own login, killed by signals."""

    def __init__(self, pace: Pace = QUICK, **environment: str) -> None:
        script = (
            # It never outlives the tests: when they go, however they go, its input ends.
            "import os, sys, threading\n"
            "threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()\n"
            "from packshot import installation; installation.set_up_django()\n"
            "from packshot.worker.main import run\nfrom packshot.worker.pace import Pace\n"
            f"run(Pace(**{asdict(pace)!r}))\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", script],
            env={**os.environ, "PACKSHOT_ROLE": "worker", "PACKSHOT_WORKER_CPUS": "1", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._ready.wait(120), "".join(self.output)
        assert self.process.poll() is None, "".join(self.output)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
            if "worker ready" in line:
                self._ready.set()
        self._ready.set()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self, limit_s: float = 60.0) -> int:
        """SIGTERM, and its exit code."""
        self.process.terminate()
        return self.process.wait(limit_s)


@contextlib.contextmanager
def worker_process(pace: Pace = QUICK, **environment: str) -> Iterator[WorkerProcess]:
    running = WorkerProcess(pace, **environment)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                running.signal(signal.SIGCONT)
            running.kill()


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


def polled(**script: Any) -> dict[str, Any]:
    """A script of a provider that is polled."""
    return {"answer": "poll", "poll_after_s": 0.1, **script}


def wait_for(read: Callable[[], Any], holds: Callable[[Any], bool], limit_s: float = 60.0) -> Any:
    """Read again and again until it holds; the last value. Fails, showing it, after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while True:
        found = read()
        if holds(found):
            return found
        assert time.monotonic() < deadline, f"still {found}"
        time.sleep(0.02)  # between two looks; the condition decides


def settled(actor: Any, batch_id: UUID, limit_s: float = 60.0) -> BatchView:
    """The batch, as soon as it is final."""
    return wait_for(lambda: queries.batch(actor, batch_id), lambda batch: batch.state.final, limit_s)


def in_state(actor: Any, batch_id: UUID, *states: str) -> BatchView:
    """The batch, as soon as every tile is in one of these states."""
    return wait_for(
        lambda: queries.batch(actor, batch_id),
        lambda batch: all(tile.state.value in states for tile in batch.tiles),
    )


def delivered(address: str, headers: Any, body: bytes) -> str:
    """What the site's route for callbacks does with one; the answer in a word."""
    parts = urlsplit(address)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    provider = parts.path.strip("/").split("/")[-1]
    try:
        fresh = commands.receive_callback(provider, headers, body, job=asked.get("j"), mark=asked.get("s"))
    except InvalidCallback:
        return "refused"
    return "fresh" if fresh else "known"


def books(admin: Any, organization_id: UUID) -> dict[str, int]:
    """What the ledger and the jobs say about an organization, side by side."""
    available, held = admin.execute(
        "select available, held from public.credits_wallet where organization_id = %s", [organization_id]
    ).fetchone()
    charged, live, jobs, settled_jobs = admin.execute(
        "select coalesce(sum(j.charged), 0)::bigint,"
        " coalesce(sum(j.price) filter (where j.finished_at is null), 0)::bigint, count(*),"
        " (select count(*) from public.generation_settlement as s where s.organization_id = %s)"
        " from public.generation_job as j where j.organization_id = %s"
        " and j.error_code is distinct from 'insufficient_credits'",
        [organization_id, organization_id],
    ).fetchone()
    return {
        "available": available,
        "held": held,
        "charged": charged,
        "live": live,
        "jobs": jobs,
        "settled": settled_jobs,
    }


def assert_books(admin: Any, organization_id: UUID, granted: int = 500_000_000) -> dict[str, int]:
    """Credits are conserved: what was granted is available, held for what is live, or was charged for what is done."""
    found = books(admin, organization_id)
    assert found["held"] == found["live"], found
    assert found["available"] + found["held"] + found["charged"] == granted, found
    return found
