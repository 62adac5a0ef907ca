"""The mock's provider: what would be on the other side of the network, kept in a folder.

It outlives the worker that talks to it, as a real provider does: after a kill its works go on, and its journal
tells how often each job was submitted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from packshot.adapters.mock.script import Script


@dataclass(frozen=True, slots=True)
class Work:
    """One submitted work, as the provider remembers it."""

    ref: str
    job_id: UUID
    script: Script
    seed: int
    ratio: str
    variant: int
    attempt: int
    started: float


class MockProvider:
    """Works by name in `folder`; `now` tells the time in seconds. Any number of processes may share a folder."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self._folder = folder
        self._now = now

    def attempt(self, job_id: UUID) -> int:
        """Count one more submit of this job; how many that makes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            self._folder / f"{job_id}.submits", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        )
        try:
            os.write(descriptor, b".")
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def submits(self, job_id: UUID) -> int:
        """How often a job was submitted."""
        try:
            return (self._folder / f"{job_id}.submits").stat().st_size
        except FileNotFoundError:
            return 0

    def take(
        self, job_id: UUID, script: Script, *, seed: int, ratio: str, variant: int, attempt: int
    ) -> Work:
        """Begin a work and give it a name."""
        ref = f"mock-{uuid4().hex}"
        work = Work(ref, job_id, script, seed, ratio, variant, attempt, self._now())
        facts = {
            "job_id": str(job_id), "script": script.model_dump(mode="json"), "seed": seed, "ratio": ratio,
            "variant": variant, "attempt": attempt, "started": work.started,
        }  # fmt: skip
        draft = self._folder / f"{ref}.draft"
        draft.write_text(json.dumps(facts))
        draft.replace(self._folder / f"{ref}.json")
        return work

    def find(self, ref: str) -> Work | None:
        try:
            facts: dict[str, Any] = json.loads((self._folder / f"{ref}.json").read_text())
        except FileNotFoundError:
            return None
        facts |= {"job_id": UUID(facts["job_id"]), "script": Script.model_validate(facts["script"])}
        return Work(ref=ref, **facts)

    def elapsed(self, work: Work) -> float:
        return self._now() - work.started

    def cancel(self, work: Work) -> None:
        (self._folder / f"{work.ref}.cancelled").touch()

    def cancelled(self, work: Work) -> bool:
        return (self._folder / f"{work.ref}.cancelled").exists()
