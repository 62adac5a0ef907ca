"""`packshot up`: the database, the web and a worker as one thing that starts, heals and stops together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from packshot.db.guard import Guard

_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 15.0
_LOOK_EVERY_S = 0.2
_LONGEST_PAUSE_S = 10.0
_HEALTHY_AFTER_S = 30.0


class StartError(RuntimeError):
    """The studio does not start; the message says why and what to do."""


@dataclass
class _Child:
    """A part that is kept running: started again with a growing pause when it ends by itself."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = 0.3

    def start(self, guard: Guard) -> None:
        command = [sys.executable, "-m", "packshot", *self.arguments]
        self.process = subprocess.Popen(command, env=self.environment, start_new_session=True)
        self.started_at = time.monotonic()
        guard.watch(self.process.pid)

    def look(self, guard: Guard, say: Say) -> None:
        """Start it again when it has ended and its pause is over."""
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            _signal_group(self.process.pid, signal.SIGKILL)  # children of a killed server hold its port
            self.pause_s = (
                0.3 if now - self.started_at > _HEALTHY_AFTER_S else min(self.pause_s * 2, _LONGEST_PAUSE_S)
            )
            self.start_at = now + self.pause_s
            self.process = None
            say(f"{self.name} ended ({_reason(code)}); starting it again in {self.pause_s:.1f} s")
        if now >= self.start_at:
            self.start(guard)

    def stop(self) -> None:
        if self.process is not None:
            _signal_group(self.process.pid, signal.SIGTERM)

    def wait(self, deadline: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Say:
    """One line to the person at the terminal."""

    def __call__(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


class Supervisor:
    """Starts the parts, keeps them running until told to stop, and stops them all."""

    def __init__(self, guard: Guard, environment: dict[str, str], *, host: str, port: int) -> None:
        self._guard = guard
        self._say = Say()
        self._host, self._port = host, port
        self._children = [
            _Child("web", ["web"], {**environment, "PACKSHOT_ROLE": "web"}),
            _Child("worker", ["worker"], {**environment, "PACKSHOT_ROLE": "worker"}),
        ]
        self._stopping = False

    def run(self, home: Path) -> None:
        """Until SIGINT or SIGTERM; raises StartError when the web does not come up."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        try:
            for child in self._children:
                child.start(self._guard)
            self._wait_until_ready()
            if not self._stopping:
                print(f"Packshot is ready: http://{self._shown_host()}:{self._port}", flush=True)
                self._say(f"Files are in {home}. Ctrl-C stops everything.")
            while not self._stopping:
                time.sleep(_LOOK_EVERY_S)
                self._look()
        finally:
            self._end()

    def _look(self) -> None:
        if not self._guard.alive():
            raise StartError("The database's guard has gone; stopping. Start again with the same command.")
        for child in self._children:
            child.look(self._guard, self._say)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_LIMIT_S
        while not self._stopping:
            web = self._children[0].process
            if web is not None and web.poll() is not None:
                raise StartError(
                    f"The web did not start ({_reason(web.returncode)}); the lines above say why."
                )
            if self._ready():
                return
            if time.monotonic() > deadline:
                raise StartError(
                    "The web did not answer within a minute. `packshot doctor` looks for the reason."
                )
            time.sleep(0.05)

    def _ready(self) -> bool:
        address = f"http://{self._shown_host()}:{self._port}/readyz"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _shown_host(self) -> str:
        return "127.0.0.1" if self._host in ("0.0.0.0", "::", "") else self._host  # noqa: S104  (compared, not bound)

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _end(self) -> None:
        for child in self._children:
            child.stop()
        deadline = time.monotonic() + _STOP_LIMIT_S
        for child in self._children:
            child.wait(deadline)
        self._guard.close()


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
