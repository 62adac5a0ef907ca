"""Who works on a board: the sheet of seats, and what it sends."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from packshot.errors import Invalid, NotFound
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.fragments import say_next, wants_fragment
from packshot.studio.boards import commands, queries
from packshot.studio.boards.contracts import ROLES, Audience, BoardView, Role, Seat
from packshot.studio.boards.pages import CHANGED, header, sheet
from packshot.studio.boards.sentences import role_word
from packshot.undo import Undo


@require_http_methods(["GET", "POST"])
@signed_in
def members(request: MemberRequest, slug: str) -> HttpResponseBase:
    """The sheet of seats; sent to it, one person's new role, or none."""
    board = queries.board(request.actor, slug)
    if request.method == "GET":
        context = _context(request, board) | {"stay": True}
        return sheet(request, "boards/_members.html", _("Who works on this board"), context)
    user_id, role = _user(request.POST.get("user", "")), _role(request.POST.get("role", ""))
    before = commands.seat(request.actor, slug, user_id, role)
    if not wants_fragment(request):
        return redirect("board-members", slug)
    undo = Undo(reverse("board-members", args=[slug]), {"user": str(user_id), "role": before or ""})
    return _changed(request, slug, _said(request, board, user_id, role), undo)


@require_POST
@signed_in
def audience(request: MemberRequest, slug: str) -> HttpResponseBase:
    """Open to the organization, or to those with a seat."""
    to = cast("Audience", request.POST.get("audience", ""))
    before = commands.open_to(request.actor, slug, to)
    if not wants_fragment(request):
        return redirect("board-members", slug)
    text = (
        _("Only those with a seat see the board now.")
        if to == "invited"
        else _("Everybody in the organization sees the board now.")
    )
    undo = Undo(reverse("board-audience", args=[slug]), {"audience": before})
    return _changed(request, slug, text, undo if before != to else None)


@require_POST
@signed_in
def leave(request: MemberRequest, slug: str) -> HttpResponseBase:
    """Give up one's own seat; one who does not see the board any more is led to the list."""
    board = queries.board(request.actor, slug)
    commands.seat(request.actor, slug, request.actor.user_id, None)
    text = _("You have left %(title)s.") % {"title": board.called}
    say_next(request, text, Undo(reverse("board-return", args=[slug])))
    address = reverse("home")
    return HttpResponse(headers={"HX-Redirect": address}) if wants_fragment(request) else redirect(address)


@require_POST
@signed_in
def come_back(request: MemberRequest, slug: str) -> HttpResponseBase:
    """Take the leaving back, and be on the board again."""
    commands.come_back(request.actor, slug)
    address = reverse("board", args=[slug])
    return HttpResponse(headers={"HX-Redirect": address}) if wants_fragment(request) else redirect(address)


def _changed(request: MemberRequest, slug: str, text: str, undo: Undo | None) -> HttpResponse:
    """The sheet as it is now, and in it what was done."""
    try:
        board = queries.board(request.actor, slug)
    except NotFound:  # who has shut the door behind oneself
        return HttpResponse(headers={"HX-Redirect": reverse("home")})
    context = {**_context(request, board), "text": text}
    context["undo"] = None if request.POST.get("undo") == "1" else undo
    response = render(request, "boards/seated.html", context)
    response["HX-Trigger"] = CHANGED
    return response


def _context(request: MemberRequest, board: BoardView) -> dict[str, object]:
    seats: list[Seat] = queries.seats(request.actor, board.id)
    return {
        **header(request.actor, board, "thread"),
        "free": [seat.person for seat in seats if seat.role is None],
        "roles": [(role, role_word(role)) for role in ROLES],
        "me": request.actor.user_id,
    }


def _said(request: MemberRequest, board: BoardView, user_id: UUID, role: Role | None) -> str:
    seats = queries.seats(request.actor, board.id)
    name = next((seat.person.called for seat in seats if seat.person.user_id == user_id), "")
    if role is None:
        return _("%(name)s has no seat here any more.") % {"name": name}
    return _("%(name)s: %(role)s.") % {"name": name, "role": role_word(role)}


def _user(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(_("Choose a person.")) from None


def _role(text: str) -> Role | None:
    """Empty for no seat. Raises Invalid."""
    if text and text not in ROLES:
        raise Invalid(_("Choose a role."))
    return text or None
