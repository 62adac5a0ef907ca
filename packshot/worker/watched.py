"""A generator that is watched: how long its provider takes, how it fails, and where in a trace it was asked."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from packshot.ports.generation import (
    Callback,
    CancelOutcome,
    Done,
    Failed,
    Generator,
    Pending,
    Report,
    Submitted,
    Task,
)
from packshot.telemetry import metrics, traces


class Watched:
    """Implements packshot.ports.generation.Generator by another one, and changes nothing of what it says."""

    def __init__(self, generator: Generator) -> None:
        self.name = generator.name
        self.reads = generator.reads
        self._generator = generator

    async def submit(self, task: Task, report: Report) -> Done | Submitted | Failed:
        with self._asked("submit"):
            answer = await self._generator.submit(task, report)
        self._count(answer)
        return answer

    async def poll(self, ref: str, task: Task, report: Report) -> Done | Pending | Failed:
        with self._asked("poll"):
            answer = await self._generator.poll(ref, task, report)
        self._count(answer)
        return answer

    async def cancel(self, ref: str) -> CancelOutcome:
        with self._asked("cancel"):
            return await self._generator.cancel(ref)

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:
        return self._generator.parse_callback(headers, body)

    @contextmanager
    def _asked(self, call: str) -> Iterator[None]:
        begun = time.monotonic()
        try:
            with traces.span(f"provider {call}", provider=self.name):
                yield
        except Exception:
            metrics.provider_failures.labels(self.name, "raised").inc()
            raise
        finally:
            metrics.provider.labels(self.name, call).observe(time.monotonic() - begun)

    def _count(self, answer: Done | Submitted | Pending | Failed) -> None:
        if isinstance(answer, Failed):
            metrics.provider_failures.labels(self.name, answer.code.value).inc()
