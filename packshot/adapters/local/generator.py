"""The `local` generator: cut-outs, enlargements and composed scenes without a key or a network."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from packshot.adapters.local import edits
from packshot.adapters.local.pool import ImagingPool, JobRaised, JobTimeout, PoolError
from packshot.adapters.local.work import Made
from packshot.imaging.clip import MOTIONS, SECONDS
from packshot.imaging.cutout import Cutout
from packshot.imaging.edit import words
from packshot.imaging.errors import BadPicture
from packshot.imaging.scene.ratios import UnsupportedScene, dimensions
from packshot.imaging.sources import read_source_type, strongest
from packshot.ports.generation import (
    BadCallback,
    Callback,
    CancelOutcome,
    Done,
    Failed,
    FailureCode,
    Output,
    Reference,
    Report,
    Task,
)

_log = logging.getLogger(__name__)

CUTOUTS_KEPT = 8
"""Recent references whose object stays in memory (at most 9 MB each) for the next variant."""
JPEG_QUALITY = 92
CUTOUT_SHARE = 40
"""Percent of a generate job that the cut-out takes when it is not there yet."""


class LocalGenerator:
    """Implements packshot.ports.generation.Generator on an ImagingPool; `submit` always ends the work."""

    name = "local"
    reads = None

    def __init__(self, pool: ImagingPool) -> None:
        self._pool = pool
        self._cutouts = _SingleFlight(CUTOUTS_KEPT)
        self._running: dict[str, asyncio.Task[Done | Failed]] = {}
        self._operations: dict[str, Callable[[Task, Report], Awaitable[Made]]] = {
            "generate": self._generate,
            "edit": self._edit,
            "remove_background": self._remove_background,
            "upscale": self._upscale,
            "video": self._video,
        }

    async def submit(self, task: Task, report: Report) -> Done | Failed:
        """Do the work and answer with it. `cancel(str(task.job_id))` ends it early."""
        work = asyncio.create_task(self._work(task, report))
        ref = str(task.job_id)
        self._running[ref] = work
        try:
            await asyncio.wait([work])
        finally:
            # Popped first: what cancels us from outside must not look like `cancel`.
            self._running.pop(ref, None)
            if not work.done():
                work.cancel()
        if work.cancelled():
            return Failed(FailureCode.CANCELLED, "The job was cancelled.")
        return work.result()

    async def poll(self, ref: str, task: Task, report: Report) -> Failed:  # noqa: ARG002  (the port's shape)
        """Nothing is ever left to poll: the work ended with `submit`, or with the process that did it."""
        return Failed(FailureCode.INTERNAL, "The work was interrupted.", retryable=True)

    async def cancel(self, ref: str) -> CancelOutcome:
        """Kill the work of the job with this id, if it runs here."""
        work = self._running.get(ref)
        if work is None:
            return CancelOutcome.UNKNOWN
        if work.done():
            return CancelOutcome.TOO_LATE
        work.cancel()
        return CancelOutcome.CANCELLED

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:  # noqa: ARG002  (the port's shape)
        """Always BadCallback: the local engine never calls back."""
        raise BadCallback("the local engine sends no callbacks")

    async def _work(self, task: Task, report: Report) -> Done | Failed:
        try:
            make = self._operations[task.operation]
        except KeyError:
            return _invalid(f"The local engine cannot do {task.operation}.")
        try:
            made = await asyncio.wait_for(make(task, report), task.timeout_s)
        except (BadPicture, UnsupportedScene, _Unusable) as error:
            return _invalid(str(error))
        except (JobTimeout, TimeoutError):
            return Failed(FailureCode.TIMEOUT, "The work took too long.", retryable=True)
        except PoolError as error:
            detail = error.traceback if isinstance(error, JobRaised) else ""
            _log.error("%s of job %s failed: %s\n%s", task.operation, task.job_id, error, detail)
            return Failed(FailureCode.INTERNAL, "The local engine stopped in the middle.", retryable=True)
        output = Output(
            data=made.data,
            media_type=made.media_type,
            width=made.width,
            height=made.height,
            source_type=_source_type(task),
            confidence=made.confidence,
            note=made.note,
        )
        return Done((output,))

    async def _generate(self, task: Task, report: Report) -> Made:
        dimensions(task.ratio, task.size)  # refuse before the cut-out, not after
        products, styles = _parted(task)
        cutout, from_percent = None, 0
        if products:
            cutout = await self._cutout(products[0], task, _scaled(report, 0, CUTOUT_SHARE))
            from_percent = CUTOUT_SHARE
        order: dict[str, Any] = {
            "prompt": task.prompt,
            "seed": task.seed,
            "variant": task.variant,
            "ratio": task.ratio,
            "size": task.size,
            "negative": str(task.parameters.get("negative", "")),
        }
        if styles:
            pictures = [reference.data for reference in styles]
            order["style"] = await self._pool.run("style", pictures, timeout=task.timeout_s)
        return await self._run(
            task, _scaled(report, from_percent, 100), "scene", cutout, order, _source_type(task), JPEG_QUALITY
        )

    async def _edit(self, task: Task, report: Report) -> Made:
        """Turn the picture's tones, or set its scene anew around the product of the photo given beside it."""
        if not 1 <= len(task.references) <= 2:
            raise _Unusable("This needs the picture, and at most the product's photo beside it.")
        wish = words.read(task.prompt)
        if not wish.anything:
            raise _Unusable(f"None of these words was understood. {words.known()}")
        picture, source = task.references[0].data, _source_type(task)
        tones = edits.stepped(wish.tones, task.variant) if not wish.recomposes else wish.tones
        if not wish.recomposes:
            made = await self._run(task, report, "retouch", picture, tones, source)
            return replace(made, note=edits.note(wish))
        cutout = await self._cutout(task.references[-1], task, _scaled(report, 0, CUTOUT_SHARE))
        order = edits.order(task, wish)
        made = await self._run(
            task, _scaled(report, CUTOUT_SHARE, 100), "recompose", picture, cutout, order, tones, source
        )
        return replace(made, note=edits.note(wish, cut_again=len(task.references) == 1))

    async def _cutout(self, reference: Reference, task: Task, report: Report) -> Cutout:
        """Variants of a batch arrive together with one reference: its object is cut out once for all."""

        def start() -> Awaitable[Cutout]:
            return self._pool.run("product", reference.data, timeout=task.timeout_s, report=report)

        return await self._cutouts.get(sha256(reference.data).digest(), start)

    async def _remove_background(self, task: Task, report: Report) -> Made:
        reference = _only_reference(task)
        return await self._run(task, report, "remove_background", reference.data, _source_type(task))

    async def _upscale(self, task: Task, report: Report) -> Made:
        reference = _only_reference(task)
        factor = task.parameters.get("factor", None)
        if factor not in (2, 4):
            raise _Unusable("Choose to enlarge 2 or 4 times.")
        return await self._run(task, report, "upscale", reference.data, factor, _source_type(task))

    async def _video(self, task: Task, report: Report) -> Made:
        reference = _only_reference(task)
        motion, seconds = task.parameters.get("motion", MOTIONS[0]), task.parameters.get("seconds", 4)
        if motion not in MOTIONS or isinstance(seconds, bool) or seconds not in SECONDS:
            raise _Unusable(f"A clip is {SECONDS[0]} to {SECONDS[-1]} seconds of {', '.join(MOTIONS)}.")
        return await self._run(task, report, "clip", reference.data, motion, seconds, _source_type(task))

    async def _run(self, task: Task, report: Report, name: str, *args: Any) -> Made:
        made = await self._pool.run(name, *args, timeout=task.timeout_s, report=report)
        assert isinstance(made, Made)
        return made


