"""Where providers call back. Verified and stored, nothing more: what follows from a message is a worker's work."""

from __future__ import annotations

from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from packshot.errors import Problem
from packshot.foundation.billing import inbox
from packshot.studio.generation import commands
from packshot.web.wsgi import CALLBACK_LIMIT


@csrf_exempt
@require_POST
def provider(request: HttpRequest, name: str) -> HttpResponse:
    """204 for a message that is stored, new or known; 401 forged or stale; 413 too large; 503 so that the sender
    tries again. Never a redirect, which some senders take for the end of it."""
    return _take(
        request,
        lambda body: commands.receive_callback(
            name, request.headers, body, job=request.GET.get("j"), mark=request.GET.get("s")
        ),
    )


@csrf_exempt
@require_POST
def payments(request: HttpRequest, name: str) -> HttpResponse:
    """The same for those who take the money."""
    return _take(request, lambda body: inbox.receive(name, request.headers, body))


def _take(request: HttpRequest, receive: Callable[[bytes], bool]) -> HttpResponse:
    body = request.read(CALLBACK_LIMIT + 1)
    if len(body) > CALLBACK_LIMIT:
        return HttpResponse("too_large", status=413, content_type="text/plain")
    try:
        receive(body)
    except Problem as problem:
        return HttpResponse(problem.code, status=problem.status, content_type="text/plain")
    except OperationalError:
        return HttpResponse("unavailable", status=503, content_type="text/plain")
    return HttpResponse(status=204)
