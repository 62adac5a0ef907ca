"""The road of every request to the API: who asks, how much they may, what they sent, and the headers of the answer.

It stands among the middleware before everything that pages need, so that a call has no session, no cookie, no CSRF
token and no language but English.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import resolve
from django.utils import translation
from structlog.contextvars import bind_contextvars

from packshot.api import problems
from packshot.api.errors import (
    AddressNotAllowed,
    BadRequest,
    BodyTooLarge,
    Fault,
    NoEntry,
    RateLimited,
    UnknownMethod,
    WrongMediaType,
)
from packshot.foundation.apikeys import commands
from packshot.foundation.apikeys.contracts import VERSIONS, Caller, Entry
from packshot.settings import settings

URLS = "packshot.api.urls"
OPEN = ("/v1/openapi.json", "/v1/errors/")
"""What anybody may read."""
_REFUSED = {
    "missing_key": "This address takes an API key: Authorization: Bearer pk_live_…",
    "invalid_key": "This API key opens nothing.",
    "expired_key": "This API key has expired.",
    "revoked_key": "This API key was revoked.",
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Authorization, Packshot-Version",
    "X-Content-Type-Options": "nosniff",
}

Next = Callable[[HttpRequest], HttpResponseBase]


class ApiRequest(HttpRequest):
    """The request that operations get: somebody asks with a key."""

    caller: Caller


class Api:
    """Middleware that answers `/v1` itself and hands on everything else; under `packshot api` there is nothing else."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not (request.path.startswith("/v1/") or request.path == "/v1" or settings().api_only):
            return self.get_response(request)
        with translation.override("en"):
            return answer(request)


def answer(request: HttpRequest) -> HttpResponseBase:
    """The answer to a request of the API, whatever becomes of it."""
    entry: Entry | None = None
    version = VERSIONS[-1]
    response: HttpResponseBase
    try:
        secret = None if request.path.startswith(OPEN) else _bearer(request)
        entry = commands.enter(secret, request.META.get("REMOTE_ADDR", ""), _quotas())
        _admit(request, entry, named=bool(secret))
        version = _version(request, entry)
        _judge(request)
        response = _operation(request)
    except Exception as error:  # noqa: BLE001  (told as a problem document, and logged there where nobody expected it)
        response = problems.answer(request, error)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response["Packshot-Version"] = version
    if entry is not None:
        _tell_limits(response, entry)
    return response


def _quotas() -> dict[str, int]:
    found = settings()
    return {
        "key": found.api_key_rate,
        "organization": found.api_organization_rate,
        "address": found.api_address_rate,
        "bad-key": found.api_bad_key_rate,
    }


def _bearer(request: HttpRequest) -> str:
    """The key that came with the request; empty for none."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _admit(request: HttpRequest, entry: Entry, *, named: bool) -> None:
    """Put the caller on the request. Raises for who may not come in, or not now."""
    if entry.retry_after_s is not None:
        raise RateLimited(
            f"Too many requests. Nothing was done; send it again in {entry.retry_after_s} seconds.",
            retry_after=entry.retry_after_s,
        )
    if entry.refusal == "address_not_allowed":
        raise AddressNotAllowed("This API key may not be used from this address.")
    if entry.refusal is not None:
        code = entry.refusal if named else "missing_key"
        raise NoEntry(_REFUSED[code], code=code)
    if entry.caller is not None:
        request.caller = entry.caller  # type: ignore[attr-defined]  # it is an ApiRequest from here on
        bind_contextvars(
            organization=str(entry.caller.actor.organization_id), api_key=str(entry.caller.key_id)
        )


def _version(request: HttpRequest, entry: Entry) -> str:
    """The dated version that the request names, else the key's."""
    pinned = entry.caller.version if entry.caller else VERSIONS[-1]
    asked = request.headers.get("Packshot-Version", pinned)
    if asked not in VERSIONS:
        said = f"The versions are {', '.join(VERSIONS)}."
        raise BadRequest(said, Fault(said, header="Packshot-Version"), code="unknown_version")
    return asked


def _judge(request: HttpRequest) -> None:
    """What was sent, before anybody reads it. Raises BodyTooLarge, WrongMediaType, and DisallowedHost."""
    request.get_host()  # answers name it in addresses: an unknown one is refused before anything is done
    if request.META.get("packshot.too_large"):
        raise BodyTooLarge("That is larger than this address takes. Nothing was kept.")
    length = request.META.get("CONTENT_LENGTH") or "0"
    multipart = request.content_type == "multipart/form-data" and request.path == "/v1/uploads"
    if length != "0" and request.content_type != "application/json" and not multipart:
        raise WrongMediaType("The body is JSON: send Content-Type: application/json.")


def _operation(request: HttpRequest) -> HttpResponseBase:
    """Let the operation answer. Raises Http404 for an address that there is not."""
    match = resolve(request.path_info, URLS)
    request.resolver_match = match
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    if response.status_code == 405:
        allowed = response["Allow"]
        raise UnknownMethod(f"This address takes {allowed}.", allow=allowed)
    return response


def _tell_limits(response: HttpResponseBase, entry: Entry) -> None:
    """As draft-ietf-httpapi-ratelimit-headers has it: the rules, and what is left of each."""
    response["RateLimit-Policy"] = ", ".join(f'"{each.name}";q={each.quota};w=60' for each in entry.limits)
    response["RateLimit"] = ", ".join(
        f'"{each.name}";r={each.remaining};t={each.full_in_s}' for each in entry.limits
    )


def json_answer(body: bytes | str, status: int = 200) -> HttpResponse:
    """An answer whose body is JSON already."""
    return HttpResponse(body, status=status, content_type="application/json")
