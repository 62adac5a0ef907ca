"""Every write on boards."""

from __future__ import annotations

from uuid import UUID

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as

TITLE_LENGTH = 60


def create(actor: Actor, board_id: UUID, title: str) -> str:
    """Open a board and return its slug. The same id again returns the same board, unchanged."""
    with acting_as(actor):
        slug: str = call("boards_create_v1", board_id, title)
    return slug


def rename(actor: Actor, slug: str, title: str) -> str:
    """Give a board another title; returns the one before. Raises NotFound, Invalid."""
    with acting_as(actor):
        before: str = call("boards_rename_v1", slug, title)
    return before


def touch(actor: Actor, slug: str) -> None:
    """Move a board to the front of the list. Raises NotFound."""
    with acting_as(actor):
        call("boards_touch_v1", slug)


def title_from(prompt: str) -> str:
    """The first words of a prompt, cut between words; empty where there are none."""
    words = " ".join(prompt.split())
    if len(words) <= TITLE_LENGTH:
        return words
    return words[: TITLE_LENGTH + 1].rsplit(" ", 1)[0][:TITLE_LENGTH].rstrip(",.;:") + "…"
