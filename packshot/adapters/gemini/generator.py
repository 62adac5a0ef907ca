"""The `gemini` generator: pictures and words at once, videos that are looked at until they are done."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from packshot.adapters.gemini import interactions, pictures, veo, words
from packshot.adapters.gemini.api import Api
from packshot.adapters.gemini.contents import READS, Unusable
from packshot.adapters.gemini.film import UNKNOWN, Later, Pace, Ref
from packshot.adapters.gemini.models import MODELS, Films, Pictures, Words
from packshot.ports.generation import (
    BadCallback,
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


class GeminiGenerator:
    """Implements packshot.ports.generation.Generator. `now` tells the time in seconds, `chance` a number below 1."""

    name = "gemini"
    reads = READS

    def __init__(
        self, api: Api, *, now: Callable[[], float], chance: Callable[[], float] = random.random
    ) -> None:
        self._api = api
        self._pace = Pace(now, chance)

    async def submit(self, task: Task, report: Report) -> Done | Submitted | Failed:  # noqa: ARG002  (the port's shape)
        model = MODELS.get(task.model)
        try:
            match model:
                case Pictures():
                    return await pictures.make(self._api, task, model)
                case Words():
                    return await words.write(self._api, task, model)
                case Films():
                    return await self._begin(task, model)
                case None:
                    return Failed(FailureCode.INVALID_INPUT, "This provider does not have the model.")
        except Unusable as unusable:
            return unusable.why

    async def poll(self, ref: str, task: Task, report: Report) -> Done | Pending | Failed:  # noqa: ARG002  (the port's shape)
        work, model = Ref.read(ref), MODELS.get(task.model)
        if work is None or not isinstance(model, Films):
            return UNKNOWN
        if self._api.vertex:
            answer = await veo.look(self._api, work.name, task, model)
        else:
            answer = await interactions.look(self._api, work.name, task)
        if isinstance(answer, Later):
            return Pending(max(answer.after_s, self._pace.next_look_s(work)))
        return answer

    async def cancel(self, ref: str) -> CancelOutcome:
        """On Vertex always UNKNOWN: how Veo is stopped is not documented, so the work is watched to its end."""
        work = Ref.read(ref)
        if work is None or self._api.vertex:
            return CancelOutcome.UNKNOWN
        return await interactions.cancel(self._api, work.name)

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:  # noqa: ARG002  (the port's shape)
        """Always BadCallback: whom Google's callbacks are made out to is not settled, so works are polled."""
        raise BadCallback("gemini is polled and sends no callbacks")

    async def close(self) -> None:
        """Close the connections that are kept open."""
        await self._api.client.close()

    async def _begin(self, task: Task, model: Films) -> Submitted | Failed:
        begin = veo.begin if self._api.vertex else interactions.begin
        name = await begin(self._api, task, model)
        if isinstance(name, Failed):
            return name
        work = self._pace.begun(name)
        return Submitted(str(work), self._pace.next_look_s(work))
