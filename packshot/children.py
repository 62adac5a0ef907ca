"""Processes of ours that are kept running: started, healed, stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from packshot.db.guard import Guard

_LONGEST_PAUSE_S = 10.0
_HEALTHY_AFTER_S = 30.0


@dataclass
class Child:
    """A part that is kept running: started again with a growing pause when it ends by itself."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = 0.3

    def start(self, guard: Guard) -> None:
        """Start it, and have the guard end it when we are gone."""
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
            say(f"{self.name} ended ({reason(code)}); starting it again in {self.pause_s:.1f} s")
        if now >= self.start_at:
            self.start(guard)

    def stop(self) -> None:
        """Ask it to end; `wait` sees that it does."""
        if self.process is not None:
            _signal_group(self.process.pid, signal.SIGTERM)

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def wait(self, deadline: float) -> None:
        """Until it has ended; killed at `deadline`, by the monotonic clock."""
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


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
