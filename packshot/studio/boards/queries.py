"""Every read on boards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from packshot.db.sql import rows
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import NotFound
from packshot.foundation.organizations.queries import Person, people
from packshot.studio.assets import queries as assets
from packshot.studio.boards.contracts import (
    MOST_COUNTED,
    ROLES,
    Act,
    BoardView,
    Card,
    Cursor,
    Listing,
    Page,
    Role,
    Seat,
)
from packshot.studio.boards.models import Board, Member

HOME_LIMIT = 60
_FIELDS = tuple(BoardView.__dataclass_fields__)


def home(actor: Actor, limit: int = HOME_LIMIT) -> list[BoardView]:
    """The boards that the actor sees and nobody has archived, the latest worked on first."""
    with acting_as(actor):
        found = rows("boards_list_v1", "active", "", "recent", None, None, limit)
    return [_view(row) for row in found]


def listing(actor: Actor, wanted: Listing, after: Cursor | None = None, limit: int = HOME_LIMIT) -> Page:
    """A page of boards as cards, the inbox aside. Raises NotFound for a cursor that is none."""
    key, last = (after.key, after.id) if after else (None, None)
    with acting_as(actor):
        found = rows("boards_list_v1", wanted.shelf, wanted.text, wanted.sort, key, last, limit + 1)
    shown = found[:limit]
    more = len(found) > limit
    end = Cursor(shown[-1]["key"], shown[-1]["id"]) if more else None
    return Page(_cards(actor, shown), end)


def inbox(actor: Actor) -> Card | None:
    """The board that takes what comes without one; None while nothing has."""
    with acting_as(actor):
        found = rows("boards_inbox_card_v1")
    return next(iter(_cards(actor, found)), None)


def board(actor: Actor, slug: str) -> BoardView:
    """One board. Raises NotFound when there is none, it is in the trash, or it is not for the actor to see."""
    with acting_as(actor):
        found = rows("boards_find_v1", slug)
    if not found:
        raise NotFound("There is no such board.")
    return BoardView(**found[0])


def named(actor: Actor, text: str, limit: int) -> list[BoardView]:
    """Boards with all these words in title or description, also as parts of words, the latest worked on first."""
    with acting_as(actor):
        found = rows("boards_list_v1", "active", text, "recent", None, None, limit)
    return [_view(row) for row in found]


def slugs(actor: Actor, board_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The addresses of those of these boards that exist in the actor's organization."""
    with acting_as(actor):
        return dict(Board.objects.filter(id__in=list(board_ids)).values_list("id", "slug"))


def seats(actor: Actor, board_id: UUID) -> list[Seat]:
    """Everybody in the organization with their seat on a board: those who have one first, owners before editors.

    One entry means that the actor is alone there, and that nobody needs to hear of seats.
    """
    everybody = people(actor)
    with acting_as(actor):
        roles = dict(Member.objects.filter(board_id=board_id).values_list("user_id", "role"))
    found = [Seat(person, cast("Role | None", roles.get(person.user_id))) for person in everybody]
    return sorted(found, key=lambda seat: _place(seat.role))


def activity(
    actor: Actor, slug: str, before: UUID | None = None, limit: int = 50
) -> tuple[list[Act], UUID | None]:
    """What was done on a board, the latest first, and the id that the next page is `before`, None on the last.

    Raises NotFound.
    """
    with acting_as(actor):
        found = rows("boards_activity_v1", slug, before, limit + 1)
    shown = found[:limit]
    known = {person.user_id: person for person in people(actor)}
    wanted = {asset_id for row in shown for asset_id in row["pictures"]}
    pictures = {view.id: view for view in assets.assets(actor, wanted)}
    acts = [
        Act(
            id=row["id"],
            at=row["at"],
            who=known.get(row["actor_id"]),
            verb=row["verb"],
            subject=row["subject"],
            whom=_whom(row["subject"], known),
            pictures=tuple(pictures[each] for each in row["pictures"] if each in pictures),
        )
        for row in shown
    ]
    return acts, shown[-1]["id"] if len(found) > limit else None


def _cards(actor: Actor, found: list[dict[str, Any]]) -> list[Card]:
    covers = {view.id: view for view in assets.assets(actor, [row["cover"] for row in found if row["cover"]])}
    known = {person.user_id: person for person in people(actor)} if found else {}
    seated = _seated(actor, [row["id"] for row in found], known) if len(known) > 1 else {}
    return [
        Card(
            board=_view(row),
            pictures=min(row["pictures"], MOST_COUNTED),
            more=row["pictures"] > MOST_COUNTED,
            running=row["running"],
            cover=covers.get(row["cover"]),
            people=tuple(seated.get(row["id"], ())),
            deleted_at=row["deleted_at"],
            deleted_by=known.get(row["deleted_by"]),
            days_left=row["days_left"] or 0,
        )
        for row in found
    ]


def _seated(actor: Actor, board_ids: list[UUID], known: dict[UUID, Person]) -> dict[UUID, list[Person]]:
    """Who has a seat on each of these boards, owners first."""
    with acting_as(actor):
        found = list(Member.objects.filter(board_id__in=board_ids).values_list("board_id", "user_id", "role"))
    seated: defaultdict[UUID, list[Person]] = defaultdict(list)
    for board_id, user_id, _role in sorted(found, key=lambda each: (_place(each[2]), str(each[1]))):
        if user_id in known:
            seated[board_id].append(known[user_id])
    return seated


def _place(role: str | None) -> int:
    return ROLES.index(role) if role in ROLES else len(ROLES)


def _whom(subject: dict[str, Any], known: dict[UUID, Person]) -> Person | None:
    return known.get(UUID(subject["user"])) if subject.get("user") else None


def _view(row: dict[str, Any]) -> BoardView:
    return BoardView(**{name: row[name] for name in _FIELDS})
