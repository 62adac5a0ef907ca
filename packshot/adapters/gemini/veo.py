"""Videos on Vertex AI, by Veo: a long-running operation. The video comes inside the operation's answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import structlog

from packshot.adapters.gemini.api import Api
from packshot.adapters.gemini.contents import encoded
from packshot.adapters.gemini.errors import answered, speaks_of_rules
from packshot.adapters.gemini.files import BadFile, film
from packshot.adapters.gemini.film import (
    ENDED,
    REFUSED,
    RESOLUTION,
    SOURCE_TYPE,
    UNKNOWN,
    UNREADABLE,
    Later,
    Shot,
    looked,
    shot_of,
)
from packshot.adapters.gemini.models import Films
from packshot.ports.generation import Done, Failed, Task

log = structlog.get_logger(__name__)

_NAME = re.compile(r"projects/[A-Za-z0-9_./:-]{1,340}")


async def begin(api: Api, task: Task, model: Films) -> str | Failed:
    """The operation's name. Raises Unusable."""
    request = order(shot_of(task, model))
    reply = await answered(
        api.model(model.on_vertex, "predictLongRunning", request, timeout_s=task.timeout_s)
    )
    if isinstance(reply, Failed):
        return reply
    name = str(reply.body.get("name", "")) if isinstance(reply.body, dict) else ""
    if not _NAME.fullmatch(name):
        log.error("gemini took a video and gave it no name", job=str(task.job_id))
        return UNREADABLE
    return name


async def look(api: Api, name: str, task: Task, model: Films) -> Done | Later | Failed:
    if not _NAME.fullmatch(name):
        return UNKNOWN
    request = {"operationName": name}
    reply = await looked(api.model(model.on_vertex, "fetchPredictOperation", request, timeout_s=20))
    if isinstance(reply, Later | Failed):
        return reply
    operation = reply.body if isinstance(reply.body, dict) else {}
    return _ended(operation, task) if operation.get("done") else Later()


def order(shot: Shot) -> dict[str, Any]:
    instance: dict[str, Any] = {"prompt": shot.prompt}
    if shot.first_frame:
        frame = shot.first_frame
        instance["image"] = {"bytesBase64Encoded": encoded(frame.data), "mimeType": frame.media_type}
    parameters = {
        "aspectRatio": shot.ratio,
        "durationSeconds": shot.seconds,
        "resolution": RESOLUTION,
        "sampleCount": 1,
    }
    return {"instances": [instance], "parameters": parameters}


def _ended(operation: Mapping[str, Any], task: Task) -> Done | Failed:
    error = operation.get("error")
    if isinstance(error, dict):
        said = str(error.get("message", ""))
        log.warning("gemini made no video", job=str(task.job_id), code=error.get("code"), error=said[:300])
        return REFUSED if speaks_of_rules(said) else ENDED
    response = operation.get("response")
    answer = response if isinstance(response, dict) else {}
    videos = answer.get("videos")
    first = videos[0] if isinstance(videos, list) and videos and isinstance(videos[0], dict) else {}
    try:
        if first.get("bytesBase64Encoded"):
            return Done((film(str(first["bytesBase64Encoded"]), SOURCE_TYPE),))
    except BadFile as bad:
        log.error("gemini delivered a bad video, and bills it", job=str(task.job_id), error=str(bad))
        return UNREADABLE
    if not first and answer.get("raiMediaFilteredCount"):
        return REFUSED
    log.error("gemini bills a video that did not come", job=str(task.job_id), has=sorted(first))
    return UNREADABLE
