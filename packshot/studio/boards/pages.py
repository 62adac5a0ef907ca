"""What the pages of boards have in common: the header, toasts with an undo, sheets."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from packshot.db.tenancy import Actor
from packshot.fragments import wants_fragment
from packshot.studio.boards import queries
from packshot.studio.boards.contracts import BoardView, Seat
from packshot.undo import Undo

CHANGED = "studio:board"
"""The event that makes an open page read its boards again."""


def header(actor: Actor, board: BoardView, tab: str) -> dict[str, object]:
    """What `boards/_header.html` shows: the board, on which of its tabs one is, who has a seat."""
    seats = queries.seats(actor, board.id)
    mine = next((seat for seat in seats if seat.person.user_id == actor.user_id), None)
    return {
        "board": board,
        "tab": tab,
        "together": together(seats),
        "seats": [seat for seat in seats if seat.role is not None],
        "seated": mine is not None and mine.role is not None,
    }


def together(seats: list[Seat]) -> bool:
    """Whether there is anybody to share with."""
    return len(seats) > 1


def done(request: HttpRequest, text: str, undo: Undo | None = None) -> HttpResponse:
    """Say what was done, offer to take it back, and have the page read its boards again."""
    response = render(request, "components/said.html", {"text": text, "undo": undo})
    response["HX-Trigger"] = CHANGED
    return response


def sheet(request: HttpRequest, template: str, heading: str, context: dict[str, object]) -> HttpResponse:
    """A dialog over the page, or, where no script asked, a page of its own."""
    around = "boards/sheet.html" if wants_fragment(request) else "boards/sheet_page.html"
    page = not wants_fragment(request)
    return render(request, around, {**context, "sheet": template, "heading": heading, "page": page})
