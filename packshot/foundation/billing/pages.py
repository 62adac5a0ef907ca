"""What the pages of billing have in common: to where one goes on, from where one came, what a form says."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from packshot.errors import Invalid
from packshot.foundation.billing.commands import safe_path


def go_to(request: HttpRequest, address: str) -> HttpResponseBase:
    """To a page, also of another site: a form may only lead to our own, so a script is told, or a link is shown."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": address})
    if address.startswith("/"):
        return redirect(address)
    return render(request, "billing/go.html", {"address": address})


def came_from(request: HttpRequest) -> str:
    """The path that the person came from: what the address says, else the page that is open."""
    asked = request.GET.get("back")
    if asked is None and request.headers.get("HX-Request") == "true":
        asked = vars(request)["htmx"].current_url_abs_path
    return safe_path(asked or "/billing")


def linked_from(request: HttpRequest) -> str | None:
    """The path of the page whose link or form this is, where the browser tells it."""
    found = urlsplit(request.headers.get("Referer", ""))
    if found.netloc != request.get_host():
        return None
    return safe_path(f"{found.path}?{found.query}" if found.query else found.path)


def uuid_of(text: str) -> UUID:
    """Raises Invalid."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("The form is not whole. Nothing was changed: reload the page.") from None


def number_of(text: str) -> int:
    """Raises Invalid."""
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise Invalid("How many is a whole number.")
    return int(text)


def moment_of(text: str) -> datetime:
    """Raises Invalid."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("The form is not whole. Nothing was changed: reload the page.") from None
    if found.tzinfo is None:
        raise Invalid("The form is not whole. Nothing was changed: reload the page.")
    return found
