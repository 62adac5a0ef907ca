"""The command palette: what is found by words among the person's boards and pictures, and where one can go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from packshot.db.tenancy import Actor
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.settings import settings
from packshot.studio.assets import queries as assets
from packshot.studio.assets.contracts import Search
from packshot.studio.boards import queries as boards

if TYPE_CHECKING:
    from packshot.web.shortcuts import Words

SHOWN = 8
LONGEST = 200
"""Characters of a question; nobody types more into one line."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page that everybody has; `query` is the end of its address."""

    route: str
    title: Words
    icon: str
    query: str = ""

    @property
    def address(self) -> str:
        return reverse(self.route) + self.query


PLACES: tuple[Place, ...] = (
    Place("home", _("Boards"), "layout-grid"),
    Place("inbox", _("Inbox"), "inbox"),
    Place("home", _("Boards: Archived"), "archive", "?shelf=archived"),
    Place("home", _("Boards: Trash"), "trash-2", "?shelf=trash"),
    Place("library", _("Library"), "image"),
    Place("library-duplicates", _("Library: Duplicates"), "layers"),
    Place("library", _("Library: Trash"), "trash-2", "?trash=1"),
    Place("pricing", _("Plans"), "coins"),
    Place("billing", _("Plan and billing"), "coins"),
    Place("settings", _("Settings"), "settings"),
    Place("settings-credits", _("Settings: Credits"), "coins"),
    Place("settings-credits-rules", _("Settings: Caps, notices and top-ups"), "coins"),
    Place("account_email", _("Settings: E-mail"), "settings"),
    Place("account_change_password", _("Settings: Password"), "settings"),
    Place("settings-language", _("Settings: Language"), "languages"),
    Place("usersessions_list", _("Settings: Sessions"), "settings"),
    *((Place("mfa_index", _("Settings: Second factor"), "settings"),) if settings().mfa else ()),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A board or a picture in one line."""

    title: str
    address: str
    thumb: str | None
    placeholder: str | None
    note: str


@require_GET
@signed_in
def palette(request: MemberRequest) -> HttpResponse:
    """What the words find; without words the boards worked on last."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    context = {
        "text": text,
        "boards": _boards(request.actor, text),
        "pictures": _pictures(request.actor, text),
    }
    return render(request, "components/palette_found.html", context)


def _boards(actor: Actor, text: str) -> list[Found]:
    found = boards.named(actor, text, SHOWN)
    covers = assets.covers(actor, [board.id for board in found])
    return [
        Found(
            title=board.title,
            address=reverse("board", args=[board.slug]),
            thumb=covers[board.id].thumb_256 if board.id in covers else None,
            placeholder=covers[board.id].placeholder if board.id in covers else None,
            note="",
        )
        for board in found
    ]


def _pictures(actor: Actor, text: str) -> list[Found]:
    """Pictures that are ready; each leads to itself on its board."""
    if not text:
        return []
    found = assets.page(actor, Search(text=text), limit=SHOWN)
    slugs = boards.slugs(actor, {each.board_id for each in found if each.board_id is not None})
    return [
        Found(
            title=each.prompt or each.name,
            address=_on_board(slugs.get(each.board_id) if each.board_id else None, each.id),
            thumb=each.thumb_256,
            placeholder=each.placeholder,
            note=each.name,
        )
        for each in found
    ]


def _on_board(slug: str | None, asset_id: UUID) -> str:
    """A picture opens in the viewer of its board; one that lies on none is taken as a file."""
    if slug is None:
        return reverse("asset-download", args=[asset_id])
    return f"{reverse('board', args=[slug])}#{asset_id}"
