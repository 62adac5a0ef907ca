"""What Google says instead of an answer, in the words of the port."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from packshot.adapters.gemini.access import NoAccess
from packshot.adapters.gemini.client import NotSent, Reply, TookTooLong, Unanswered
from packshot.ports.generation import Failed, FailureCode

log = structlog.get_logger(__name__)

_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")
_REFUSED = re.compile(r"\b(safety|polic(y|ies)|prohibited|responsible ai)\b", re.IGNORECASE)
_OURS = {"API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED", "SERVICE_DISABLED"}
"""Reasons of an ErrorInfo by which a 400 is about the installation's account and not about the order."""

_BUSY = Failed(FailureCode.RATE_LIMITED, "The provider has too much to do at the moment.", retryable=True)
_AWAY = Failed(
    FailureCode.PROVIDER_UNAVAILABLE, "The provider is not available at the moment.", retryable=True
)
ACCOUNT = Failed(
    FailureCode.PROVIDER_UNAVAILABLE,
    "This model is not available at the moment: the studio's operator has to look.",
    retryable=True,
)
_UNKNOWN = Failed(
    FailureCode.SUBMIT_UNKNOWN, "The connection to the provider broke; whether it began is not known."
)


async def answered(asking: Awaitable[Reply]) -> Reply | Failed:
    """The reply of a request that may cost money, or why there is none.

    What surely never began may be tried again; what may have begun never is.
    """
    try:
        reply = await asking
    except NoAccess as error:
        log.error("gemini gives no access", error=str(error))
        return ACCOUNT
    except NotSent as error:
        log.warning("gemini cannot be reached", error=str(error))
        return _AWAY
    except TookTooLong:
        return Failed(FailureCode.TIMEOUT, "The provider took too long and was given up.")
    except Unanswered as error:
        log.warning("gemini did not answer", error=str(error))
        return _UNKNOWN
    return reply if reply.good else failed(reply)


def failed(reply: Reply) -> Failed:
    """Of an answer that is not good. Google's own words go to the log, never to the person."""
    error = error_of(reply)
    status = str(error.get("status") or error.get("code") or "")
    message = str(error.get("message", ""))
    log.warning("gemini refused", http=reply.status, status=status, message=message[:300])
    if reply.status == 429:
        return replace(_BUSY, retry_after_s=retry_after_s(reply))
    if reply.status < 400 or reply.status in (401, 403, 404) or _about_us(status, error):
        log.error("gemini: the operator's account, key or model is refused", http=reply.status, status=status)
        return ACCOUNT
    if status == "DEADLINE_EXCEEDED":
        return Failed(FailureCode.TIMEOUT, "The provider took too long and was given up.")
    if reply.status in (502, 504) and not error:
        return _UNKNOWN  # a front end's word: what stands behind it may be at work
    if reply.status >= 500:
        return _AWAY
    if speaks_of_rules(message):
        return Failed(
            FailureCode.CONTENT_POLICY,
            "The provider's rules do not allow this. Change the words or the photo.",
        )
    if reply.status == 413:
        return Failed(FailureCode.INVALID_INPUT, "The photos are too large for the provider.")
    return Failed(FailureCode.INVALID_INPUT, "The provider does not take this order as it is.")


def speaks_of_rules(message: str) -> bool:
    """Whether an error is a refusal: videos have no code of their own for it."""
    return _REFUSED.search(message) is not None


def error_of(reply: Reply) -> Mapping[str, Any]:
    """The error object, from `{"error": ...}` or from a list of them; empty where there is none."""
    body = reply.body[0] if isinstance(reply.body, list) and reply.body else reply.body
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def retry_after_s(reply: Reply) -> float | None:
    """How long Google asks to wait: RetryInfo of the error, or else the header."""
    for detail in _details(error_of(reply)):
        found = _SECONDS.fullmatch(str(detail.get("retryDelay", "")))
        if found is not None:
            return float(found[1])
    header = str(reply.headers.get("retry-after", ""))
    return float(header) if header.isascii() and header.isdigit() else None


def _about_us(status: str, error: Mapping[str, Any]) -> bool:
    """FAILED_PRECONDITION is said where billing is not set up or the country is not served."""
    if status in ("FAILED_PRECONDITION", "UNAUTHENTICATED", "PERMISSION_DENIED"):
        return True
    return any(detail.get("reason") in _OURS for detail in _details(error))


def _details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = error.get("details")
    return [each for each in details if isinstance(each, dict)] if isinstance(details, list) else []
