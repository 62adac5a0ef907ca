"""The list of boards, and a board that begins empty."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.errors import Invalid
from packshot.foundation.organizations.current import MemberRequest, actor_of, signed_in
from packshot.foundation.organizations.queries import people
from packshot.fragments import go
from packshot.studio.boards import commands, queries
from packshot.studio.boards.contracts import Cursor, Listing, Shelf, Sort
from packshot.studio.boards.orders import key_of
from packshot.studio.boards.views import composer

MOST_SHOWN = 600
"""Boards that one request reads again; who has unfolded more keeps the first of them."""
_SHELVES = ("active", "archived", "trash")
_SORTS = ("recent", "name")


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The boards of whoever is signed in; for everybody else, what this place is."""
    actor = actor_of(request)
    if actor is None:
        return render(request, "boards/landing.html")
    wanted = _wanted(request)
    context = _shelf(actor, wanted, queries.HOME_LIMIT)
    if wanted.shelf == "active":
        context |= composer(actor) | {"new_key": uuid7()}
    return render(request, "boards/home.html", context)


@require_GET
@signed_in
def listing(request: MemberRequest) -> HttpResponse:
    """The list alone: as long as it is shown, or with `after` the page that follows."""
    wanted = _wanted(request)
    after = _cursor(request.GET.get("after", ""), wanted.sort)
    if after is not None:
        page = queries.listing(request.actor, wanted, after)
        context = {
            "page": page,
            "wanted": wanted,
            "query": _query(wanted),
            "together": _together(request.actor),
        }
        return render(request, "boards/_cards.html", context)
    shown = request.GET.get("shown", "")
    limit = int(shown) if shown.isdecimal() else 0
    found = _shelf(request.actor, wanted, min(max(limit, queries.HOME_LIMIT), MOST_SHOWN))
    response = render(request, "boards/_list.html", found)
    if not shown:
        response["HX-Replace-Url"] = f"{reverse('home')}{_query(wanted)}"
    return response


@require_POST
@signed_in
def new(request: MemberRequest) -> HttpResponse:
    """Open an empty board; the same form sent twice opens one."""
    slug = commands.create(request.actor, key_of(request.POST), _("Untitled"))
    return go(request, f"{reverse('board', args=[slug])}?named=no")


@require_GET
@signed_in
def inbox(request: MemberRequest) -> HttpResponse:
    """To the inbox; to the list while nothing has ever come without a board."""
    found = queries.inbox(request.actor)
    return redirect("home") if found is None else redirect("board", found.board.slug)


def _shelf(actor: Actor, wanted: Listing, limit: int) -> dict[str, Any]:
    narrowed = wanted != Listing(sort=wanted.sort)
    return {
        "page": queries.listing(actor, wanted, limit=limit),
        "inbox": None if narrowed else queries.inbox(actor),
        "wanted": wanted,
        "query": _query(wanted),
        "narrowed": narrowed,
        "together": _together(actor),
    }


def _together(actor: Actor) -> bool:
    return len(people(actor)) > 1


def _wanted(request: HttpRequest) -> Listing:
    """Which boards the address asks for. Raises Invalid for a shelf or an order that there is not."""
    shelf, sort = request.GET.get("shelf") or "active", request.GET.get("sort") or "recent"
    if shelf not in _SHELVES or sort not in _SORTS:
        raise Invalid(_("There is no such list of boards."))
    return Listing(cast("Shelf", shelf), request.GET.get("q", "").strip()[:200], cast("Sort", sort))


def _query(wanted: Listing) -> str:
    """The list as the end of an address; empty for the usual one."""
    usual = Listing()
    given = {
        "shelf": wanted.shelf if wanted.shelf != usual.shelf else "",
        "q": wanted.text,
        "sort": wanted.sort if wanted.sort != usual.sort else "",
    }
    found = urlencode({name: value for name, value in given.items() if value})
    return f"?{found}" if found else ""


def _cursor(text: str, sort: Sort) -> Cursor | None:
    """The end of the page before, as `id key`. Raises Invalid."""
    if not text:
        return None
    last, _space, key = text.partition(" ")
    try:
        if sort == "recent":
            datetime.fromisoformat(key)
        return Cursor(key, UUID(last))
    except ValueError:
        raise Invalid(_("This list is out of date. Reload the page.")) from None
