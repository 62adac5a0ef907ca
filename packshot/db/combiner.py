"""Flat combining: callers that arrive while a flush is under way share the next one.

A row lock is held until the commit record is on disk, so one hot wallet does one commit a flush however many
callers there are. Sending what has queued up meanwhile in one transaction gives all of them the same flush.
There is no timer: a batch is what arrived during the previous flush, so an idle caller never waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Command = TypeVar("Command")
Answer = TypeVar("Answer")


class Combiner(Generic[Command, Answer]):
    """Sends many threads' commands together. `send` answers a list of commands in their order.

    One thread of its own does the sending; it starts with the first command, in the process that gave it.
    """

    def __init__(self, send: Callable[[list[Command]], Sequence[Answer]], *, max_batch: int = 128) -> None:
        self._send = send
        self._max_batch = max_batch
        self._waiting: SimpleQueue[tuple[Command, Future[Answer]]] = SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def run(self, command: Command) -> Answer:
        """The command's answer, or what went wrong with this command; blocks until it is committed."""
        return self.submit(command).result()

    def submit(self, command: Command) -> Future[Answer]:
        """Like `run`, for callers that must not block (an event loop)."""
        future: Future[Answer] = Future()
        self._waiting.put((command, future))
        if self._thread is None:
            self._begin()
        return future

    def _begin(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="combiner", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            batch = [self._waiting.get()]
            try:
                while len(batch) < self._max_batch:
                    batch.append(self._waiting.get_nowait())
            except Empty:
                pass  # what arrived so far is the batch
            self._flush(batch)

    def _flush(self, batch: list[tuple[Command, Future[Answer]]]) -> None:
        try:
            answers = self._send([command for command, _ in batch])
            if len(answers) != len(batch):
                raise RuntimeError(f"{len(batch)} commands were sent and {len(answers)} answers came back")
        except Exception as error:  # noqa: BLE001  reported to the caller whose command it is, never lost
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            # One bad command never fails its neighbours: each is sent again, alone. That is safe because a
            # command carries its key, so one that did commit is only answered again.
            for one in batch:
                self._flush([one])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            future.set_result(answer)
