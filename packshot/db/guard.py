"""The guard: a small process beside every command that starts others or uses the embedded server.

It holds a share of the server while its parent lives (or of nothing, where `DATABASE_URL` names another). The
parent tells it, a line each, which process groups to end with it. When the parent goes, killed or done, its end
of the pipe closes: the guard ends those groups, gives back its share, and the last one out stops PostgreSQL. So
there is one way to stop, and no orphan.

    python -m packshot.db.guard [HOME OPTIONS]    standard input is the parent's pipe; prints the database's URL
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import psutil

from packshot.db import server

_LOOK_EVERY_S = 0.5
_GRACE_S = 15.0


class Guard:
    """The parent's handle: start with `Guard.over(home)`, name what must not outlive us, and close."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self._process = process
        self.url = url

    @classmethod
    def over(cls, home: Path, options: dict[str, str] | None = None) -> Guard:
        """Take a share of the server of `home`, starting it where it does not run; raises ServerError."""
        home.mkdir(parents=True, exist_ok=True)
        return cls._started(str(home), json.dumps(options or {}))

    @classmethod
    def without_server(cls) -> Guard:
        """Only see to it that nothing outlives us."""
        return cls._started()

    @classmethod
    def _started(cls, *arguments: str) -> Guard:
        process = subprocess.Popen(
            [sys.executable, "-m", "packshot.db.guard", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the parent; the guard goes when the parent has gone
        )
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        if not url:
            lines = process.stderr.read().strip()
            process.wait()
            raise server.ServerError(lines or "the database's guard ended without a word")
        return cls(process, url)

    def watch(self, group: int) -> None:
        """This process group ends when we do."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{group}\n")
        self._process.stdin.flush()

    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """Give the share back and wait until what had to stop has stopped."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def guard() -> int:
    """Watch process groups only."""
    print("none", flush=True)
    _end(_keep(lambda: None))
    return 0


def guard_server(home: Path, options: dict[str, str]) -> int:
    """Hold a share of the embedded server, and watch process groups."""
    try:
        where = server.places(home)
        where.base.mkdir(parents=True, exist_ok=True)
    except (server.ServerError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    with (where.base / "start.lock").open("a") as turn, (where.base / "users.lock").open("a") as share:
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(share, fcntl.LOCK_SH)
        try:
            process = server.running(where) or server.start(where, options=options)
        except (server.ServerError, OSError) as error:
            print(error, file=sys.stderr)
            return 1
        fcntl.flock(turn, fcntl.LOCK_UN)
        print(where.url, flush=True)
        _end(_keep(_Mender(where, process, turn, options).look))
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(share, fcntl.LOCK_UN)
        if _last_out(share):
            server.stop(where)
    return 0


class _Mender:
    """Starts PostgreSQL again when it was killed."""

    def __init__(
        self, where: server.Places, process: psutil.Process, turn: IO[str], options: dict[str, str]
    ) -> None:
        self._where, self._process, self._turn, self._options = where, process, turn, options

    def look(self) -> None:
        if server.alive(self._process):
            return
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            self._process = server.running(self._where) or server.start(self._where, options=self._options)
        except server.ServerError:
            return  # PostgreSQL's own log says why; tried again at the next look
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)


def _keep(look: Callable[[], None]) -> list[int]:
    """Until the parent goes: note which groups it wants watched, and look after the server."""
    groups: list[int] = []
    pending = b""
    while True:
        ready, _, _ = select.select([0], [], [], _LOOK_EVERY_S)
        if ready:
            chunk = os.read(0, 4096)
            if not chunk:
                return groups
            *lines, pending = (pending + chunk).split(b"\n")
            groups += [int(line) for line in lines]
        look()


def _end(groups: list[int]) -> None:
    """Ask every group to end, and make those that have not."""
    deadline = time.monotonic() + _GRACE_S
    for step in (signal.SIGTERM, signal.SIGKILL):
        living = [group for group in groups if _signal(group, step)]
        while living and time.monotonic() < deadline:
            time.sleep(0.05)
            living = [group for group in living if _signal(group, 0)]
        groups = living


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _last_out(share: IO[str]) -> bool:
    try:
        fcntl.flock(share, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(guard_server(Path(sys.argv[1]), json.loads(sys.argv[2])) if sys.argv[1:] else guard())
