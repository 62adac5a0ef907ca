"""Worker and web processes of a bench, and waiting for what they do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent

# No worker outlives the bench, however that ends: then its input ends.
FOLLOW = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
"""
WORKER = (
    FOLLOW
    + """
from packshot import installation; installation.set_up_django()
from packshot.worker.main import run
run()
"""
)
BARE = (
    FOLLOW
    + """
import asyncio, os, sys
os.environ["PGQUEUER_SCHEMA"] = "pgq"
import asyncpg, uvloop
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.core.qm import QueueManager
from pgqueuer.queries import Queries
from packshot.db.addresses import parameters

async def main():
    found = parameters(os.environ["DATABASE_URL"], login="packshot_worker")
    pool = await asyncpg.create_pool(host=found["host"], user=found["user"], password=found["password"],
        database=found["dbname"], max_size=10)
    manager = QueueManager(Queries(AsyncpgPoolDriver(pool)))
    @manager.entrypoint("bare")
    async def bare(message):
        pass
    print("worker ready", flush=True)
    await manager.run(batch_size=50, max_concurrent_tasks=100)

uvloop.run(main())
"""
)


class Worker:
    """A worker process, running when it is entered."""

    def __init__(self, script: str, **environment: str) -> None:
        self._script = script
        self._environment = environment

    def __enter__(self) -> subprocess.Popen[str]:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", self._script],
            env={**os.environ, "PACKSHOT_ROLE": "worker", "PYTHONPATH": str(ROOT), **self._environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        seen = []
        for line in self.process.stdout:
            seen.append(line)
            if "worker ready" in line:
                break
        else:
            raise RuntimeError("".join(seen))
        # Nobody may wait for a full pipe.
        self.drain = ThreadPoolExecutor(1)
        self.drain.submit(self.process.stdout.read)
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.drain.shutdown()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Web:
    """A web process on this port, answering when it is entered."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __enter__(self) -> None:
        command = [sys.executable, "-m", "packshot", "web", "--port", str(self._port)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True
        )
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=5).status == 200
        except OSError:
            return False

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def until(holds: Any) -> None:
    """Look until it holds: what another process does is seen in the database only."""
    deadline = time.monotonic() + 600
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("what this bench waits for does not come")
        time.sleep(0.01)
