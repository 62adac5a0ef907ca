"""What crosses the border of this room: boards as a person sees them, who sits there, what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _

from packshot.foundation.organizations.queries import Person
from packshot.studio.assets.queries import AssetView

Role = Literal["owner", "editor", "viewer"]
Audience = Literal["organization", "invited"]
Shelf = Literal["active", "archived", "trash"]
Sort = Literal["recent", "name"]

ROLES: tuple[Role, ...] = ("owner", "editor", "viewer")
MOST_COUNTED = 1_000
"""Pictures on a board are counted up to here."""


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board as one person sees it."""

    id: UUID
    slug: str
    title: str
    kind: Literal["board", "inbox"]
    audience: Audience
    """`organization`: everybody in it may edit; `invited`: only those with a seat see it."""
    description: str
    updated_at: datetime
    archived_at: datetime | None
    cover_asset_id: UUID | None
    """The picture it was told to be known by; None: the latest one on it."""
    role: Role | None
    """What the person is on it; None for a board in the trash."""

    @property
    def called(self) -> str:
        """Its title; the inbox has none of its own and is called so in every language."""
        return _("Inbox") if self.kind == "inbox" else self.title

    @property
    def inbox(self) -> bool:
        return self.kind == "inbox"

    @property
    def private(self) -> bool:
        return self.audience == "invited"

    @property
    def editable(self) -> bool:
        """Whether the person may change what lies on it."""
        return self.role in ("owner", "editor")

    @property
    def owned(self) -> bool:
        return self.role == "owner"


@dataclass(frozen=True, slots=True)
class Card:
    """A board in a list."""

    board: BoardView
    pictures: int
    more: bool
    """There are more pictures than were counted."""
    running: int
    """Pictures that are being made for it."""
    cover: AssetView | None
    people: tuple[Person, ...]
    """Who has a seat on it, owners first; empty where one is alone in the organization."""
    deleted_at: datetime | None = None
    deleted_by: Person | None = None
    days_left: int = 0
    """Until it is erased, where it lies in the trash; the last one counts."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of boards ends: the sort key and the id of its last row."""

    key: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Listing:
    """Which boards are asked for."""

    shelf: Shelf = "active"
    text: str = ""
    sort: Sort = "recent"


@dataclass(frozen=True, slots=True)
class Page:
    cards: list[Card]
    after: Cursor | None
    """Where the next page begins; None where this is the last one."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A person of the organization and what they are on a board."""

    person: Person
    role: Role | None
    """Their own role on it; None without a seat."""

    @property
    def always(self) -> bool:
        """Owners and admins of the organization own every board of it, with or without a seat."""
        return self.person.role in ("owner", "admin")


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that was done on a board."""

    id: UUID
    at: datetime
    who: Person | None
    """None for somebody who has left the organization, and for what nobody did."""
    verb: str
    subject: dict[str, Any]
    whom: Person | None
    """The person it was done to."""
    pictures: tuple[AssetView, ...]
