"""A letter's words, and how a room gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Way:
    """The one thing to do."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says, once: its text and its page are both made of this, so neither knows more than the other."""

    subject: str
    says: tuple[str, ...]
    """Sentences before the sums and the way."""
    sums: tuple[tuple[str, str], ...] = ()
    """What for, and how much."""
    way: Way | None = None
    also: tuple[str, ...] = ()
    """Sentences after it."""


Body = Mapping[str, Any]
"""What was written down when it happened: raw values, `workspace` (its name) always among them."""
Writer = Callable[[Body], Words]
"""Makes the words of a body, in the language that is active."""
