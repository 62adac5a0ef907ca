"""Reading an answer of generateContent. A refusal comes as a success, in several shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from packshot.adapters.gemini.errors import ACCOUNT
from packshot.ports.generation import Failed, FailureCode, Task

log = structlog.get_logger(__name__)

_SAFETY = Failed(
    FailureCode.CONTENT_POLICY,
    "The provider's safety rules do not allow this. Change the words or the photo.",
)
_KIND = Failed(FailureCode.CONTENT_POLICY, "The provider does not make things of this kind.")
_COPY = Failed(
    FailureCode.CONTENT_POLICY,
    "It would have come too close to an existing work. Describe it in your own words.",
)
_TERM = Failed(FailureCode.CONTENT_POLICY, "The words hold a term that the provider does not accept.")
_PERSON = Failed(
    FailureCode.CONTENT_POLICY, "The provider found personal data in it. Leave it out and try again."
)
_NO_REASON = Failed(
    FailureCode.CONTENT_POLICY, "The provider refused this and gave no reason. Say it in other words."
)

_BLOCKED: Mapping[str, Failed] = {
    "SAFETY": _SAFETY,
    "IMAGE_SAFETY": _SAFETY,
    "PROHIBITED_CONTENT": _KIND,
    "IMAGE_PROHIBITED_CONTENT": _KIND,
    "RECITATION": _COPY,
    "IMAGE_RECITATION": _COPY,
    "BLOCKLIST": _TERM,
    "SPII": _PERSON,
    "ESCALATION": _NO_REASON,
    "PUP_LIMITED_DISABLED": ACCOUNT,
}
"""Reasons of the prompt's feedback and of a candidate's end alike. OTHER blocks a prompt, but ends a candidate
only without a picture."""


@dataclass(frozen=True, slots=True)
class Inline:
    """A picture as it came, still in base64."""

    media_type: str
    data: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model gave, its thoughts left out. `ended` is why it stopped, in Google's word."""

    pictures: tuple[Inline, ...]
    text: str
    ended: str


def read(body: Any, task: Task) -> Answer | Failed:
    """The first candidate, or the refusal. An answer of any other shape is an empty one."""
    whole = body if isinstance(body, dict) else {}
    _log_usage(whole, task)
    blocked = _dict(whole.get("promptFeedback")).get("blockReason")
    if blocked:
        return _refusal(str(blocked), task) or _NO_REASON
    candidates = whole.get("candidates")
    first = _dict(candidates[0]) if isinstance(candidates, list) and candidates else {}
    ended = str(first.get("finishReason", ""))
    refusal = _refusal(ended, task)
    if refusal is not None:
        return refusal
    parts = [part for part in _parts(first) if not part.get("thought")]
    pictures = tuple(
        Inline(str(data.get("mimeType", "")), str(data["data"]))
        for data in (_dict(part.get("inlineData")) for part in parts)
        if data.get("data")
    )
    words = "".join(part["text"] for part in parts if isinstance(part.get("text"), str))
    return Answer(pictures, words, ended)


def _refusal(reason: str, task: Task) -> Failed | None:
    found = _BLOCKED.get(reason)
    if found is ACCOUNT:
        log.error("gemini: the account is limited", reason=reason, job=str(task.job_id))
    return found


def _log_usage(body: Mapping[str, Any], task: Task) -> None:
    """What Google counted, for the bill: tokens by kind, and the answer's name for its support."""
    usage = _dict(body.get("usageMetadata"))
    counts = {name: count for name, count in usage.items() if isinstance(count, int)}
    log.info(
        "gemini used",
        job=str(task.job_id),
        model=task.model,
        response=str(body.get("responseId", "")),
        version=str(body.get("modelVersion", "")),
        **counts,
    )


def _parts(candidate: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    parts = _dict(candidate.get("content")).get("parts")
    return (part for part in parts if isinstance(part, dict)) if isinstance(parts, list) else iter(())


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
