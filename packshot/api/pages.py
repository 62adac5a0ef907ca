"""What anybody may read: the OpenAPI document, and what each code means."""

from __future__ import annotations

from functools import cache

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from pydantic_core import to_json

from packshot.api.codes import CODES
from packshot.api.guard import json_answer
from packshot.api.openapi import document
from packshot.api.v1.app import api
from packshot.settings import settings

_READ = ("GET", "HEAD")


@cache
def _document() -> bytes:
    return to_json(document(api, settings().address))


def openapi(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1."""
    return json_answer(_document()) if request.method in _READ else HttpResponseNotAllowed(_READ)


def error(request: HttpRequest, name: str) -> HttpResponse:
    """What a code means and what to do: where `type` of a problem document leads."""
    if request.method not in _READ:
        return HttpResponseNotAllowed(_READ)
    known = CODES.get(name)
    if known is None:
        raise Http404
    text = f"{name} (HTTP {known.status})\n\n{known.title}.\n{known.advice}\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
