"""What Google can be made to say: answers, refusals in every shape, and errors."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Said:
    """One HTTP answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


DROPPED = Said(0, b"")
"""The connection ends after the request was accepted, without an answer."""


def said(body: Any, status: int = 200, **headers: str) -> Said:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(
        status, json.dumps(body).encode(), {"content-type": "application/json; charset=UTF-8", **named}
    )


def candidate(parts: list[dict[str, Any]], finish: str = "STOP", **more: Any) -> Said:
    usage = {"promptTokenCount": 12, "candidatesTokenCount": 1290, "totalTokenCount": 1302}
    return said(
        {
            "candidates": [
                {"content": {"role": "model", "parts": parts}, "finishReason": finish, "index": 0, **more}
            ],
            "usageMetadata": usage,
            "modelVersion": "fake",
            "responseId": "fake-response",
        }
    )


def picture_part(data: bytes, media_type: str = "image/png", **more: Any) -> dict[str, Any]:
    return {"inlineData": {"mimeType": media_type, "data": base64.b64encode(data).decode()}, **more}


def words_only(words: str = "I would rather describe it.", finish: str = "STOP") -> Said:
    return candidate([{"text": words}], finish)


def blocked(reason: str) -> Said:
    """Shape (a): no candidate at all."""
    usage = {"promptTokenCount": 12, "totalTokenCount": 12}
    return said({"promptFeedback": {"blockReason": reason}, "usageMetadata": usage})


def ended(reason: str) -> Said:
    """Shape (b): a candidate without content."""
    return said({"candidates": [{"finishReason": reason, "finishMessage": "Unable to show it.", "index": 0}]})


def error(http: int, status: str, message: str, *details: dict[str, Any], as_list: bool = False) -> Said:
    body: Any = {
        "error": {
            "code": http,
            "message": message,
            "status": status,
            **({"details": details} if details else {}),
        }
    }
    return said([body] if as_list else body, http)


def rate_limited(delay: str | None = "17s", *, as_list: bool = False) -> Said:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    quota = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []}
    details = [quota, retry] if delay else [quota]
    return error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", *details, as_list=as_list)


def bad_key() -> Said:
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
    }
    return error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", info)


def interaction_error(http: int, code: str, message: str) -> Said:
    """Interactions speak of errors in another shape: a word as the code, and no status."""
    return said({"error": {"message": message, "code": code}}, http)


def front_end_page(status: int) -> Said:
    page = f"<!DOCTYPE html><title>Error {status} (Server Error)!!1</title>"
    return Said(status, page.encode(), {"content-type": "text/html; charset=UTF-8"})
