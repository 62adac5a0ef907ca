"""Galleries: the library with its trash and its duplicates, a board's own, and the way between boards."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from uuid_utils.compat import uuid7

from packshot.errors import Invalid, NotFound
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.fragments import wants_fragment
from packshot.imaging.decode import MAX_BYTES
from packshot.studio.assets import change_views, gallery
from packshot.studio.assets import commands as assets
from packshot.studio.assets import queries as pictures
from packshot.studio.assets.queries import AssetView
from packshot.studio.boards import commands, queries
from packshot.studio.boards.contracts import BoardView
from packshot.studio.boards.pages import header
from packshot.studio.generation import queries as work

CHOOSABLE = 30
GROUPS = 20


@require_GET
@signed_in
def library(request: MemberRequest) -> HttpResponse:
    """Every picture of the organization that the person sees, or what the address asks for of them; the trash too."""
    place = gallery.Place(reverse("library"))
    search = place.search(request.GET)
    heading = _("Trash") if search.trash else _("Pictures")
    found = gallery.context(request.actor, request, place, search, heading=heading, models=_models())
    return _answer(request, "boards/library.html", found | {"editable": True, "largest_upload": MAX_BYTES})


@require_GET
@signed_in
def board(request: MemberRequest, slug: str) -> HttpResponse:
    """What lies on one board, what is pinned there first."""
    shown = queries.board(request.actor, slug)
    place = gallery.Place(reverse("board-gallery", args=[slug]), shown.id)
    search = place.search(request.GET)
    found = gallery.context(request.actor, request, place, search, heading=_("Pictures"), models=_models())
    found |= {"editable": shown.editable, "thread_address": reverse("board", args=[slug])}
    if not wants_fragment(request):
        found |= header(request.actor, shown, "gallery") | {"largest_upload": MAX_BYTES}
    return _answer(request, "boards/gallery.html", found)


@require_GET
@signed_in
def duplicates(request: MemberRequest) -> HttpResponse:
    """Groups of pictures that look alike."""
    after = gallery.one_id(request.GET.get("after", ""))
    found = pictures.duplicates(request.actor, after, GROUPS + 1)
    groups = [
        {"pictures": group.pictures, "rest": " ".join(str(view.id) for view in _but_the_best(group.pictures))}
        for group in found[:GROUPS]
    ]
    context = {
        "groups": groups,
        "next": found[GROUPS - 1].group if len(found) > GROUPS else None,
        "cells_size": gallery.cells_size(request),
        "views": pictures.views(request.actor),
        "query": "",
        "duplicates": True,
        "editable": True,
    }
    template = "boards/_duplicates.html" if wants_fragment(request) else "boards/duplicates.html"
    return render(request, template, context)


@require_GET
@signed_in
def choose(request: MemberRequest) -> HttpResponse:
    """The dialog that asks to which board; with `q` the boards of that name alone."""
    action = _action(request.GET.get("action", ""))
    found = [
        each for each in queries.named(request.actor, request.GET.get("q", ""), CHOOSABLE) if each.editable
    ]
    template = "boards/_choices.html" if "q" in request.GET else "boards/choose.html"
    return render(request, template, {"boards": found, "action": action})


@require_POST
@signed_in
def put(request: MemberRequest) -> HttpResponse:
    """Move or copy what is picked to a board, which is opened where it is a new one."""
    action = _action(request.POST.get("action", ""))
    selection = gallery.selection_of(request.POST)
    target = _target(request)
    view = assets.change(request.actor, selection, action, str(target.id))
    return change_views.told(request, view, name=target.called)


def _models() -> dict[str, str]:
    return {model.id: model.title for model in work.models()}


def _target(request: MemberRequest) -> BoardView:
    title = request.POST.get("title", "").strip()
    if title:
        return queries.board(request.actor, commands.create(request.actor, uuid7(), title))
    try:
        wanted = UUID(request.POST.get("board", ""))
    except ValueError:
        raise Invalid(_("Choose a board, or name a new one.")) from None
    slug = queries.slugs(request.actor, [wanted]).get(wanted)
    if slug is None:
        raise NotFound(_("There is no such board."))
    return queries.board(request.actor, slug)


def _action(text: str) -> gallery.Carrying:
    if text == "move":
        return "move"
    if text == "copy":
        return "copy"
    raise Invalid(_("There is no such thing to do."))


def _but_the_best(alike: tuple[AssetView, ...]) -> list[AssetView]:
    """All but the largest; of equally large ones the first that was there."""
    best = max(alike, key=lambda view: ((view.width or 0) * (view.height or 0), -view.created_at.timestamp()))
    return [view for view in alike if view.id != best.id]


def _answer(request: MemberRequest, template: str, context: dict[str, object]) -> HttpResponse:
    """The page; for the search form only what has changed on it, under the address that says what is shown."""
    if not wants_fragment(request):
        return render(request, template, context)
    response = render(request, "boards/_found.html", context)
    response["HX-Push-Url"] = str(context["here"])
    return response
