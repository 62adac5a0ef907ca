"""What this worker holds: leases renewed together, progress told together, work stopped for a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from enum import Enum
from typing import TypeVar
from uuid import UUID

import structlog

from packshot.telemetry import metrics
from packshot.worker.jobs import Claim, Jobs
from packshot.worker.pace import Pace

log = structlog.get_logger(__name__)
Value = TypeVar("Value")


class Why(Enum):
    """Why a step of a job was stopped before it had a result."""

    CANCEL = "the person does not want it any more"
    LOST = "somebody else has the job"
    STOP = "this worker stops"


class Stopped(Exception):
    """The step was stopped; `why` says what is to be done with the job."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class Held:
    """One claimed job while its step runs."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.percent = 0
        self.told = 0
        self.shielded = False
        """A paid submit is under way, or its result is being stored: only the end may be waited for."""
        self._task: asyncio.Task[object] | None = None
        self._why: Why | None = None

    def report(self, percent: int) -> None:
        """The adapter's way to tell how far it is."""
        self.percent = max(self.percent, min(99, percent))

    async def run(self, step: Awaitable[Value]) -> Value:
        """The step's result. Raises Stopped; what else the step raises passes."""
        task = asyncio.ensure_future(step)
        self._task = task
        try:
            return await task
        except asyncio.CancelledError:
            if self._why is None:
                raise  # not by us: this handler itself is being cancelled
            raise Stopped(self._why) from None
        finally:
            self._task = None

    def stop(self, why: Why) -> None:
        """End the step early; the first reason counts, but losing the job counts more than any."""
        if self.shielded and why is not Why.LOST:
            return
        if why is Why.CANCEL and self.claim.cancel:
            return  # this very step asks the provider to cancel, and goes on when it is too late for that
        if self._task is not None and (self._why is None or why is Why.LOST):
            self._why = why
            self._task.cancel()


class Leases:
    """All jobs that this worker holds at the moment."""

    def __init__(self, jobs: Jobs, pace: Pace) -> None:
        self._jobs = jobs
        self._pace = pace
        self._held: dict[UUID, Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def take(self, claim: Claim) -> Held:
        held = Held(claim)
        self._held[claim.name.job_id] = held
        metrics.jobs_held.set(len(self._held))
        return held

    def drop(self, held: Held) -> None:
        if self._held.get(held.claim.name.job_id) is held:
            del self._held[held.claim.name.job_id]
            metrics.jobs_held.set(len(self._held))

    def stop_all(self, why: Why) -> None:
        for held in list(self._held.values()):
            held.stop(why)

    async def renew_for_ever(self) -> None:
        """Renew every lease, again and again; stop what was cancelled or lost."""
        while True:
            await asyncio.sleep(self._pace.heartbeat)
            mine = list(self._held.values())
            if not mine:
                continue
            verdicts = await self._jobs.heartbeat([held.claim for held in mine])
            for held in mine:
                verdict = verdicts.get(held.claim.name.job_id)
                if verdict is not None and self._held.get(held.claim.name.job_id) is held:
                    held.stop(Why.CANCEL if verdict == "cancel" else Why.LOST)

    async def tell_for_ever(self) -> None:
        """Tell the progress of those that moved, together, a few times a second."""
        while True:
            await asyncio.sleep(self._pace.progress)
            moved = [held for held in self._held.values() if held.percent > held.told]
            if moved:
                for held in moved:
                    held.told = held.percent
                await self._jobs.progress([(held.claim, held.told) for held in moved])
