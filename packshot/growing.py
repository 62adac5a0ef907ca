"""`packshot worker --max N`: as many worker processes as the age of the queue asks for."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from packshot.children import Child, Say
from packshot.db.guard import Guard

log = structlog.get_logger(__name__)

_STOP_LIMIT_S = 15.0


@dataclass(frozen=True, slots=True)
class Rule:
    """When to grow and when to shrink, in seconds."""

    look_every: float = 1.0
    grow_above: float = 5.0
    """Age of the oldest message that is due, above which there are too few workers."""
    grow_pause: float = 10.0
    """Before growing again: a new worker needs a moment until it shows."""
    quiet: float = 1.0
    """Age up to which the queue counts as worked off."""
    shrink_after: float = 120.0
    """So long without more than that, and one worker goes; as long again, and the next one."""


class Size:
    """How many workers there shall be; told the time and the queue's age, it reads neither itself."""

    def __init__(self, most: int, rule: Rule) -> None:
        self.wanted = 1
        self._most = most
        self._rule = rule
        self._grown_at: float | None = None
        self._quiet_since: float | None = None

    def look(self, now: float, age_s: float) -> int:
        """The number that is wanted after this look."""
        if age_s > self._rule.quiet:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        rested = self._grown_at is None or now - self._grown_at >= self._rule.grow_pause
        if age_s > self._rule.grow_above and rested and self.wanted < self._most:
            self.wanted, self._grown_at = self.wanted + 1, now
        elif self._quiet_since is not None and now - self._quiet_since >= self._rule.shrink_after:
            self.wanted, self._quiet_since = max(1, self.wanted - 1), now
        return self.wanted


class Grower:
    """Worker processes under one command. `read_age` gives the queue's age; None while the database is away."""

    def __init__(self, guard: Guard, most: int, read_age: Callable[[], float | None], rule: Rule) -> None:
        self._guard = guard
        self._read_age = read_age
        self._rule = rule
        self._size = Size(most, rule)
        self._say = Say()
        self._workers: list[Child] = []
        self._leaving: list[tuple[Child, float]] = []
        self._stopped = threading.Event()

    def run(self) -> None:
        """Until SIGINT or SIGTERM; then every worker finishes or hands back what it holds."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stopped.set())
        try:
            while not self._stopped.is_set():
                self._look()
                self._stopped.wait(self._rule.look_every)
        finally:
            self._end()

    def _look(self) -> None:
        age_s = self._read_age()
        if age_s is not None:
            self._size.look(time.monotonic(), age_s)
        while len(self._workers) < self._size.wanted:
            self._grow(age_s)
        while len(self._workers) > self._size.wanted:
            self._shrink()
        for worker in self._workers:
            worker.look(self._guard, self._say)
        for worker, deadline in self._leaving:
            if time.monotonic() > deadline:
                worker.wait(deadline)
        self._leaving = [each for each in self._leaving if not each[0].ended()]

    def _grow(self, age_s: float | None) -> None:
        name = f"worker {len(self._workers) + 1}"
        worker = Child(name, ["worker"], {**os.environ, "PACKSHOT_ROLE": "worker"})
        worker.start(self._guard)
        self._workers.append(worker)
        log.info("workers grow", workers=len(self._workers), queue_age_s=age_s)

    def _shrink(self) -> None:
        worker = self._workers.pop()
        worker.stop()
        self._leaving.append((worker, time.monotonic() + _STOP_LIMIT_S))
        log.info("workers shrink", workers=len(self._workers))

    def _end(self) -> None:
        everyone = [*self._workers, *(worker for worker, _ in self._leaving)]
        for worker in everyone:
            worker.stop()
        deadline = time.monotonic() + _STOP_LIMIT_S
        for worker in everyone:
            worker.wait(deadline)
