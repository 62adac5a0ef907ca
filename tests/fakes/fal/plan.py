"""What becomes of a request, and how fal says so when it goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Plan:
    """One request. The default is done at once and told once."""

    hold: bool = False
    """Until `Fal.finish`."""
    submit: Literal[
        "taken", "dropped", "locked", "forbidden", "busy", "broken", "unknown_app", "evil", "long"
    ] = "taken"
    """`dropped`: taken, and the connection closed without an answer. `evil`: addresses of somebody else's.
    `long`: addresses that nobody can remember."""
    error: str | None = None
    """One of ERRORS, told by status and result."""
    hidden: bool = False
    """200, a black picture and `has_nsfw_concepts`."""
    file: Literal["true", "none", "inline"] = "true"
    callback: Literal["after", "before", "never"] = "after"
    """`before`: before the submit is answered."""
    stubborn: bool = False
    """A cancel is heard, and the work goes on."""
    gateway: int = 0
    """So many results are answered with a gateway's 502 first."""


@dataclass(frozen=True)
class Error:
    status: int
    body: Any
    headers: dict[str, str]


def _model(status: int, kind: str, **headers: str) -> Error:
    detail = [
        {"loc": ["body", "prompt"], "msg": f"({kind})", "type": kind, "url": "https://docs.fal.ai/errors"}
    ]
    return Error(status, {"detail": detail}, headers)


def _infra(status: int, kind: str) -> Error:
    return Error(status, {"detail": f"({kind})", "error_type": kind}, {"X-Fal-Error-Type": kind})


ERRORS: dict[str, Error] = {
    "content_policy_violation": _model(422, "content_policy_violation"),
    "no_media_generated": _model(422, "no_media_generated"),
    "image_too_small": _model(422, "image_too_small"),
    "image_too_large": _model(422, "image_too_large"),
    "image_load_error": _model(422, "image_load_error"),
    "file_download_error": _model(422, "file_download_error"),
    "face_detection_error": _model(422, "face_detection_error"),
    "missing": _model(422, "missing"),
    "some_new_kind": _model(422, "some_new_kind"),
    "billed": Error(
        422, {"detail": [{"type": "greater_than", "msg": "", "loc": []}]}, {"X-Fal-Billable-Units": "1"}
    ),
    "internal_server_error": _model(500, "internal_server_error"),
    "generation_timeout": _model(504, "generation_timeout"),
    "final_500": Error(500, {"detail": [{"type": "internal_server_error"}]}, {"X-Fal-Retryable": "false"}),
    "downstream_service_error": _model(400, "downstream_service_error", **{"X-Fal-Retryable": "true"}),
    "runner_disconnected": _infra(503, "runner_disconnected"),
    "startup_timeout": _infra(504, "startup_timeout"),
    "client_cancelled": _infra(499, "client_cancelled"),
    "plain": Error(500, {"detail": "Something broke"}, {}),
}
