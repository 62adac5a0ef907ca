"""What crosses the border of this room: what is looked for, what is picked out of it, and what became of a change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Kind = Literal["photo", "picture", "video"]
"""`photo`: uploaded; `picture` and `video`: made here."""
Review = Literal["approved", "rejected", "undecided"]
Order = Literal["newest", "oldest"]

KINDS: tuple[Kind, ...] = ("photo", "picture", "video")
REVIEWS: tuple[Review, ...] = ("approved", "rejected", "undecided")
ORDERS: tuple[Order, ...] = ("newest", "oldest")
COLOURS = (
    "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown", "black", "grey", "white",
)  # fmt: skip
RATIOS = (
    "1:1", "4:5", "3:4", "2:3", "9:16", "5:4", "4:3", "3:2", "16:9", "portrait", "landscape",
)  # fmt: skip
"""The usual ones, within 2 %; the rest are words."""
FORMS = ("original", "jpeg", "png", "webp", "avif")

ACTIONS = (
    "move", "copy", "tag", "untag", "favourite", "unfavourite", "approve", "reject", "undecide", "pin", "unpin",
    "trash", "restore",
)  # fmt: skip
"""What can be done to many pictures at once; each can be undone."""
Action = Literal[
    "move", "copy", "tag", "untag", "favourite", "unfavourite", "approve", "reject", "undecide", "pin", "unpin",
    "trash", "restore",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Search:
    """Which pictures of an organization are looked at. Empty fields ask for nothing; several values mean any of them.

    `text` is what the person typed: words that must all be there (as beginnings of words), `-word` that must not,
    "words in quotes" as they stand; over prompt, title, alt text, tags, file and product names.
    """

    board: UUID | None = None
    text: str = ""
    kinds: tuple[Kind, ...] = ()
    operations: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    reviews: tuple[Review, ...] = ()
    favourite: bool = False
    pinned: bool = False
    tags: tuple[str, ...] = ()
    """All of them."""
    colours: tuple[str, ...] = ()
    ratios: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    by: tuple[UUID, ...] = ()
    trash: bool = False
    """What lies in the trash, instead of what does not."""
    like: UUID | None = None
    """Pictures that look like this one."""
    order: Order = "newest"


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person has picked: these ids, or everything that a search finds, but for some.

    `upto` is the newest picture that was there when everything was picked: what came later was not meant.
    """

    ids: tuple[UUID, ...] = ()
    search: Search | None = None
    upto: UUID | None = None
    but: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    number: int
    more: bool
    """There are more than were counted."""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One act on many pictures: how far it is, and whether it can be taken back.

    Up to about a thousand pictures it is done when the command returns; more are worked off by a worker.
    """

    id: UUID
    action: Action | Literal["erase"]
    """`erase`: deleted for good, the one that cannot be undone."""
    value: str | None
    """The board's id, the tag."""
    state: Literal["working", "done", "undoing", "undone", "cancelled"]
    done: int
    total: int
    """How many there are to change, as far as is known."""
    created_at: datetime
    kept: int = 0
    """Pictures that an undo left as they are, because somebody has changed them since."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a picture's words were before they were changed; None for those that were not."""

    title: str | None = None
    alt: str | None = None
    tags: tuple[str, ...] | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Facets:
    """What a search can be narrowed by: of each there is a picture that the person sees."""

    tags: tuple[str, ...]
    models: tuple[str, ...]
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class SavedView:
    """A search that the organization keeps under a name."""

    id: UUID
    name: str
    query: str
    """The address's query; `search.from_query(QueryDict(query))` is the search."""
    created_by: UUID
    position: int


@dataclass(frozen=True, slots=True)
class ExportSpec:
    """How pictures leave the studio. The IPTC digital source type is always kept."""

    form: Literal["original", "jpeg", "png", "webp", "avif"] = "original"
    longest: int | None = None
    """Pixels of the longer side; never enlarged."""
    quality: int | None = None
    """1 to 100, for jpeg, webp and avif; None: the form's usual one."""
    name: str = "{name}"
    """File-name template: {name} {board} {n} {w} {h} {seed} {date} {hash8} {product}."""
    metadata: Literal["keep", "strip"] = "strip"


@dataclass(frozen=True, slots=True)
class Stream:
    """A small ZIP that is made while it is sent: its name, and its bytes."""

    name: str
    chunks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class ExportView:
    """A file, or a ZIP of many, that is being made for somebody."""

    id: UUID
    state: Literal["working", "ready", "failed", "cancelled", "expired"]
    done: int
    total: int
    name: str
    bytes: int | None
    url: str | None
    message: str | None
    created_at: datetime
