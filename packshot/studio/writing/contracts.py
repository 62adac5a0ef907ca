"""What crosses the border of this room: what a model has written, read and judged."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Question:
    """What the studio wants to know before it goes on."""

    text: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An order that the studio suggests. Everything in it is offered here; a person decides whether it is made."""

    operation: str
    model: str
    prompt: str
    ratio: str
    size: int
    count: int
    references: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A turn of the studio's in a conversation."""

    say: str
    question: Question | None = None
    proposal: Proposal | None = None
    left_out: str | None = None
    """What was in it and is not shown, in a sentence for the person: it was not offered, or could not be read."""


@dataclass(frozen=True, slots=True)
class Words:
    """What was written for a picture."""

    title: str
    alt: str
    description: str
    tags: tuple[str, ...]
