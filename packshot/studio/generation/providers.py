"""The providers of this process by name, put here by the wiring; the room itself knows none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from packshot.errors import NotFound
from packshot.ports.generation import Generator


@dataclass(frozen=True, slots=True)
class Known:
    """A provider that this code can speak to."""

    title: str
    enable: str | None = None
    """The environment variable that it still needs; None: it is configured."""


_connected: list[Callable[[], Mapping[str, Generator]]] = []
_known: dict[str, Known] = {}


def connect(source: Callable[[], Mapping[str, Generator]], known: Mapping[str, Known]) -> None:
    """Say where the providers come from, asked only when one is needed, and which there are."""
    _connected[:] = [source]
    _known.clear()
    _known.update(known)


def known() -> Mapping[str, Known]:
    """Every provider by its name, configured or not."""
    return _known


def title(name: str) -> str:
    """What people call it; of a provider that is known no more, its name."""
    return _known[name].title if name in _known else name


def provider(name: str) -> Generator:
    """Raises NotFound."""
    if not _connected:
        raise RuntimeError("the wiring has not connected the providers")
    found = _connected[0]().get(name)
    if found is None:
        raise NotFound("There is no such provider.")
    return found
