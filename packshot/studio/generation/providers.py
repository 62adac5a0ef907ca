"""The providers of this process by name, put here by the wiring; the room itself knows none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from packshot.errors import NotFound
from packshot.ports.generation import Generator

_connected: list[Callable[[], Mapping[str, Generator]]] = []


def connect(source: Callable[[], Mapping[str, Generator]]) -> None:
    """Say where the providers come from; asked only when one is needed."""
    _connected[:] = [source]


def provider(name: str) -> Generator:
    """Raises NotFound."""
    if not _connected:
        raise RuntimeError("the wiring has not connected the providers")
    found = _connected[0]().get(name)
    if found is None:
        raise NotFound("There is no such provider.")
    return found
