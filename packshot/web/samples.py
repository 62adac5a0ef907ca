"""`/_components`, while developing: every component of the studio as its real template draws it, in light and dark.

To show one more: add a `Sample` with its template and what that template is given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET
from uuid_utils.compat import uuid7

from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.settings import settings
from packshot.studio.assets.change_views import sentence
from packshot.studio.assets.contracts import Search
from packshot.studio.assets.gallery import Chip
from packshot.studio.boards.contracts import ROLES, Listing, Page
from packshot.studio.boards.sentences import role_word
from packshot.studio.boards.starters import starters
from packshot.studio.credits.errors import cap_sentence
from packshot.studio.credits.queries import Spendable
from packshot.undo import Undo
from packshot.web import sample_data as data

_REFERENCE = re.compile(
    r'(\s(?:id|for|list|popovertarget|aria-(?:labelledby|describedby|controls))=")([^"]+)"'
)
_LANDMARK = re.compile(r'(<(?:nav|section)\s[^>]*aria-label="[^"]*)"')
_SHUT = re.compile(r"\s(?:popover|hidden)(?=[\s>])")


@dataclass(frozen=True, slots=True)
class Sample:
    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    shut: bool = False
    """Whether the page keeps it shut until somebody asks for it."""


@require_GET
@signed_in
def components(request: MemberRequest) -> HttpResponse:
    """Only where `debug` is set; elsewhere there is no such page."""
    if not settings().debug:
        raise Http404
    samples = [*_plain(), *_thread(request), *_gallery(), *_boards(), *_dialogs(), *_messages(), *_header()]
    themes = [
        (theme, [(each.title, _drawn(request, each, f"{theme}-{at}")) for at, each in enumerate(samples)])
        for theme in ("light", "dark")
    ]
    return render(request, "samples/page.html", {"themes": themes})


def _drawn(request: MemberRequest, sample: Sample, place: str) -> SafeString:
    """What the template draws, opened where it is shut; `place` keeps its ids apart from all others of the page."""
    html: str = render_to_string(sample.template, sample.context, request)
    if sample.shut:
        html = _SHUT.sub("", html).replace("<dialog ", "<dialog open ")
    html = _REFERENCE.sub(rf'\1\2-{place}"', html)
    return mark_safe(_LANDMARK.sub(rf'\1, {place}"', html))  # noqa: S308  a template's, which has escaped it


def _plain() -> list[Sample]:
    return [
        Sample("Buttons", "samples/buttons.html"),
        Sample("Fields", "samples/fields.html"),
        Sample("Notices and badges", "samples/notices.html"),
        Sample("Tabs and table", "samples/table.html"),
    ]


def _thread(request: MemberRequest) -> list[Sample]:
    card = data.request(request.actor)
    photos = {"pictures": [data.picture(), data.picture(8, "jar")], "style": data.picture(7)}
    menu = {"picture": data.picture(), "styled": True, "offers": data.OFFERS}
    return [
        Sample("Request and tiles", "generation/batch.html", {"card": card}),
        Sample("Thread", "samples/thread.html", {"cards": data.conversation(request.actor)}),
        Sample("Chips", "samples/chips.html", photos),
        Sample("Menu of a request", "generation/_more.html", {"card": card, "batch": card.batch}, shut=True),
        Sample("Menu of a picture", "samples/menu.html", menu),
        Sample("Empty board", "boards/_empty.html", {"board": data.BOARD, "starters": starters()}),
    ]


def _gallery() -> list[Sample]:
    trashed = [replace(each, deleted_at=timezone.now()) for each in data.cells()[:2]]
    bar = {"editable": True}
    return [
        Sample("Cells", "samples/cells.html", {"pictures": data.cells(), "search": Search()}),
        Sample(
            "Cells in the trash", "samples/cells.html", {"pictures": trashed, "search": Search(trash=True)}
        ),
        Sample(
            "What is asked for",
            "assets/_filter_chips.html",
            {"chips": [Chip("Approved", "#"), Chip("4:5", "#")]},
        ),
        Sample("Bar of actions", "assets/_bulk.html", bar | {"search": Search()}, shut=True),
        Sample("Bar of the trash", "assets/_bulk.html", bar | {"search": Search(trash=True)}, shut=True),
        Sample("Empty library", "samples/none.html", {"search": Search()}),
        Sample("Nothing found", "samples/none.html", {"search": Search(text="teapot"), "cleared": "#"}),
        Sample("Empty trash", "samples/none.html", {"search": Search(trash=True)}),
    ]


def _boards() -> list[Sample]:
    together = {"board": data.BOARD, "together": True}
    empty = {"page": Page([], None), "wanted": Listing(shelf="trash")}
    return [
        Sample("Boards", "samples/cards.html", {"cards": data.boards(), "together": True}),
        Sample("Header of a board", "boards/_header.html", together | {"tab": "thread", "seats": data.SEATS}),
        Sample("Menu of a board", "boards/_menu.html", together | {"place": "sample"}, shut=True),
        Sample("No board in the trash", "boards/_list.html", empty),
    ]


def _dialogs() -> list[Sample]:
    seats = {
        "board": data.BOARD,
        "seats": data.SEATS,
        "roles": [(role, role_word(role)) for role in ROLES],
        "me": data.PERSON.user_id,
        "seated": True,
        "heading": "Who works on this board",
        "sheet": "boards/_members.html",
    }
    short = Spendable(wallet=500 * data.MICRO, cap=None, used=0)
    refused = {
        "needed": 800 * data.MICRO,
        "spendable": short,
        "affordable": 2,
        "action": "#",
        "key": uuid7(),
    }
    cap = Spendable(wallet=900 * data.MICRO, cap=100 * data.MICRO, used=98 * data.MICRO)
    capped = {**refused, "spendable": cap, "capped": cap_sentence(100 * data.MICRO)}
    names = {"names": ["bottle.jpg", "jar.jpg"]}
    boards = {"action": "move", "boards": [data.BOARD]}
    return [
        Sample("Dialog: tag", "assets/tag.html", {"tags": ["autumn"]}, shut=True),
        Sample("Dialog: download", "assets/export.html", names, shut=True),
        Sample("Dialog: to a board", "boards/choose.html", boards, shut=True),
        Sample("Dialog: seats", "boards/sheet.html", seats, shut=True),
        Sample("Dialog: too few credits", "generation/insufficient.html", refused, shut=True),
        Sample("Dialog: a cap is reached", "generation/insufficient.html", capped, shut=True),
    ]


def _messages() -> list[Sample]:
    undo = Undo("#")
    change = {"change": data.CHANGE, "name": "Mugs", "done": "1,200", "total": "2,499"}
    done = replace(data.CHANGE, state="done", done=2_499)
    moved = {"change": done, "name": "Mugs", "text": sentence(done, "Mugs"), "undo": undo}
    return [
        Sample("Message", "components/toast.html", {"text": "Renamed to Bottles."}),
        Sample(
            "Message of trouble", "components/toast.html", {"text": "Not sent.", "sign": "triangle-alert"}
        ),
        Sample("Message with undo", "components/said.html", {"text": "Renamed to Bottles.", "undo": undo}),
        Sample("Message that leads there", "boards/started.html", {"address": "#"}),
        Sample("Work under way", "assets/changed.html", change | {"working": True}),
        Sample("Work done", "assets/changed.html", moved),
        Sample("File being packed", "assets/exported.html", {"export": data.EXPORT, "percent": 37}),
        Sample("File that is ready", "assets/exported.html", {"export": data.READY}),
    ]


def _header() -> list[Sample]:
    lines = {"balance": data.BALANCE, "entries": [data.ENTRY]}
    return [
        Sample("Credits", "components/credits.html", lines),
        Sample("Queue", "components/queue.html", {"works": [data.WORK], "waiting": 3}),
        Sample("Queue, empty", "components/queue.html", {"works": []}),
        Sample("Found in the palette", "samples/found.html", {"each": data.FOUND, "sign": "layout-grid"}),
    ]
