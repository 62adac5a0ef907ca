"""Around every page: a request's id, the security headers, and problems told in our words."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from uuid_utils.compat import uuid7

from packshot import wiring
from packshot.db.origin import Origin, coming_from
from packshot.errors import Problem
from packshot.foundation.organizations.errors import NoWorkspace
from packshot.fragments import go
from packshot.telemetry import metrics, traces
from packshot.web.errors import not_allowed, render_problem

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
Next = Callable[[HttpRequest], HttpResponseBase]


def content_security_policy(origins: Sequence[str]) -> str:
    """No inline script, no inline style, nothing from elsewhere: what a page shows came from this server, and pictures
    from the bucket where they lie in one (`origins`), which also takes uploads."""
    pictures = "".join(f" {origin}" for origin in origins)
    return (
        f"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:{pictures}; "
        f"media-src 'self' blob:{pictures}; font-src 'self'; connect-src 'self'{pictures}; worker-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


HEADERS = {
    "Content-Security-Policy": content_security_policy(wiring.blobs().origins),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class RequestId:
    """Each request has an id, the one that the bridge logs it under; the error pages and the audit log show it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        bridged = request.META.get("packshot.request_id")
        request_id = bridged or uuid7().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        came_from = Origin(
            request.META.get("REMOTE_ADDR", ""), request.headers.get("User-Agent", ""), request_id
        )
        with coming_from(came_from):
            response = self.get_response(request)
        if bridged is None:  # the bridge puts its id on the answer itself
            response["X-Request-ID"] = request_id
        return response


class Watched:
    """Each request is counted and traced under its route: addresses are too many, and hold ids and words."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        method = request.method if request.method in _METHODS else "OTHER"
        begun = time.perf_counter()
        with traces.span(method, server=True) as span:
            response = self.get_response(request)
            route = request.resolver_match.route if request.resolver_match else "none"
            if span is not None:
                span.update_name(f"{method} /{route}")
                span.set_attribute("http.response.status_code", response.status_code)
        seconds = time.perf_counter() - begun
        metrics.http.labels(method, route, response.status_code).observe(seconds)
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
    """A `Problem` that a view let through becomes a page, or a fragment where a fragment was asked for; who is a
    member of nothing is offered a workspace."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        visited = request.method == "GET" and request.accepts("text/html")
        return not_allowed(request, response) if visited and response.status_code == 405 else response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NoWorkspace) and request.accepts("text/html"):
            return go(request, reverse("workspace-none"))
        return render_problem(request, exception) if isinstance(exception, Problem) else None
