"""The providers of this process by name, put here by the wiring; the room itself knows none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from packshot.errors import NotFound
from packshot.ports.generation import Generator

_source: Callable[[], Mapping[str, Generator]] | None = None


def connect(source: Callable[[], Mapping[str, Generator]]) -> None:
    """Say where the providers come from; asked only when one is needed."""
    global _source
    _source = source


def provider(name: str) -> Generator:
    """Raises NotFound."""
    if _source is None:
        raise RuntimeError("the wiring has not connected the providers")
    found = _source().get(name)
    if found is None:
        raise NotFound("There is no such provider.")
    return found
