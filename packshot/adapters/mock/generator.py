"""The `mock` generator: a scripted provider for tests, demonstrations and measurements."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from packshot.adapters.mock import signing
from packshot.adapters.mock.picture import clip, picture
from packshot.adapters.mock.provider import MockProvider, Work
from packshot.adapters.mock.script import BadScript, Script, script_of
from packshot.adapters.mock.writing import written
from packshot.ports.generation import (
    Callback,
    CancelOutcome,
    Done,
    Failed,
    FailureCode,
    Output,
    Pending,
    Remote,
    Report,
    Submitted,
    Task,
)

_STEPS = 10

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[None]]
"""Delivers a callback: address, headers, body."""


class MockGenerator:
    """Implements packshot.ports.generation.Generator.

    `folder` is the provider's memory, `key` signs its callbacks, `now` tells the time in seconds, and `post`
    delivers what it sends.
    """

    def __init__(
        self, folder: Path, *, name: str = "mock", key: bytes, now: Callable[[], float], post: Post
    ) -> None:
        self.name = name
        self.reads = None
        self.provider = MockProvider(folder, now)
        self._key = key
        self._now = now
        self._post = post
        self._sending: set[asyncio.Task[None]] = set()

    async def submit(self, task: Task, report: Report) -> Done | Submitted | Failed:
        try:
            script = script_of(task).at(self.name)
        except BadScript as error:
            return Failed(FailureCode.INVALID_INPUT, str(error))
        if script.answer == "now" and not (script.delay_s or script.fail or script.raises):
            return _result(script, task, seed=task.seed, ratio=task.ratio, variant=task.variant, attempt=1)
        attempt = self.provider.attempt(task.job_id)
        if script.raises:
            raise RuntimeError("the mock was told to break")
        if script.answer == "now":
            await self._work(script.delay_s, report if script.progress else None)
            return _result(
                script, task, seed=task.seed, ratio=task.ratio, variant=task.variant, attempt=attempt
            )
        work = self.provider.take(
            task.job_id, script, seed=task.seed, ratio=task.ratio, variant=task.variant, attempt=attempt
        )
        if script.callback is not None and task.callback_url is not None:
            sending = asyncio.create_task(self._call_back(work, task.callback_url))
            if script.callback.early:
                await sending
            else:
                self._sending.add(sending)
                sending.add_done_callback(self._sending.discard)
        if script.lost:
            await asyncio.Event().wait()
        return Submitted(work.ref, script.poll_after_s)

    async def poll(self, ref: str, task: Task, report: Report) -> Done | Pending | Failed:  # noqa: ARG002  (the port's shape)
        work = self.provider.find(ref)
        if work is None:
            return Failed(FailureCode.INTERNAL, "The provider does not know this work.")
        if self.provider.cancelled(work):
            return Failed(FailureCode.CANCELLED, "Cancelled.")
        script, elapsed = work.script, self.provider.elapsed(work)
        if elapsed < script.delay_s:
            percent = int(elapsed / script.delay_s * 100) if script.progress else None
            return Pending(script.poll_after_s, percent)
        return _result(
            script, task, seed=work.seed, ratio=work.ratio, variant=work.variant, attempt=work.attempt
        )

    async def cancel(self, ref: str) -> CancelOutcome:
        work = self.provider.find(ref)
        if work is None:
            return CancelOutcome.UNKNOWN
        outcome = CancelOutcome(work.script.cancel)
        if outcome is CancelOutcome.CANCELLED:
            if self.provider.elapsed(work) >= work.script.delay_s:
                return CancelOutcome.TOO_LATE
            self.provider.cancel(work)
        return outcome

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:
        return signing.read(self._key, headers, body, self._now())

    async def _work(self, delay_s: float, report: Report | None) -> None:
        for step in range(_STEPS if delay_s else 0):
            await asyncio.sleep(delay_s / _STEPS)
            if report is not None:
                report((step + 1) * 100 // _STEPS)

    async def _call_back(self, work: Work, address: str) -> None:
        script = work.script.callback
        assert script is not None
        if not script.early:
            await asyncio.sleep(work.script.delay_s + script.after_s)
        body = json.dumps({"ref": work.ref, "event": f"{work.ref}-done", "status": "done"}).encode()
        at = self._now() - (3600 if script.stale else 0)
        headers = signing.signed(b"not the key" if script.forged else self._key, body, at)
        for _ in range(script.times):
            await self._post(address, headers, body)


def _result(
    script: Script, task: Task, *, seed: int, ratio: str, variant: int, attempt: int
) -> Done | Failed:
    fails = script.fail is not None and (script.only is None or variant in script.only)
    if fails and (script.fail_times is None or attempt <= script.fail_times):
        assert script.fail is not None
        return Failed(script.fail, script.message, retryable=script.retryable)
    if script.output == "none":
        return Done((), units=script.units)
    if script.remote is not None:
        kind: Literal["picture", "video"] = "video" if task.operation == "video" else "picture"
        host = urlsplit(script.remote).hostname or ""
        return Done((Remote(script.remote, (host,), kind, "trainedAlgorithmicMedia"),), units=script.units)
    if task.operation in ("describe", "reply"):
        return Done(text=written(script, task), units=script.units)
    media_type = "image/png"
    if task.operation == "video":
        media_type = "video/webm"
        data, width, height = clip(seed, int(task.parameters.get("seconds", 1)))
    else:
        data, width, height = picture(seed, ratio)
    if script.output == "garbage":
        data = b"GIF89a, or so it says" * 10
    elif script.output == "lie":
        data = data[: len(data) // 2]
    output = Output(data, media_type, width, height, source_type="trainedAlgorithmicMedia")
    return Done((output,), units=script.units)
