"""Errors as pages and as fragments, always in our words and with the request's id."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from packshot.errors import Problem, UpgradeNeeded
from packshot.words import told


def render_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The answer to a request that met a problem: JSON, a toast, or a page, as was asked for."""
    if request.accepts("application/json") and not request.accepts("text/html"):
        body = {"code": problem.code, "message": told(problem.message), "request_id": _request_id(request)}
        return JsonResponse(body, status=problem.status)
    if isinstance(problem, UpgradeNeeded):
        from packshot.foundation.billing import upgrade_views

        return upgrade_views.refused(request, problem)
    title = _("There is nothing here") if problem.status == 404 else _("That did not work")
    return _answer(request, problem.status, title, told(problem.message))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 (Django's shape)
    shorter = request.path.rstrip("/")
    if request.method == "GET" and shorter != request.path and _leads_somewhere(shorter):
        return redirect(shorter + request.get_full_path()[len(request.path) :])
    text = _("The address may be mistyped, or the thing belongs to another account.")
    return _answer(request, 404, _("There is nothing here"), text)


def not_allowed(request: HttpRequest, answer: HttpResponseBase) -> HttpResponse:
    """Instead of an empty page, where an address was visited that only takes what a form sends."""
    text = _("This address only takes what one of our pages sends to it.")
    page = _answer(request, 405, _("There is nothing to look at here"), text)
    page["Allow"] = answer["Allow"]
    return page


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _answer(request, 403, _("Not allowed"), _("Your account may not do this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    text = _("This page was open for too long or cookies are blocked. Reload it and try again.")
    return _answer(request, 403, _("Please reload the page"), text)


def server_error(request: HttpRequest) -> HttpResponse:
    text = _(
        "Something broke on our side. Nothing was charged for it. Try again; if it stays, tell us the id below."
    )
    return _answer(request, 500, _("This did not work"), text)


def _answer(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = {"title": title, "text": text, "status": status, "request_id": _request_id(request)}
    if request.headers.get("HX-Request") != "true":
        return render(request, "errors/page.html", context, status=status)
    response = render(request, "errors/toast.html", context, status=status)
    # Whatever the fragment was meant for stays as it is; the toast goes where toasts go.
    response["HX-Reswap"] = "none"
    return response


def _leads_somewhere(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _request_id(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")
