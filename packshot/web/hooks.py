"""Where providers call back. Verified and stored, nothing more: what follows from a message is a worker's work."""

from __future__ import annotations

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from packshot.errors import Problem
from packshot.studio.generation import commands


@csrf_exempt
@require_POST
def provider(request: HttpRequest, name: str) -> HttpResponse:
    """204 for a message that is stored, new or known; 401 forged or stale; 503 so that the sender tries again."""
    try:
        commands.receive_callback(
            name, request.headers, request.body, job=request.GET.get("j"), mark=request.GET.get("s")
        )
    except Problem as problem:
        return HttpResponse(problem.code, status=problem.status, content_type="text/plain")
    except OperationalError:
        return HttpResponse("unavailable", status=503, content_type="text/plain")
    return HttpResponse(status=204)
