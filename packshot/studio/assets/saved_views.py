"""Searches that are kept under a name: a row of links for everybody in the organization."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from packshot.errors import Invalid, NotFound
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.assets import commands, queries
from packshot.studio.assets.contracts import SavedView
from packshot.undo import Undo


@require_POST
@signed_in
def create(request: MemberRequest) -> HttpResponse:
    """Keep the search that is shown."""
    view_id = commands.save_view(
        request.actor, request.POST.get("name", "").strip(), request.POST.get("query", "")
    )
    view = _of(request, view_id)
    return _told(request, _("Saved as %(name)s.") % {"name": view.name}, view.query)


@require_POST
@signed_in
def rename(request: MemberRequest, view_id: UUID) -> HttpResponse:
    """Another name, or with `undo` the one before."""
    before = commands.rename_view(request.actor, view_id, request.POST.get("name", "").strip())
    now = _of(request, view_id)
    text = _("%(before)s is now called %(now)s.") % {"before": before, "now": now.name}
    undo = Undo(reverse("view-rename", args=[view_id]), {"name": before})
    return _told(request, text, now.query, None if request.POST.get("undo") == "1" else undo)


@require_POST
@signed_in
def delete(request: MemberRequest, view_id: UUID) -> HttpResponse:
    """Forget it; the toast can bring it back."""
    gone = commands.delete_view(request.actor, view_id)
    fields = {"id": str(gone.id), "position": str(gone.position), "name": gone.name, "query": gone.query}
    undo = Undo(reverse("view-restore"), fields)
    return _told(request, _("%(name)s is deleted.") % {"name": gone.name}, gone.query, undo)


@require_POST
@signed_in
def restore(request: MemberRequest) -> HttpResponse:
    """Bring back what was just deleted, in its place: the toast names all of it."""
    form = request.POST
    try:
        view = SavedView(
            id=UUID(form.get("id", "")),
            name=form.get("name", ""),
            query=form.get("query", ""),
            created_by=request.actor.user_id,
            position=int(form.get("position", "")),
        )
    except ValueError:
        raise Invalid(_("There is no such view.")) from None
    commands.restore_view(request.actor, view)
    return _told(request, _("%(name)s is back.") % {"name": view.name}, view.query)


def _of(request: MemberRequest, view_id: UUID) -> SavedView:
    for view in queries.views(request.actor):
        if view.id == view_id:
            return view
    raise NotFound(_("There is no such view."))


def _told(request: MemberRequest, text: str, query: str, undo: Undo | None = None) -> HttpResponse:
    """The row of links again, and a toast."""
    context = {"text": text, "undo": undo, "query": query, "views": queries.views(request.actor)}
    return render(request, "assets/views_changed.html", context)
