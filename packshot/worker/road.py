"""The road of one job: claimed, submitted or polled, and then parked, put back or settled.

A message only says "advance this job", and may say it twice or late. Every step of the road is fenced by the claim's
token, so that the worst a stale worker can do is to work in vain.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import structlog
from django.utils.translation import gettext_noop

from packshot.ports.blobs import BlobMissing
from packshot.ports.fetch import FetchFailed, FetchRefused
from packshot.ports.generation import (
    CancelOutcome,
    Done,
    Failed,
    FailureCode,
    Generator,
    Pending,
    Reference,
    Submitted,
    Task,
)
from packshot.studio.generation.catalogue import Model
from packshot.studio.generation.texts import Unreadable, kept
from packshot.telemetry import traces
from packshot.worker.downloads import Downloads
from packshot.worker.jobs import Busy, Claim, End, Jobs, Name, Park
from packshot.worker.leases import Held, Leases, Stopped, Why
from packshot.worker.outputs import BadOutput, Outputs
from packshot.worker.references import References

log = structlog.get_logger(__name__)

_POLL_LIMIT_S = 30.0
_POLL_AGAIN_S = 5.0
_LONGEST_WAIT_S = 60.0

_OUTAGES = (FailureCode.PROVIDER_UNAVAILABLE, FailureCode.RATE_LIMITED, FailureCode.QUOTA_EXHAUSTED)
"""What another provider may mend, and what opens this one's breaker."""
_REFUSALS = (FailureCode.CONTENT_POLICY, FailureCode.INVALID_INPUT)

_TOLD: dict[FailureCode, str] = {
    FailureCode.TIMEOUT: gettext_noop("It took too long and was given up."),
    FailureCode.SUBMIT_UNKNOWN: gettext_noop(
        "The connection to the provider broke; whether it began is not known."
    ),
    FailureCode.OUTPUT_INVALID: gettext_noop("What the provider delivered is not a picture."),
    FailureCode.INTERNAL: gettext_noop("Something went wrong on our side."),
    FailureCode.CANCELLED: gettext_noop("Cancelled."),
}
_REFUSED = gettext_noop(
    "What the provider delivered lies where we do not fetch from, or is not what was asked for."
)
_OUT_OF_REACH = gettext_noop("It was made, but its file could not be fetched from the provider.")