class _Unusable(Exception):
    """The task asks for what cannot be done; the text is for the person."""


class _SingleFlight:
    """One computation per key at a time, its result kept for a while. The last waiter gone, it is cancelled."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._kept: OrderedDict[bytes, Cutout] = OrderedDict()
        self._flights: dict[bytes, asyncio.Task[Cutout]] = {}
        self._waiters: dict[bytes, int] = {}

    async def get(self, key: bytes, start: Callable[[], Awaitable[Cutout]]) -> Cutout:
        """The value of `key`, computed by the first who asks."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(_awaited(start()))
            self._flights[key], self._waiters[key] = flight, 0
            flight.add_done_callback(lambda done: self._land(key, done))
        self._waiters[key] += 1
        try:
            return await asyncio.shield(flight)
        finally:
            # Another flight may have begun under this key since; only count down on our own.
            if self._flights.get(key) is flight:
                self._waiters[key] -= 1
                if self._waiters[key] == 0 and not flight.done():
                    del self._flights[key]
                    flight.cancel()

    def _land(self, key: bytes, flight: asyncio.Task[Cutout]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key], self._waiters[key]
        if flight.cancelled() or flight.exception() is not None:
            return
        self._kept[key] = flight.result()
        while len(self._kept) > self._keep:
            self._kept.popitem(last=False)


async def _awaited(value: Awaitable[Cutout]) -> Cutout:
    return await value


def _only_reference(task: Task) -> Reference:
    if len(task.references) != 1:
        raise _Unusable("This needs exactly one picture.")
    return task.references[0]


def _invalid(message: str) -> Failed:
    return Failed(FailureCode.INVALID_INPUT, message)


def _scaled(report: Report, low: int, high: int) -> Report:
    return lambda percent: report(low + (high - low) * percent // 100)


def _parted(task: Task) -> tuple[tuple[Reference, ...], tuple[Reference, ...]]:
    """(products, style pictures): the last `styles` references only lend their tones."""
    styles = task.parameters.get("styles", 0)
    if not isinstance(styles, int) or not 0 <= styles <= len(task.references):
        raise _Unusable("There are more style pictures announced than given.")
    split = len(task.references) - styles
    return task.references[:split], task.references[split:]


def _source_type(task: Task) -> str:
    """What the output is, and what its references declare themselves to be: the strongest wins.

    A style picture is not in the output, so it has no say.
    """
    shown = _parted(task)[0]
    if task.operation == "video" or (task.operation == "edit" and words.read(task.prompt).recomposes):
        own = "compositeSynthetic"
    elif task.operation != "generate":
        own = "algorithmicallyEnhanced"
    else:
        own = "compositeSynthetic" if shown else "algorithmicMedia"
    declared = (read_source_type(reference.data) for reference in shown)
    return strongest([own, *(term for term in declared if term is not None)])
