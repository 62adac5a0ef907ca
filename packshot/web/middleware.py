"""Around every page: a request's id, the security headers, and problems told in our words."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from uuid_utils.compat import uuid7

from packshot.errors import Problem
from packshot.web.errors import render_problem

Next = Callable[[HttpRequest], HttpResponseBase]

# No inline script, no inline style, nothing from elsewhere: what a page shows came from this server.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class RequestId:
    """Each request has an id, the one that the bridge logs it under; the error pages show it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        bridged = request.META.get("packshot.request_id")
        request_id = bridged or uuid7().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        if bridged is None:  # the bridge puts its id on the answer itself
            response["X-Request-ID"] = request_id
        return response


class SecurityHeaders:
    """The headers that every answer carries; an answer may bring a stricter one of its own."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        # A fragment and a page live under one address: no cache may mistake one for the other.
        patch_vary_headers(response, ["HX-Request"])
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-cache"
        return response


class Problems:
    """A `Problem` that a view let through becomes a page, or a fragment where a fragment was asked for."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return render_problem(request, exception) if isinstance(exception, Problem) else None
