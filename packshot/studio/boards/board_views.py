"""What is done to a board as a whole: its words, its cover, the archive, the trash; and what was done on it."""

from __future__ import annotations

from itertools import groupby
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from packshot.errors import Invalid
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.fragments import say_next, wants_fragment
from packshot.studio.assets import queries as assets
from packshot.studio.boards import commands, queries
from packshot.studio.boards.contracts import Act
from packshot.studio.boards.pages import CHANGED, done, header, sheet
from packshot.studio.boards.sentences import sentence
from packshot.undo import Undo

TABS = ("thread", "gallery", "activity")


@require_GET
@signed_in
def head(request: MemberRequest, slug: str) -> HttpResponse:
    """The header again, for a page that hears that the board has changed."""
    board = queries.board(request.actor, slug)
    tab = request.GET.get("tab", "")
    return render(
        request, "boards/_header.html", header(request.actor, board, tab if tab in TABS else TABS[0])
    )


@require_http_methods(["GET", "POST"])
@signed_in
def rename(request: MemberRequest, slug: str) -> HttpResponseBase:
    """Another title, answered with a toast that can take it back; or the title again."""
    if request.method == "GET":
        return render(request, "boards/_title.html", {"board": queries.board(request.actor, slug)})
    before = commands.rename(request.actor, slug, request.POST.get("title", ""))
    if not wants_fragment(request):
        return redirect("board", slug)
    now = queries.board(request.actor, slug)
    undone = request.POST.get("undo") == "1"
    context = {
        "board": now,
        "text": (_("Named %(name)s again.") if undone else _("Renamed to %(name)s.")) % {"name": now.title},
        "undo": None if undone else Undo(reverse("board-rename", args=[slug]), {"title": before}),
    }
    response = render(request, "boards/renamed.html", context)
    response["HX-Trigger"] = CHANGED
    return response


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: MemberRequest, slug: str) -> HttpResponseBase:
    """A sheet with title and description, and what it sends; fields that are not sent stay as they are."""
    if request.method == "GET":
        return sheet(
            request,
            "boards/_edit.html",
            _("Name and description"),
            {"board": queries.board(request.actor, slug)},
        )
    before = commands.edit(
        request.actor, slug, title=request.POST.get("title"), description=request.POST.get("description")
    )
    if not wants_fragment(request):
        return redirect("board", slug)
    if request.POST.get("undo") == "1":
        return done(request, _("The words are back as they were."))
    fields = {"title": before.title, "description": before.description}
    return done(request, _("Saved."), Undo(reverse("board-edit", args=[slug]), fields))


@require_http_methods(["GET", "POST"])
@signed_in
def cover(request: MemberRequest, slug: str) -> HttpResponseBase:
    """A sheet with the latest pictures, and the one that was chosen; an empty choice is always the latest."""
    board = queries.board(request.actor, slug)
    if request.method == "GET":
        pictures = [view for view in assets.on_board(request.actor, board.id) if view.state == "ready"]
        return sheet(
            request, "boards/_covers.html", _("Choose a cover"), {"board": board, "pictures": pictures}
        )
    before = commands.choose_cover(request.actor, slug, _picture(request.POST.get("asset", "")))
    if not wants_fragment(request):
        return redirect("board", slug)
    if request.POST.get("undo") == "1":
        return done(request, _("The cover is back as it was."))
    undo = Undo(reverse("board-cover", args=[slug]), {"asset": str(before or "")})
    return done(request, _("This is the cover now."), undo)


@require_POST
@signed_in
def archive(request: MemberRequest, slug: str) -> HttpResponseBase:
    """Out of the list, or with `back` into it."""
    back = request.POST.get("back") == "1"
    commands.archive(request.actor, slug, archived=not back)
    if not wants_fragment(request):
        return redirect("board", slug)
    title = queries.board(request.actor, slug).title
    text = _("%(title)s is on the list again.") if back else _("%(title)s is archived.")
    undo = Undo(reverse("board-archive", args=[slug]), {"back": "" if back else "1"})
    return done(request, text % {"title": title}, None if request.POST.get("undo") == "1" else undo)


@require_POST
@signed_in
def delete(request: MemberRequest, slug: str) -> HttpResponseBase:
    """Into the trash, with all that lies on it; from its own page one is led back to the list."""
    title = queries.board(request.actor, slug).title
    commands.delete(request.actor, slug)
    text = _("%(title)s is in the trash for 30 days.") % {"title": title}
    undo = Undo(reverse("board-restore", args=[slug]))
    if wants_fragment(request) and request.POST.get("from") != "board":
        return done(request, text, undo)
    say_next(request, text, undo)
    return _to(request, reverse("home"))


@require_POST
@signed_in
def restore(request: MemberRequest, slug: str) -> HttpResponseBase:
    """Out of the trash."""
    commands.restore(request.actor, slug)
    if not wants_fragment(request):
        return redirect("board", slug)
    title = queries.board(request.actor, slug).title
    return done(request, _("%(title)s is back, with all that lies on it.") % {"title": title})


@require_GET
@signed_in
def activity(request: MemberRequest, slug: str) -> HttpResponse:
    """What was done on a board, by day; `before` asks for the lines that follow, `list` for the list alone."""
    before = request.GET.get("before")
    board = queries.board(request.actor, slug)
    acts, more = queries.activity(request.actor, slug, _line(before) if before else None)
    context = {"board": board, "days": _by_day(acts), "more": more}
    if before:
        return render(request, "boards/_activity.html", context)
    if request.GET.get("list"):
        return render(request, "boards/_activities.html", context)
    return render(request, "boards/activity.html", {**context, **header(request.actor, board, "activity")})


def _by_day(acts: list[Act]) -> list[tuple[object, list[tuple[Act, str]]]]:
    days = groupby(acts, key=lambda act: timezone.localtime(act.at).date())
    return [(day, [(act, sentence(act)) for act in lines]) for day, lines in days]


def _line(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(_("This list is out of date. Reload the page.")) from None


def _picture(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid(_("There is no such picture on this board.")) from None


def _to(request: MemberRequest, address: str) -> HttpResponseBase:
    return HttpResponse(headers={"HX-Redirect": address}) if wants_fragment(request) else redirect(address)