class Road:
    """Carries jobs. One for each worker; `advance` runs for hundreds of jobs at once."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        leases: Leases,
        downloads: Downloads,
        outputs: Outputs,
        references: References,
        generators: Mapping[str, Generator],
        models: Mapping[str, Model],
        callback_url: Callable[[str, UUID, UUID], str | None],
    ) -> None:
        self._jobs = jobs
        self._leases = leases
        self._downloads = downloads
        self._outputs = outputs
        self._references = references
        self._generators = generators
        self._models = models
        self._callback_url = callback_url

    async def advance(self, name: Name) -> float | None:
        """Do the job's next step. None: the message has served; a number: bring it again after so many seconds."""
        claim = await self._jobs.claim(name)
        if claim is None:
            return None
        if isinstance(claim, Busy):
            return claim.rest_s
        with traces.span(
            "advance",
            parent=claim.trace,
            job=str(claim.name.job_id),
            model=claim.model,
            provider=claim.provider,
            attempt=claim.attempt,
        ):
            await self._carry(claim)
        return None

    async def _carry(self, claim: Claim) -> None:
        if claim.late:
            await self._collect_late(claim)
            return
        held = self._leases.take(claim)
        try:
            step = await held.run(self._step(held))
            await self._finish(claim, step)
        except Stopped as stopped:
            await self._stopped(held, stopped.why)
        finally:
            self._leases.drop(held)

    async def _finish(self, claim: Claim, step: Park | End | None) -> None:
        if isinstance(step, Park):
            await self._jobs.park(claim, step)
        elif isinstance(step, End):
            with traces.span("settle", outcome=step.outcome):
                word = await self._jobs.end(claim, step)
            log.info("job", job=str(claim.name.job_id), outcome=step.outcome, word=word)

    async def _stopped(self, held: Held, why: Why) -> None:
        claim = held.claim
        if why is Why.STOP:
            await self._jobs.hand_back([claim])
        elif why is Why.CANCEL and claim.ref is not None:
            # The provider is asked by the next step, which sees that a cancel was requested.
            await self._jobs.park(claim, Park(claim.ref, 0))
        elif why is Why.CANCEL:
            await self._jobs.end(claim, _cancelled())

    async def _step(self, held: Held) -> Park | End | None:
        claim = held.claim
        generator = self._generators.get(claim.provider)
        model = self._models.get(claim.model)
        if generator is None or model is None:
            log.error("no provider for this job", provider=claim.provider, model=claim.model)
            gone = Failed(FailureCode.PROVIDER_UNAVAILABLE, "This model is not offered any more.")
            return _ended(claim, gone) if model is not None else _failed(gone.code, gone.message)
        if claim.ref is not None:
            return await self._poll(generator, model, held, claim.ref)
        if claim.cancel:
            return _cancelled()
        if claim.submit_started:
            return _failed(FailureCode.SUBMIT_UNKNOWN)
        if claim.attempt > claim.max_attempts:
            log.error("given up", job=str(claim.name.job_id), attempts=claim.attempt - 1)
            return _failed(FailureCode.INTERNAL, "It was tried several times and broke each time.")
        return await self._submit(generator, model, held)

    async def _submit(self, generator: Generator, model: Model, held: Held) -> Park | End | None:
        claim = held.claim
        try:
            task = await self._task(claim)
        except BlobMissing:
            return _failed(FailureCode.INVALID_INPUT, "The photo is not there any more.")
        if model.submit_once:
            if not await self._jobs.submitting(claim):
                return _cancelled()  # or lost, and then this is dropped by the fence
            held.shielded = True
        try:
            async with asyncio.timeout(max(1.0, claim.left_s)):
                answer = await generator.submit(task, held.report)
        except TimeoutError:
            return _failed(FailureCode.TIMEOUT)
        except Exception:  # an adapter's bug must cost one job, not the worker
            log.exception("adapter raised", provider=claim.provider, job=str(claim.name.job_id))
            return _failed(FailureCode.SUBMIT_UNKNOWN if model.submit_once else FailureCode.INTERNAL)
        held.shielded = True
        if isinstance(answer, Submitted):
            return Park(answer.ref, min(answer.poll_after_s, max(claim.left_s, 0.1)))
        return await self._answered(held, model, answer)

    async def _poll(self, generator: Generator, model: Model, held: Held, ref: str) -> Park | End | None:
        claim = held.claim
        if claim.cancel and await generator.cancel(ref) is CancelOutcome.CANCELLED:
            return _cancelled()
        try:
            async with asyncio.timeout(_POLL_LIMIT_S):
                answer = await generator.poll(ref, self._bare_task(claim), held.report)
        except Exception as error:  # noqa: BLE001  (the provider has the work: it is asked again, until the deadline)
            log.warning(
                "poll failed", provider=claim.provider, ref=ref, error=f"{type(error).__name__}: {error}"
            )
            answer = Pending(_POLL_AGAIN_S)
        if isinstance(answer, Pending):
            if claim.left_s <= 0:
                await generator.cancel(ref)
                return _failed(FailureCode.TIMEOUT)
            # Whoever cancelled waits for the provider's word on it.
            after_s = min(answer.poll_after_s, _POLL_AGAIN_S) if claim.cancel else answer.poll_after_s
            return Park(ref, min(after_s, max(claim.left_s, 0.1)), answer.progress)
        return await self._answered(held, model, answer)

    async def _answered(self, held: Held, model: Model, answer: Done | Failed) -> Park | End:
        claim = held.claim
        if isinstance(answer, Failed):
            end = _ended(claim, answer)
            return End(end.outcome, end.facts | _health(answer.code))
        if model.makes == "text":
            return _wrote(claim, model, answer)
        if model.makes == "picture" and not answer.outputs:
            return _failed(FailureCode.OUTPUT_INVALID)
        try:
            # A download of what can be polled again is not shielded: a worker that stops hands it back at once.
            with traces.span("outputs"):
                async with self._downloads.at_hand(answer.outputs) as files:
                    held.shielded = True
                    assets = await self._outputs.keep(claim, files)
        except BadOutput as bad:
            log.warning("bad output", provider=claim.provider, job=str(claim.name.job_id), error=str(bad))
            return _failed(FailureCode.OUTPUT_INVALID)
        except FetchRefused as refused:
            log.error(
                "output refused", provider=claim.provider, job=str(claim.name.job_id), error=str(refused)
            )
            return _failed(FailureCode.OUTPUT_INVALID, _REFUSED)
        except FetchFailed as failed:
            log.warning(
                "output not fetched", provider=claim.provider, job=str(claim.name.job_id), error=str(failed)
            )
            return _not_fetched(claim)
        return _succeeded(claim, model, answer, assets=assets)

    async def _collect_late(self, claim: Claim) -> None:
        """The job ended by its time limit and its provider has something to say after all: look once."""
        generator = self._generators.get(claim.provider)
        model = self._models.get(claim.model)
        if generator is None or model is None or claim.ref is None:
            return
        answer = await generator.poll(claim.ref, self._bare_task(claim), lambda _percent: None)
        if isinstance(answer, Done):
            end = await self._answered(Held(claim), model, answer)
            if isinstance(end, End) and end.outcome == "succeeded":
                await self._jobs.end(claim, end)

    async def _task(self, claim: Claim) -> Task:
        """The whole task, references read and fit for its provider. Raises BlobMissing."""
        reads = self._generators[claim.provider].reads
        return self._bare_task(claim, await self._references.read(claim, reads))

    def _bare_task(self, claim: Claim, references: tuple[Reference, ...] = ()) -> Task:
        """Without the references' bytes: what a poll needs."""
        name = claim.name
        return Task(
            job_id=name.job_id,
            operation=claim.operation,
            model=claim.model,
            prompt=claim.prompt,
            seed=claim.seed,
            ratio=claim.ratio,
            size=claim.size,
            variant=claim.index,
            references=references,
            parameters=claim.parameters,
            timeout_s=max(1.0, claim.left_s),
            callback_url=self._callback_url(claim.provider, name.organization_id, name.job_id),
        )


