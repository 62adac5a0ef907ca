"""Boards."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import ConfigDict, Field

from packshot.api import paging
from packshot.api.guard import ApiRequest
from packshot.api.idempotency import once
from packshot.api.operations import ApiKey, Given, Time, View
from packshot.studio.boards import commands, queries
from packshot.studio.boards.contracts import BoardView, Cursor, Listing

router = Router(tags=["Boards"])


class Board(View):
    id: UUID
    slug: str
    title: str
    description: str
    audience: str
    role: str | None
    updated_at: Time


class BoardList(paging.Page[Board]):
    pass


class NewBoard(Given):
    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Bottles, summer"}]})

    title: Annotated[str, Field(min_length=1, max_length=120, pattern=r"\S")]


@router.get("/boards", response=BoardList, auth=ApiKey("boards:read"), operation_id="list_boards")
def listing(request: ApiRequest, wanted: Query[paging.Paged]) -> BoardList:
    """Those that the key's maker sees and nobody has archived, by their title."""
    place = paging.place("boards", wanted.cursor, 2)
    found = queries.listing(request.caller.actor, Listing(sort="name"), _cursor(place), limit=wanted.limit)
    end = None if found.after is None else paging.cursor("boards", found.after.key, found.after.id)
    return BoardList(
        data=[_board(card.board) for card in found.cards], has_more=found.after is not None, next_cursor=end
    )


@router.post("/boards", response={201: Board}, auth=ApiKey("boards:write"), operation_id="create_board")
def create(request: ApiRequest, board: NewBoard) -> HttpResponse:
    """Open a board."""
    actor = request.caller.actor

    def open_board(key: UUID) -> Board:
        return _board(queries.board(actor, commands.create(actor, key, board.title)))

    return once(request, board.model_dump_json(), open_board, status=201)


def _cursor(place: list[str] | None) -> Cursor | None:
    try:
        return None if place is None else Cursor(place[0], UUID(place[1]))
    except ValueError:
        raise paging.wrong() from None


def _board(view: BoardView) -> Board:
    return Board(
        id=view.id,
        slug=view.slug,
        title=view.title,
        description=view.description,
        audience=view.audience,
        role=view.role,
        updated_at=view.updated_at,
    )
