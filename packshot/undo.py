"""What takes something back: every room says what it did with one of these, `components/said.html` draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Undo:
    """The request that takes something back: where it is sent and its fields, which are joined by `undo=1`."""

    action: str
    fields: Mapping[str, str] = field(default_factory=dict)