def backoff(attempt: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds before the attempt after this one: 2, 4, 8 ... 60, give or take a fifth."""
    return min(_LONGEST_WAIT_S, 2.0**attempt) * (0.8 + 0.4 * chance())


def _ended(claim: Claim, answer: Failed) -> End:
    facts: dict[str, Any] = {"code": answer.code.value, "message": answer.message}
    if answer.code is FailureCode.CANCELLED:
        return End("cancelled", facts)
    if answer.code in _OUTAGES and claim.other_routes and claim.ref is None:
        return End("reroute", facts)
    if not answer.retryable:
        return End("failed", facts)
    after_s = answer.retry_after_s if answer.retry_after_s is not None else backoff(claim.attempt)
    return End("retry", facts | {"after_s": min(after_s, _LONGEST_WAIT_S)})


def _not_fetched(claim: Claim) -> Park | End:
    """The work is done and only its file is not here yet: the provider is asked for it again, until the deadline."""
    if claim.ref is None:
        return _failed(FailureCode.OUTPUT_INVALID, _OUT_OF_REACH)
    if claim.left_s <= 0:
        return _failed(FailureCode.TIMEOUT, _OUT_OF_REACH)
    return Park(claim.ref, min(_POLL_AGAIN_S, max(claim.left_s, 0.1)))


def _health(code: FailureCode) -> dict[str, str]:
    """What a failure tells of its provider: an outage that it is down, a refusal that it works, others nothing."""
    if code in _OUTAGES:
        return {"health": "down"}
    return {"health": "up"} if code in _REFUSALS else {}


def _succeeded(claim: Claim, model: Model, answer: Done, **facts: Any) -> End:
    amount, cost = claim.price, claim.cost
    if answer.units is not None:
        amount = model.price.actual(answer.units, claim.price, claim.parameters)
        if model.cost is not None:
            cost = model.cost.actual(answer.units, claim.cost, claim.parameters)
    return End("succeeded", {"amount": amount, "cost": cost, "health": "up", **facts})


def _wrote(claim: Claim, model: Model, answer: Done) -> End:
    """A model that writes makes no picture, whatever it sends along."""
    try:
        text = kept(answer.text, claim.parameters.get("schema"))
    except Unreadable as unreadable:
        log.warning("bad text", provider=claim.provider, job=str(claim.name.job_id), error=str(unreadable))
        return _failed(FailureCode.OUTPUT_INVALID, gettext_noop("The model's answer could not be read."))
    return _succeeded(claim, model, answer, assets=[], text=text)


def _failed(code: FailureCode, message: str | None = None) -> End:
    return End("failed", {"code": code.value, "message": message or _TOLD[code]})


def _cancelled() -> End:
    return End("cancelled", {"code": FailureCode.CANCELLED.value, "message": _TOLD[FailureCode.CANCELLED]})
