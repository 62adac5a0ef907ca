"""A worker for as long as the shoot lasts, where none runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from django.db import connection

from packshot.db.guard import Guard

_LOOK_EVERY_S = 2.0
_STOP_LIMIT_S = 15.0


class WorkerLost(Exception):
    """The worker we started ends again and again; the message says where it tells why."""


class Worker:
    """`ensure()` starts a worker of our own unless one is connected to the database; ours ends with the block.

    A worker that belongs to another command may end with it, so `ensure` is called again while waiting.
    """

    def __init__(self, guard: Guard, home: Path) -> None:
        self._guard = guard
        self._log = home / "worker.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._looked_at = float("-inf")
        self._starts = 0

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def ensure(self) -> None:
        """Raises WorkerLost, and what the database raises while it is away."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = now
        ours_runs = self._process is not None and self._process.poll() is None
        if ours_runs or _one_is_connected():
            return
        if self._starts == 3:
            raise WorkerLost(f"The worker ended three times. The end of {self._log} says why.")
        self._start()

    def _start(self) -> None:
        self._starts += 1
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "packshot", "worker"],
                env={**os.environ, "PACKSHOT_ROLE": "worker"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._guard.watch(self._process.pid)


def _one_is_connected() -> bool:
    """A worker listens on a connection that it never closes, so its login tells of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_catalog.pg_stat_activity"
            " where datname = current_database() and usename = 'packshot_worker')"
        )
        row = cursor.fetchone()
    connection.close()
    assert row is not None
    return bool(row[0])
