"""Jobs as the worker sees them, and its five transactions, each shared by all jobs that need it at the moment."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from packshot.telemetry import metrics
from packshot.worker.database import Database
from packshot.worker.grouped import Grouped


@dataclass(frozen=True, slots=True)
class Name:
    """Which job. The organization is part of it, as everywhere."""

    organization_id: UUID
    job_id: UUID

    @classmethod
    def read(cls, payload: bytes | None) -> Name:
        organization_id, _, job_id = (payload or b"").decode().partition("/")
        return cls(UUID(organization_id), UUID(job_id))


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is this worker's, until its lease ends or `token` is raised."""

    name: Name
    batch_id: UUID
    index: int
    token: int
    late: bool
    attempt: int
    max_attempts: int
    provider: str
    other_routes: bool
    """Whether another provider may make it where this one is out."""
    ref: str | None
    cancel: bool
    submit_started: bool
    left_s: float
    """Seconds until the deadline; may be below 0."""
    price: int
    cost: int
    """Micro-dollars that it may cost us."""
    operation: str
    model: str
    prompt: str
    ratio: str
    size: int
    seed: int
    references: list[dict[str, str]] = field(repr=False)
    parameters: dict[str, Any] = field(repr=False)
    trace: str | None = None
    """The traceparent of its order."""
    waited_s: float = 0.0
    """From the order to the first claim."""
    worked_s: float = 0.0
    """From the first claim to this one."""
    since: float = field(default_factory=time.monotonic)
    """When this claim was made, by this process's clock."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Not now: another worker has it, or its lane is full. Ask again in `rest_s`."""

    rest_s: float


@dataclass(frozen=True, slots=True)
class Park:
    """The provider has it: look again in `after_s`."""

    ref: str
    after_s: float
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The job's end, or with `retry` and `reroute` the end of this attempt; fields as in sql/settle.sql."""

    outcome: str
    facts: dict[str, Any] = field(default_factory=dict)


class Jobs:
    """The transactions. Each may be called by hundreds of jobs at once; one statement carries many of them."""

    def __init__(
        self, database: Database, *, worker: str, lease_s: float, cap: int, inflight: int | None
    ) -> None:
        self._database = database
        self._worker = worker
        self._lease_s = lease_s
        self._cap = cap
        self._inflight = inflight
        self._claims: Grouped[Name, Claim | Busy | None] = Grouped(self._claim)
        self._submits: Grouped[Claim, bool] = Grouped(self._submitting)
        self._parks: Grouped[tuple[Claim, Park], bool] = Grouped(self._park)
        self._ends: Grouped[tuple[Claim, End], str] = Grouped(self._end)

    async def claim(self, name: Name) -> Claim | Busy | None:
        """The job, if it is to be moved now; None for a message that has nothing to say any more."""
        claim = await self._claims.run(name)
        if isinstance(claim, Claim) and claim.attempt == 1 and claim.ref is None:
            metrics.job_wait.labels(claim.model).observe(claim.waited_s)
        return claim

    async def submitting(self, claim: Claim) -> bool:
        """Commit that a submit begins which must not be repeated; False: it must not begin."""
        return await self._submits.run(claim)

    async def park(self, claim: Claim, park: Park) -> bool:
        """False: somebody else has the job."""
        return await self._parks.run((claim, park))

    async def end(self, claim: Claim, end: End) -> str:
        """`settled`, `again`, `elsewhere`, `late` or `stale` (see sql/settle.sql)."""
        with metrics.ledger_lag.labels("settle").time():
            word = await self._ends.run((claim, end))
        if word == "settled":
            worked_s = claim.worked_s + time.monotonic() - claim.since
            metrics.job.labels(claim.model, end.outcome).observe(worked_s)
        return word

    async def heartbeat(self, claims: Sequence[Claim]) -> dict[UUID, str]:
        """Renew the leases; what must be let go, by job: `lost` or `cancel`."""
        found = await self._database.call("generation_heartbeat_v1", *_arrays(claims), self._lease_s)
        return {UUID(one["job"]): one["verdict"] for one in found}

    async def progress(self, reports: Sequence[tuple[Claim, int]]) -> None:
        """Tell how far these are, in percent."""
        told = [_named(claim) | {"percent": percent} for claim, percent in reports]
        await self._database.call("generation_progress_v1", json.dumps(told))

    async def hand_back(self, claims: Sequence[Claim]) -> int:
        """Let another worker have these at once; how many were still ours to give."""
        return int(await self._database.call("generation_hand_back_v1", *_arrays(claims)))

    async def _claim(self, names: list[Name]) -> list[Claim | Busy | None]:
        found = await self._database.call(
            "generation_claim_v1",
            [name.organization_id for name in names],
            [name.job_id for name in names],
            self._worker,
            self._lease_s,
            self._inflight,
        )
        return [_claimed(one) for one in found]

    async def _submitting(self, claims: list[Claim]) -> list[bool]:
        found: list[bool] = await self._database.call("generation_submitting_v1", *_arrays(claims))
        return found

    async def _park(self, parks: list[tuple[Claim, Park]]) -> list[bool]:
        told = [
            _named(claim) | {"ref": park.ref, "after_s": park.after_s, "percent": park.percent}
            for claim, park in parks
        ]
        found: list[bool] = await self._database.call("generation_park_v1", json.dumps(told))
        return found

    async def _end(self, ends: list[tuple[Claim, End]]) -> list[str]:
        told = [_named(claim) | {"outcome": end.outcome} | end.facts for claim, end in ends]
        found: list[str] = await self._database.call("generation_settle_v1", json.dumps(told), self._cap)
        return found


def _named(claim: Claim) -> dict[str, Any]:
    name = claim.name
    return {"organization": str(name.organization_id), "job": str(name.job_id), "token": claim.token}


def _arrays(claims: Sequence[Claim]) -> tuple[list[UUID], list[UUID], list[int]]:
    return (
        [claim.name.organization_id for claim in claims],
        [claim.name.job_id for claim in claims],
        [claim.token for claim in claims],
    )


def _claimed(found: dict[str, Any] | None) -> Claim | Busy | None:
    if found is None:
        return None
    if "rest" in found:
        return Busy(found["rest"])
    return Claim(
        name=Name(UUID(found["organization"]), UUID(found["job"])),
        batch_id=UUID(found["batch"]),
        index=found["index"],
        token=found["token"],
        late=found["late"],
        attempt=found["attempt"],
        max_attempts=found["max_attempts"],
        provider=found["provider"],
        other_routes=found["other_routes"],
        ref=found["ref"],
        cancel=found["cancel"],
        submit_started=found["submit_started"],
        left_s=found["left_s"],
        price=found["price"],
        cost=found["cost"],
        operation=found["operation"],
        model=found["model"],
        prompt=found["prompt"],
        ratio=found["ratio"],
        size=found["size"],
        seed=found["seed"],
        references=found["references"],
        parameters=found["parameters"],
        trace=found["trace"],
        waited_s=found["waited_s"],
        worked_s=found["worked_s"],
    )
