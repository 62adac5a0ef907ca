"""Videos of the Developer API: an interaction that runs in the background and is looked at until it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog

from packshot.adapters.gemini.access import NoAccess
from packshot.adapters.gemini.api import Api
from packshot.adapters.gemini.client import NotSent, Unanswered
from packshot.adapters.gemini.contents import encoded
from packshot.adapters.gemini.errors import answered, speaks_of_rules
from packshot.adapters.gemini.files import BadFile, film
from packshot.adapters.gemini.film import (
    CANCELLED,
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
from packshot.ports.generation import CancelOutcome, Done, Failed, Remote, Task

log = structlog.get_logger(__name__)

STORAGE = "storage.googleapis.com"
_PATH = "/v1/interactions"
_UNDER_WAY = frozenset({"queued", "in_progress"})
_ID = re.compile(r"[A-Za-z0-9._-]{1,300}")
_FILE = re.compile(r"(/v[0-9a-z]+/files/[A-Za-z0-9_-]+)(:download)?")


async def begin(api: Api, task: Task, model: Films) -> str | Failed:
    """The interaction's id. Raises Unusable."""
    request = order(shot_of(task, model), model)
    reply = await answered(api.client.post(_PATH, request, timeout_s=task.timeout_s))
    if isinstance(reply, Failed):
        return reply
    name = str(_dict(reply.body).get("id", ""))
    if not _ID.fullmatch(name):
        log.error("gemini took a video and gave it no name", job=str(task.job_id))
        return UNREADABLE
    return name


async def look(api: Api, name: str, task: Task) -> Done | Later | Failed:
    if not _ID.fullmatch(name):
        return UNKNOWN
    reply = await looked(api.client.look(f"{_PATH}/{name}?stream=false"))
    if isinstance(reply, Later | Failed):
        return reply
    return await _state(api, _dict(reply.body), task)


async def cancel(api: Api, name: str) -> CancelOutcome:
    if not _ID.fullmatch(name):
        return CancelOutcome.UNKNOWN
    try:
        reply = await api.client.post(f"{_PATH}/{name}/cancel", {}, timeout_s=20)
    except (NoAccess, NotSent, Unanswered) as error:
        log.warning("gemini could not be told to cancel", error=f"{type(error).__name__}: {error}")
        return CancelOutcome.UNKNOWN
    status = _dict(reply.body).get("status")
    if not reply.good or status in _UNDER_WAY:
        return CancelOutcome.UNKNOWN
    return CancelOutcome.CANCELLED if status == "cancelled" else CancelOutcome.TOO_LATE


def order(shot: Shot, model: Films) -> dict[str, Any]:
    """`background`, or the request lasts as long as the work; `store`, or it cannot be looked at again."""
    content = []
    if shot.first_frame:
        frame = shot.first_frame
        content.append({"type": "image", "data": encoded(frame.data), "mime_type": frame.media_type})
    if shot.prompt.strip():
        content.append({"type": "text", "text": shot.prompt})
    return {
        "model": model.model,
        "background": True,
        "store": True,
        "input": [{"type": "user_input", "content": content}],
        "response_format": {
            "type": "video",
            "delivery": "uri",
            "aspect_ratio": shot.ratio,
            "resolution": RESOLUTION,
            "duration": f"{shot.seconds}s",
        },
        "generation_config": {
            "video_config": {"task": "image_to_video" if shot.first_frame else "text_to_video"}
        },
    }


async def _state(api: Api, interaction: Mapping[str, Any], task: Task) -> Done | Later | Failed:
    status = interaction.get("status")
    if status in _UNDER_WAY:
        return Later()
    log.info("gemini used", job=str(task.job_id), model=task.model, status=status, **_counts(interaction))
    if status == "completed":
        return await _completed(api, interaction, task)
    if status == "cancelled":
        return CANCELLED
    said = " ".join(f"{each.get('code')} {each.get('message')}" for each in _dicts(interaction.get("errors")))
    log.warning("gemini made no video", job=str(task.job_id), status=status, errors=said[:300])
    return REFUSED if speaks_of_rules(said) else ENDED


async def _completed(api: Api, interaction: Mapping[str, Any], task: Task) -> Done | Failed:
    """The video; or, where it is only spoken of, the refusal that this is."""
    video = next((each for each in _content(interaction) if each.get("type") == "video"), None)
    try:
        if video is not None and video.get("uri"):
            return Done((await _remote(api, str(video["uri"])),))
        if video is not None and video.get("data"):
            return Done((film(str(video["data"]), SOURCE_TYPE),))
    except BadFile as bad:
        log.error("gemini delivered a bad video, and bills it", job=str(task.job_id), error=str(bad))
        return UNREADABLE
    if video is not None or _counts(interaction).get("video"):
        log.error("gemini bills a video and does not say where it is", job=str(task.job_id))
        return UNREADABLE
    return REFUSED


async def _remote(api: Api, uri: str) -> Remote:
    """Raises BadFile for an address that is not one of Google's."""
    if not api.client.owns(uri):
        if urlsplit(uri).scheme != "https" or urlsplit(uri).hostname != STORAGE:
            raise BadFile("an address elsewhere")
        return Remote(uri, (STORAGE,), "video", SOURCE_TYPE)
    named = _FILE.fullmatch(urlsplit(uri).path)
    if named is not None:
        uri = api.client.address(f"{named[1]}:download?alt=media")
    return Remote(uri, (api.client.host, STORAGE), "video", SOURCE_TYPE, headers=await api.client.access())


def _content(interaction: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for step in _dicts(interaction.get("steps")):
        if step.get("type") == "model_output":
            yield from _dicts(step.get("content"))


def _counts(interaction: Mapping[str, Any]) -> dict[str, int]:
    """Tokens put out, in all and by kind."""
    usage = _dict(interaction.get("usage"))
    total = usage.get("total_output_tokens")
    counts = {"tokens": total} if isinstance(total, int) else {}
    for each in _dicts(usage.get("output_tokens_by_modality")):
        if isinstance(each.get("tokens"), int):
            counts[str(each.get("modality", "")).lower()] = each["tokens"]
    return counts


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> Iterator[Mapping[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())
