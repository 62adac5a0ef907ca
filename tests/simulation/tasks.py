"""Processes of the simulation: each is a thread, and only one of all runs at a time, until it hands over."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connections

from tests.simulation.faults import Killed

_mine = threading.local()


class Task:
    """A request or a worker's step: `run` goes on until it hands over or ends, with a `result` or an `error`."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self.name = name
        self.result: object = None
        self.error: BaseException | None = None
        self.ended = False
        self._work, self._killed = work, False
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._thread.start()

    def run(self) -> bool:
        """True when it has ended."""
        self._go.release()
        self._back.acquire()
        return self.ended

    def kill(self) -> None:
        self._killed = True
        self.run()

    def hand_over(self) -> None:
        self._back.release()
        self._go.acquire()
        if self._killed:
            raise Killed

    def _main(self) -> None:
        self._go.acquire()
        _mine.task = self
        try:
            self.result = self._work()
        except BaseException as error:  # noqa: BLE001  whoever runs it looks at the error
            self.error = error
        finally:
            connections.close_all()
            self.ended = True
            self._back.release()


def current() -> Task | None:
    return getattr(_mine, "task", None)
