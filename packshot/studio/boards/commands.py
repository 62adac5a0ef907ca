"""Every write on boards."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.studio.boards.contracts import Audience, Role

TITLE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Words:
    """What a board says of itself."""

    title: str
    description: str


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


def edit(actor: Actor, slug: str, *, title: str | None = None, description: str | None = None) -> Words:
    """Give a board other words, None leaving them; returns those before. Raises NotFound, Forbidden, Invalid."""
    with acting_as(actor):
        before: dict[str, str] = call("boards_edit_v1", slug, title, description)
    return Words(**before)


def choose_cover(actor: Actor, slug: str, asset_id: UUID | None) -> UUID | None:
    """Choose the picture a board is known by, None for the latest on it; returns the choice before.

    Raises NotFound for a board or a picture that is not there, Forbidden.
    """
    with acting_as(actor):
        before: UUID | None = call("boards_cover_v1", slug, asset_id)
    return before


def archive(actor: Actor, slug: str, *, archived: bool = True) -> None:
    """Put a board out of the list, or back into it. Raises NotFound, Forbidden, and Invalid for the inbox."""
    with acting_as(actor):
        call("boards_archive_v1", slug, archived)


def delete(actor: Actor, slug: str) -> None:
    """Put a board and all that lies on it into the trash, for thirty days. Raises as `archive` does."""
    with acting_as(actor):
        call("boards_delete_v1", slug)


def restore(actor: Actor, slug: str) -> None:
    """Take a board out of the trash. Raises NotFound for whoever may not see it there."""
    with acting_as(actor):
        call("boards_restore_v1", slug)


def seat(actor: Actor, slug: str, user_id: UUID, role: Role | None) -> Role | None:
    """Give somebody a role on a board, or with None take their seat; returns the role before.

    Raises NotFound, Forbidden, Invalid, and Conflict where the board would be left without an owner.
    """
    with acting_as(actor):
        before: Role | None = call("boards_seat_v1", slug, user_id, role)
    return before


def come_back(actor: Actor, slug: str) -> Role:
    """Take back, within a minute, that one has left a board; returns the role. Raises NotFound."""
    with acting_as(actor):
        role: Role = call("boards_return_v1", slug)
    return role


def open_to(actor: Actor, slug: str, audience: Audience) -> Audience:
    """Say who sees a board; returns what it was. Raises NotFound, Forbidden, Invalid."""
    with acting_as(actor):
        before: Audience = call("boards_audience_v1", slug, audience)
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
