"""`packshot up`: the database, the web and a worker as one thing that starts, heals and stops together."""

from __future__ import annotations

import signal
import time
import urllib.error
import urllib.request
from pathlib import Path

from packshot.children import Child, Say, reason
from packshot.db.guard import Guard

_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 15.0
_LOOK_EVERY_S = 0.2


class StartError(RuntimeError):
    """The studio does not start; the message says why and what to do."""


class Supervisor:
    """Starts the parts, keeps them running until told to stop, and stops them all."""

    def __init__(self, guard: Guard, environment: dict[str, str], *, host: str, port: int) -> None:
        self._guard = guard
        self._say = Say()
        self._host, self._port = host, port
        self._children = [
            Child("web", ["web"], {**environment, "PACKSHOT_ROLE": "web"}),
            Child("worker", ["worker"], {**environment, "PACKSHOT_ROLE": "worker"}),
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
                    f"The web did not start ({reason(web.returncode)}); the lines above say why."
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
