"""Words: descriptions of pictures, and the studio's side of a conversation. One call of generateContent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import structlog

from packshot.adapters.gemini.api import Api
from packshot.adapters.gemini.candidates import Answer, read
from packshot.adapters.gemini.conforming import conforms
from packshot.adapters.gemini.contents import inline, message, pictures_of, text
from packshot.adapters.gemini.errors import answered
from packshot.adapters.gemini.models import MOST_REFERENCES, Words
from packshot.ports.generation import Done, Failed, FailureCode, Task

log = structlog.get_logger(__name__)

_MANGLED = Failed(FailureCode.OUTPUT_INVALID, "The model's answer could not be read.", retryable=True)


async def write(api: Api, task: Task, model: Words) -> Done | Failed:
    """Raises Unusable."""
    reply = await answered(api.generate(model.model, order(task, model), timeout_s=task.timeout_s))
    if isinstance(reply, Failed):
        return reply
    answer = read(reply.body, task)
    if isinstance(answer, Failed):
        return answer
    if answer.ended not in ("STOP", "") or not answer.text.strip():
        log.warning("gemini wrote nothing whole", job=str(task.job_id), ended=answer.ended)
        return _MANGLED
    return _done(answer, task)


def order(task: Task, model: Words) -> dict[str, Any]:
    """The request: what was said before, then the pictures and what is asked. Raises Unusable."""
    references = pictures_of(task, model.least_references, MOST_REFERENCES)
    said = [message([text(turn["text"])], turn["role"]) for turn in task.parameters.get("turns", ())]
    asked = message([*(inline(each) for each in references), text(task.prompt)])
    request: dict[str, Any] = {"contents": [*said, asked]}
    if system := task.parameters.get("system"):
        request["systemInstruction"] = {"parts": [text(system)]}
    if schema := _schema(task):
        request["generationConfig"] = {
            "responseMimeType": "application/json",
            "responseJsonSchema": schema,
        }
    return request


def _done(answer: Answer, task: Task) -> Done | Failed:
    schema = _schema(task)
    if schema is None:
        return Done(text=answer.text.strip())
    try:
        value = json.loads(answer.text)
    except ValueError:
        value = None
        fits = False
    else:
        fits = conforms(value, schema)
    if not fits:
        log.warning("gemini wrote something else than was asked for", job=str(task.job_id))
        return _MANGLED
    return Done(text=json.dumps(value, ensure_ascii=False))


def _schema(task: Task) -> Mapping[str, Any] | None:
    schema = task.parameters.get("schema")
    return schema if isinstance(schema, dict) else None
