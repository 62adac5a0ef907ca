"""A whole studio for tests: `packshot up` as a person starts it, in a home of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from packshot.db import server

START_LIMIT_S = 90


class Studio:
    """A running studio. `lines` is what it has said so far."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.lines: list[str] = []
        inherited = {
            k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "PACKSHOT_HOME", "PACKSHOT_ROLE"}
        }
        self._environment = {**inherited, "PYTHONUNBUFFERED": "1", **environment}
        self.start(port=0)

    def start(self, port: int | None = None) -> None:
        """Start, or start again on the same port, and wait for the address."""
        port = self.port if port is None else port
        self._ready = threading.Event()
        self.address = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "packshot", "up", "--home", str(self.home), "--port", str(port)],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        if not self._ready.wait(START_LIMIT_S) or not self.address:
            raise AssertionError("the studio did not start:\n" + "".join(self.lines[-60:]))

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line)
            if found := re.match(r"Packshot is ready: (\S+)", line):
                self.address = found.group(1)
                self._ready.set()
        self._ready.set()

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    @property
    def database_url(self) -> str:
        return server.places(self.home).url

    def part(self, name: str) -> psutil.Process:
        """The process of `web` or `worker`, the first of its group."""
        for child in psutil.Process(self.process.pid).children():
            try:
                if child.cmdline()[-1:] == [name]:
                    return child
            except (psutil.ZombieProcess, psutil.NoSuchProcess):
                continue  # killed, and not yet buried by its parent
        raise LookupError(name)

    def postgres(self) -> psutil.Process:
        found = server.running(server.places(self.home))
        assert found is not None
        return found

    def descendants(self) -> list[psutil.Process]:
        return [*psutil.Process(self.process.pid).children(recursive=True), self.postgres()]

    def ready(self) -> bool:
        return _ready(self.address)

    @contextmanager
    def another_web(self, **environment: str) -> Iterator[str]:
        """One more web server on the studio's database, set up differently; its address."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "packshot", "web", "--home", str(self.home), "--port", str(port)]
        process = subprocess.Popen(
            command, env={**self._environment, "DATABASE_URL": self.database_url, **environment}
        )
        try:
            address = f"http://127.0.0.1:{port}"
            until(lambda: _ready(address) or process.poll() is not None, why="the web server did not start")
            assert process.poll() is None, "the web server ended at once"
            yield address
        finally:
            process.terminate()
            process.wait(60)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask it to stop; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)


def _ready(address: str) -> bool:
    try:
        return httpx.get(address + "/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def until(
    condition: Callable[[], object], seconds: float = 60.0, why: str = "it did not happen in time"
) -> None:
    """Wait for something outside this process, which no event of ours announces."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)
