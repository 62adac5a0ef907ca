"""The `fal` generator: paid work in fal.ai's queue, polled and called back."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import httpx
import structlog
from pydantic import SecretStr

from packshot.adapters.fal import endpoints, failures, refs, signing
from packshot.adapters.fal.endpoints import BadTask, Endpoint, NoOutput, Refused
from packshot.adapters.fal.http import Answer, BadAnswer, Queue
from packshot.adapters.fal.keys import Keys
from packshot.adapters.fal.refs import BadRef, Ref
from packshot.ports.generation import (
    Callback,
    CancelOutcome,
    Done,
    Failed,
    FailureCode,
    Pending,
    Report,
    Submitted,
    Task,
)

log = structlog.get_logger(__name__)

_POLL_S = (2.0, 15.0)
_POLL_VIDEO_S = (2.0, 30.0)
_POLL_CALLED_S = (30.0, 120.0)
"""With a callback on its way; results may be gone after six minutes."""


class FalGenerator:
    """Implements packshot.ports.generation.Generator.

    `key` is the account's API key, `user` the account that callbacks must be about (None takes any), `queue_url` and
    `keys_url` are fal's addresses, and `now` tells the time in seconds.
    """

    name = "fal"
    reads = None

    def __init__(
        self, key: SecretStr, *, user: str | None, queue_url: str, keys_url: str, now: Callable[[], float]
    ) -> None:
        self._queue = Queue(key, queue_url)
        self._keys = Keys(keys_url, now)
        self._user = user
        self._now = now

    async def close(self) -> None:
        await self._queue.close()

    async def submit(self, task: Task, report: Report) -> Submitted | Failed:  # noqa: ARG002  (the port's shape)
        try:
            at = endpoints.endpoint(task)
            arguments = endpoints.arguments(at, task)
        except BadTask as bad:
            return Failed(FailureCode.INVALID_INPUT, str(bad))
        try:
            answer = await self._queue.submit(
                at.path, arguments, callback_url=task.callback_url, start_within_s=task.timeout_s
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            log.warning("fal not reached", error=f"{type(error).__name__}: {error}")
            return failures.NOT_SENT
        except (httpx.HTTPError, BadAnswer) as error:
            log.error("submit to fal broke", job=str(task.job_id), error=f"{type(error).__name__}: {error}")
            return failures.UNKNOWN
        return self._taken(answer, task, at.path)

    async def poll(self, ref: str, task: Task, report: Report) -> Done | Pending | Failed:  # noqa: ARG002  (the port's shape)
        try:
            known = self._known(ref, task)
            at = endpoints.reached(task, known.path)
        except (BadRef, BadTask):
            return failures.LOST
        later = self._cadence(known, task)
        try:
            status = await self._queue.status(known.status)
            if status.status == 404:
                return failures.LOST
            if status.status not in (200, 202) or status.body.get("status") != "COMPLETED":
                return Pending(max(later, status.retry_after_s or 0))
            result = await self._queue.result(known.result)
        except (httpx.HTTPError, BadAnswer) as error:
            log.warning("poll of fal broke", ref=known.name, error=f"{type(error).__name__}: {error}")
            return Pending(later)
        log.info(
            "fal ended",
            ref=known.name,
            status=result.status,
            billable_units=result.headers.get("x-fal-billable-units"),
        )
        return _ended(result, status, at) or Pending(later)

    async def cancel(self, ref: str) -> CancelOutcome:
        """Ask for it. That fal heard us does not mean that it stopped, nor that it bills nothing: the poll tells."""
        try:
            answer = await self._queue.cancel(refs.read(ref, self._queue.base).cancel)
        except (BadRef, httpx.HTTPError, BadAnswer) as error:
            log.warning("cancel at fal broke", error=f"{type(error).__name__}: {error}")
            return CancelOutcome.UNKNOWN
        return CancelOutcome.TOO_LATE if answer.status == 400 else CancelOutcome.UNKNOWN

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:
        return signing.read(self._keys, self._user, headers, body, self._now())

    def _taken(self, answer: Answer, task: Task, path: str) -> Submitted | Failed:
        job = str(task.job_id)
        if 400 <= answer.status < 500 and answer.status != 408:
            failed = failures.refusal(answer)
            log.warning("fal refused", job=job, status=answer.status, code=failed.code.value)
            return failed
        try:
            known = refs.taken(answer.body, self._queue.base, path, self._now())
            return Submitted(str(known), self._cadence(known, task))
        except BadRef as bad:
            log.error("fal answered a submit oddly", job=job, status=answer.status, error=str(bad))
        # The order may stand. By its name it can be asked for, though not where we were told to ask.
        try:
            return Submitted(refs.named(answer.body.get("request_id")), _POLL_S[1])
        except BadRef:
            return failures.UNKNOWN

    def _known(self, ref: str, task: Task) -> Ref:
        """The reference with its addresses, be it only a name. Raises BadRef and BadTask."""
        if " " in ref:
            return refs.read(ref, self._queue.base)
        return refs.made(ref, self._queue.base, endpoints.endpoint(task).path)

    def _cadence(self, known: Ref, task: Task) -> float:
        """Half of the time that has passed, within bounds: so the steps grow by half each time."""
        least, most = _POLL_VIDEO_S if task.operation == "video" else _POLL_S
        if task.callback_url is not None:
            least, most = _POLL_CALLED_S
        return min(most, max(least, (self._now() - known.began) / 2)) * random.uniform(0.8, 1.2)


def _ended(result: Answer, status: Answer, at: Endpoint) -> Done | Failed | None:
    """What became of completed work; None when that was not told and is to be asked again."""
    if result.status == 200:
        try:
            return Done(endpoints.outputs(at, result.body))
        except Refused:
            return failures.HIDDEN
        except NoOutput as bad:
            log.error("fal delivered nothing", endpoint=at.path, error=str(bad))
            return failures.EMPTY
    if result.status in (404, 410):
        return failures.GONE
    if result.status < 400 or not failures.is_about_work(result, status):
        return None
    return failures.failure(result, status.body.get("error_type"))
