"""Problem documents (RFC 9457): the one shape of everything that goes wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja.errors import HttpError, ValidationError
from pydantic_core import to_json

from packshot.api.codes import code
from packshot.api.errors import BadRequest, BodyTooLarge, Fault, InvalidRequest
from packshot.errors import NotFound, Problem, UpgradeNeeded
from packshot.settings import settings
from packshot.words import told

_AMOUNTS = ("needed", "available", "price", "cap")
"""What problems of money carry, in micro-credits."""
_BROKEN = (
    "Something broke on our side. Send the request again, under the same Idempotency-Key where it had one:"
    " what was done is not done twice. If it stays, tell us the request id."
)

log = structlog.get_logger(__name__)


def answer(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to a request that met this; what nobody expected is logged, and told without its words."""
    problem = _problem(error)
    if problem is None:
        log.error("api request failed", exc_info=error)
        return _document(request, 500, "internal_error", _BROKEN)
    response = _document(
        request,
        problem.status,
        problem.code,
        told(problem.message),
        _faults(problem),
        _more(problem),
    )
    if problem.status == 405:
        response["Allow"] = problem.detail["allow"]
    if problem.status in (429, 503):
        response["Retry-After"] = str(problem.detail.get("retry_after", 5))
    if problem.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Packshot"'
    return response


def page_of(name: str) -> str:
    """The address of the page about a code."""
    return f"{settings().address}/v1/errors/{name}"


def pointer(path: Iterable[object]) -> str:
    """A place in the body as RFC 6901 writes it, as the fragment of an address."""
    return "#" + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _problem(error: Exception) -> Problem | None:
    """What it is in our words; None for what nobody expected."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationError):
        return InvalidRequest(*(_fault(each) for each in error.errors))
    if isinstance(error, Http404):
        return NotFound("There is no such address. The reference has all of them.")
    if isinstance(error, RequestDataTooBig):
        return BodyTooLarge("That is larger than this address takes. Nothing was kept.")
    if isinstance(error, SuspiciousOperation | MultiPartParserError):
        return BadRequest("The request cannot be read. Nothing was done.", code="bad_request")
    if isinstance(error, HttpError) and error.status_code == 400:
        return BadRequest("The body is not JSON that can be kept. Nothing was done.", code="invalid_json")
    return None


def _fault(found: dict[str, Any]) -> Fault:
    """Of what pydantic says: where and what."""
    source, *path = found["loc"]
    words = str(found["msg"])
    if source == "body":
        return Fault(words, pointer=pointer(path[1:]))  # the first is the name that our function gives it
    return Fault(words, parameter=str(path[-1]) if path else None)


def _faults(problem: Problem) -> tuple[Fault, ...]:
    faults: tuple[Fault, ...] = getattr(problem, "faults", ())
    field = problem.detail.get("field")
    if not faults and isinstance(field, str):
        return (Fault(told(problem.message), pointer=pointer([field])),)
    return faults


def _more(problem: Problem) -> dict[str, Any]:
    """What a program can reckon with."""
    amounts = {f"{name}_micros": problem.detail[name] for name in _AMOUNTS if name in problem.detail}
    plans = {name: problem.detail[name] for name in ("feature", "limit") if name in problem.detail}
    return amounts | (plans if isinstance(problem, UpgradeNeeded) else {})


def _document(
    request: HttpRequest,
    status: int,
    name: str,
    detail: str,
    faults: Iterable[Fault] = (),
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    body = {
        "type": page_of(name),
        "title": code(name, status).title,
        "status": status,
        "detail": detail,
        "code": name,
        "request_id": getattr(request, "request_id", ""),
        "errors": [_told(fault) for fault in faults],
        **(more or {}),
    }
    return HttpResponse(to_json(body), status=status, content_type="application/problem+json")


def _told(fault: Fault) -> dict[str, str]:
    found = {
        "pointer": fault.pointer,
        "parameter": fault.parameter,
        "header": fault.header,
        "detail": fault.detail,
    }
    return {name: value for name, value in found.items() if value is not None}
