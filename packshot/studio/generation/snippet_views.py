"""Snippets: the menu of them, and what can be done to one."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from uuid_utils.compat import uuid7

from packshot.errors import Invalid
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.generation import commands, queries
from packshot.undo import Undo

_NAME_LENGTH = 80
_NAMED_AFTER = 40


@require_http_methods(["GET", "POST"])
@signed_in
def snippets(request: MemberRequest) -> HttpResponse:
    """The menu; a POST keeps the `text` under a `name`, or under its own first words."""
    if request.method == "GET":
        return render(request, "generation/snippets.html", _menu(request))
    try:
        snippet_id = UUID(request.POST.get("id", ""))
    except ValueError as error:
        raise Invalid(_("This form is out of date. Reload the page and try again.")) from error
    text = request.POST.get("text", "").strip()
    if not text:
        raise Invalid(_("Write a prompt first, then keep it."))
    name = request.POST.get("name", "").strip() or _first_words(text)
    commands.save_snippet(request.actor, snippet_id, name=name, text=text)
    undone = request.POST.get("undo") == "1"
    said = _("%(name)s is back.") if undone else _("Kept as %(name)s.")
    return _changed(request, said % {"name": name})


@require_POST
@signed_in
def rename(request: MemberRequest, snippet_id: UUID) -> HttpResponse:
    name = request.POST.get("name", "")
    before = commands.rename_snippet(request.actor, snippet_id, name)
    if request.POST.get("undo") == "1":
        return _changed(request, _("Named %(name)s again.") % {"name": name})
    undo = Undo(reverse("snippet-rename", args=[snippet_id]), {"name": before})
    return _changed(request, _("Renamed to %(name)s.") % {"name": name.strip()}, undo)


@require_POST
@signed_in
def delete(request: MemberRequest, snippet_id: UUID) -> HttpResponse:
    gone = commands.delete_snippet(request.actor, snippet_id)
    undo = Undo(reverse("snippets"), {"id": str(gone.id), "name": gone.name, "text": gone.text})
    return _changed(request, _("%(name)s is deleted.") % {"name": gone.name}, undo)


def _changed(request: MemberRequest, text: str, undo: Undo | None = None) -> HttpResponse:
    context = _menu(request) | {"text": text, "undo": undo}
    return render(request, "generation/snippets_changed.html", context)


def _menu(request: MemberRequest) -> dict[str, object]:
    return {"snippets": queries.snippets(request.actor), "new_id": uuid7()}


def _first_words(text: str) -> str:
    words = " ".join(text.split())
    if len(words) <= _NAMED_AFTER:
        return words
    return words[: _NAMED_AFTER + 1].rsplit(" ", 1)[0][:_NAME_LENGTH].rstrip(",.;:") + "…"
