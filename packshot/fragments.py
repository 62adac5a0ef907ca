"""What the views of every room answer with: what was done, with an undo, here or on the next page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.html import format_html

from packshot.undo import Undo


def wants_fragment(request: HttpRequest) -> bool:
    """Whether a script asked; a plain form, sent before the script was there, gets a page."""
    return request.headers.get("HX-Request") == "true"


def say_next(request: HttpRequest, text: str, undo: Undo | None = None) -> None:
    """Tell on the next page, whichever that is, what was done, and offer to take it back."""
    form = render_to_string("components/undo.html", {"undo": undo}, request)
    messages.info(request, format_html("{} {}", text, form))


def go(request: HttpRequest, address: str) -> HttpResponse:
    """On to another page, whoever asked."""
    return HttpResponse(headers={"HX-Redirect": address}) if wants_fragment(request) else redirect(address)
