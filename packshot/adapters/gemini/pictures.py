"""Pictures: one call of generateContent, which answers with the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from packshot.adapters.gemini.api import Api
from packshot.adapters.gemini.candidates import Answer, read
from packshot.adapters.gemini.contents import Unusable, inline, message, pictures_of, text
from packshot.adapters.gemini.errors import answered
from packshot.adapters.gemini.files import BadFile, picture
from packshot.adapters.gemini.models import MOST_REFERENCES, RATIOS, Pictures
from packshot.imaging.sources import read_source_type, strongest
from packshot.ports.generation import Done, Failed, FailureCode, Task

log = structlog.get_logger(__name__)

_TRIES = 2
"""A model sometimes answers in words only; asked again it often draws."""
_CHANGE_FIRST = "Change only the first picture; the others show what to keep to. "


async def make(api: Api, task: Task, model: Pictures) -> Done | Failed:
    """Raises Unusable."""
    request = order(task, model)
    for _ in range(_TRIES):
        reply = await answered(api.generate(model.model, request, timeout_s=task.timeout_s))
        if isinstance(reply, Failed):
            return reply
        answer = read(reply.body, task)
        if isinstance(answer, Failed):
            return answer
        if answer.pictures:
            return _done(answer, task)
        log.warning("gemini drew nothing", job=str(task.job_id), ended=answer.ended)
    return Failed(
        FailureCode.CONTENT_POLICY,
        "The provider made no picture of this, twice. Say it in other words or choose another photo.",
    )


def order(task: Task, model: Pictures) -> dict[str, Any]:
    """The request. Raises Unusable."""
    references = pictures_of(task, model.least_references, MOST_REFERENCES)
    lead = _CHANGE_FIRST if task.operation == "edit" and len(references) > 1 else ""
    parts = [text(lead + task.prompt), *(inline(each) for each in references)]
    config: dict[str, Any] = {"responseModalities": ["TEXT", "IMAGE"]}
    if model.sizes:
        config["imageConfig"] = _shape(task, model.sizes)
    return {"contents": [message(parts)], "generationConfig": config}


def _shape(task: Task, sizes: Mapping[int, str]) -> dict[str, str]:
    if task.ratio not in RATIOS:
        raise Unusable(Failed(FailureCode.INVALID_INPUT, "This model does not make pictures of this shape."))
    if task.size not in sizes:
        raise Unusable(Failed(FailureCode.INVALID_INPUT, "This model does not make pictures of this size."))
    return {"aspectRatio": task.ratio, "imageSize": sizes[task.size]}


def _done(answer: Answer, task: Task) -> Done | Failed:
    """With the last picture, where there are several: what comes before it are its drafts."""
    try:
        return Done((picture(answer.pictures[-1].data, _source_type(task)),))
    except BadFile as bad:
        log.error("gemini sent a bad picture, and bills it", job=str(task.job_id), error=str(bad))
        return Failed(FailureCode.OUTPUT_INVALID, "What the provider delivered is not a picture.")


def _source_type(task: Task) -> str:
    """Of an edit, what its pictures declare themselves to be lives on in it."""
    if task.operation != "edit":
        return "trainedAlgorithmicMedia"
    declared = (read_source_type(each.data) for each in task.references)
    return strongest(["compositeWithTrainedAlgorithmicMedia", *(term for term in declared if term)])
