"""Every read on boards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packshot.db.tenancy import Actor, acting_as
from packshot.errors import NotFound
from packshot.studio.boards.models import Board

HOME_LIMIT = 60


@dataclass(frozen=True, slots=True)
class BoardView:
    id: UUID
    slug: str
    title: str
    updated_at: datetime
    cover_asset_id: UUID | None
    """The picture it was told to be known by; None: the latest one on it."""


def home(actor: Actor, limit: int = HOME_LIMIT) -> list[BoardView]:
    """The organization's boards, the latest worked on first."""
    with acting_as(actor):
        return [_view(board) for board in Board.objects.order_by("-updated_at", "-id")[:limit]]


def board(actor: Actor, slug: str) -> BoardView:
    """One board. Raises NotFound when there is none or it belongs to somebody else."""
    with acting_as(actor):
        found = Board.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such board.")
    return _view(found)


def named(actor: Actor, text: str, limit: int) -> list[BoardView]:
    """Boards whose title has all these words, also as parts of words, the latest worked on first."""
    with acting_as(actor):
        found = Board.objects.all()
        for word in text.split():
            found = found.filter(title__icontains=word)
        return [_view(board) for board in found.order_by("-updated_at", "-id")[:limit]]


def slugs(actor: Actor, board_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The addresses of those of these boards that exist in the actor's organization."""
    with acting_as(actor):
        return dict(Board.objects.filter(id__in=list(board_ids)).values_list("id", "slug"))


def _view(board: Board) -> BoardView:
    return BoardView(board.id, board.slug, board.title, board.updated_at, board.cover_asset_id)
