"""The combiner of `packshot.db.combiner`, for one event loop: one flush under way, the next takes what arrived."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Command = TypeVar("Command")
Answer = TypeVar("Answer")


class Grouped(Generic[Command, Answer]):
    """`send` answers a list of commands in their order; each caller gets the answer of its own."""

    def __init__(
        self, send: Callable[[list[Command]], Awaitable[Sequence[Answer]]], *, max_batch: int = 128
    ) -> None:
        self._send = send
        self._max_batch = max_batch
        self._waiting: deque[tuple[Command, asyncio.Future[Answer]]] = deque()
        self._flusher: asyncio.Task[None] | None = None

    async def run(self, command: Command) -> Answer:
        """The command's answer, or what went wrong with this command.

        A caller that is cancelled stops waiting; its command is sent all the same.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush_all())
        return await future

    async def _flush_all(self) -> None:
        # Everything that is ready to run in this turn of the loop may still add to the first batch.
        await asyncio.sleep(0)
        try:
            while self._waiting:
                size = min(len(self._waiting), self._max_batch)
                await self._flush([self._waiting.popleft() for _ in range(size)])
        finally:
            self._flusher = None

    async def _flush(self, batch: list[tuple[Command, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._send([command for command, _ in batch])
            if len(answers) != len(batch):
                raise RuntimeError(f"{len(batch)} commands were sent and {len(answers)} answers came back")
        except Exception as error:  # noqa: BLE001  (reported to the caller whose command it is)
            if len(batch) == 1:
                if not batch[0][1].done():
                    batch[0][1].set_exception(error)
                return
            # Every command is fenced by its token, so one that did commit is only told that it is stale.
            for one in batch:
                await self._flush([one])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
