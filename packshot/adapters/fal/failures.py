"""fal's refusals and failures in the words of the port.

Told apart by `type` or `error_type`, never by a sentence; whether another try may help is said by fal's header, or else
by the kind, or else by the status. A 422 may have been billed, so it is never tried again by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from packshot.adapters.fal.http import Answer
from packshot.ports.generation import Failed, FailureCode

NOT_SENT = Failed(
    FailureCode.PROVIDER_UNAVAILABLE,
    "The provider could not be reached; nothing was ordered.",
    retryable=True,
)
UNKNOWN = Failed(
    FailureCode.SUBMIT_UNKNOWN, "The connection to the provider broke; whether it began is not known."
)
LOST = Failed(FailureCode.INTERNAL, "The provider does not know this work.")
GONE = Failed(FailureCode.OUTPUT_INVALID, "The provider did not keep the result until it was fetched.")
EMPTY = Failed(FailureCode.OUTPUT_INVALID, "The provider said that it was done, and delivered nothing.")
HIDDEN = Failed(
    FailureCode.CONTENT_POLICY,
    "The provider's filter hid what came of it. Other words or another photo may help.",
)

_REFUSED = Failed(
    FailureCode.CONTENT_POLICY, "The provider refused this: its rules do not allow it. Other words may help."
)
_MADE_NOTHING = Failed(
    FailureCode.CONTENT_POLICY,
    "The provider made nothing, most often because of its rules. Other words may help.",
)
_TOO_SMALL = Failed(FailureCode.INVALID_INPUT, "The photo is too small for this model.")
_TOO_LARGE = Failed(FailureCode.INVALID_INPUT, "The photo is too large for this model.")
_UNREADABLE = Failed(FailureCode.INVALID_INPUT, "The provider could not read the photo.")
_NO_FACE = Failed(
    FailureCode.INVALID_INPUT, "The provider found no face in the photo, and this model needs one."
)
_NOT_TAKEN = Failed(FailureCode.INVALID_INPUT, "The provider does not take the request as it is.")
_BROKE = Failed(
    FailureCode.PROVIDER_UNAVAILABLE, "The provider broke off in the middle of the work.", retryable=True
)
_CANCELLED = Failed(FailureCode.CANCELLED, "Cancelled.")
_BUSY = Failed(FailureCode.RATE_LIMITED, "The provider has too much to do at the moment.", retryable=True)
_EMPTY_ACCOUNT = Failed(
    FailureCode.QUOTA_EXHAUSTED,
    "The studio's account with the provider is used up or locked.",
    retryable=True,
)
_NO_ENTRY = Failed(
    FailureCode.PROVIDER_UNAVAILABLE,
    "The provider does not let this studio in at the moment.",
    retryable=True,
)
_NOT_THERE = Failed(
    FailureCode.PROVIDER_UNAVAILABLE, "The provider does not offer this model at the moment.", retryable=True
)


def _each(kinds: str, failed: Failed) -> dict[str, Failed]:
    return dict.fromkeys(kinds.split(), failed)


_KINDS: Mapping[str, Failed] = {
    **_each("content_policy_violation", _REFUSED),
    **_each("no_media_generated", _MADE_NOTHING),
    **_each("image_too_small", _TOO_SMALL),
    **_each("image_too_large file_too_large", _TOO_LARGE),
    **_each("image_load_error file_download_error unsupported_image_format", _UNREADABLE),
    **_each("face_detection_error", _NO_FACE),
    **_each("concurrent_requests_limit", _BUSY),
    **_each("client_cancelled client_disconnected", _CANCELLED),
    **_each("bad_request feature_not_supported one_of missing", _NOT_TAKEN),
    **_each(
        "internal_server_error generation_timeout downstream_service_error downstream_service_unavailable"
        " request_timeout startup_timeout runner_scheduling_failure runner_connection_timeout runner_disconnected"
        " runner_connection_refused runner_connection_error runner_incomplete_response runner_server_error"
        " internal_error",
        _BROKE,
    ),
}
"""Every kind that is documented and says more than its status does; further ones come and go with the models."""


def failure(answer: Answer, kind: str | None = None) -> Failed:
    """What an answer of 4xx or 5xx says; `kind` is what was heard of it before, for where it says none itself."""
    names = [*kinds(answer), *([kind] if kind else [])]
    found = next((_KINDS[name] for name in names if name in _KINDS), None)
    failed = found or _by_status(answer.status)
    if failed.code in (FailureCode.CONTENT_POLICY, FailureCode.INVALID_INPUT, FailureCode.CANCELLED):
        return failed  # the same would come again, and may be billed again
    told = _says_retryable(answer)
    return replace(
        failed, retryable=failed.retryable if told is None else told, retry_after_s=answer.retry_after_s
    )


def kinds(answer: Answer) -> Iterable[str]:
    """The kinds of failure that an answer names, the most telling first."""
    detail = answer.body.get("detail")
    for each in detail if isinstance(detail, list) else ():
        if isinstance(each, Mapping) and isinstance(each.get("type"), str):
            yield each["type"]
    for name in (answer.body.get("error_type"), answer.headers.get("x-fal-error-type")):
        if isinstance(name, str):
            yield name


def refusal(answer: Answer) -> Failed:
    """What an answer of 4xx to a submit says: nothing was ordered."""
    if answer.status in (401, 403):
        # Of an account that is locked or empty fal tells in words only.
        words = str(answer.body.get("detail", "")).lower()
        return _EMPTY_ACCOUNT if "locked" in words or "balance" in words else _NO_ENTRY
    return _NOT_THERE if answer.status == 404 else failure(answer)


def is_about_work(result: Answer, status: Answer) -> bool:
    """Whether an answer of 4xx or 5xx is what became of the work, and not of our asking for it."""
    if "error" in status.body or "error_type" in status.body or next(iter(kinds(result)), None) is not None:
        return True
    detail = result.body.get("detail")
    ours = result.status in (400, 401, 403, 408, 429)  # 400: not ready yet
    return isinstance(detail, list) or (isinstance(detail, str) and not ours)


def _by_status(status: int) -> Failed:
    if status == 429:
        return _BUSY
    if status == 499:
        return _CANCELLED
    if status in (401, 403):
        return _NO_ENTRY
    return _NOT_TAKEN if status < 500 else _BROKE


def _says_retryable(answer: Answer) -> bool | None:
    said = answer.headers.get("x-fal-retryable", answer.headers.get("x-fal-needs-retry"))
    return None if said is None else said.strip().lower() in ("1", "true")
