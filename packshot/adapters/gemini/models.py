"""Which of Google's models serves which of ours. Their names come and go; everything else reads them from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RATIOS = frozenset({"1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"})
FILM_RATIOS = frozenset({"16:9", "9:16"})
SECONDS = frozenset({4, 6, 8})
MOST_REFERENCES = 8


@dataclass(frozen=True, slots=True)
class Pictures:
    """A model that draws. `sizes` gives the word for a long side in pixels; empty: the shape of the reference."""

    model: str
    sizes: Mapping[int, str]
    least_references: int = 0


@dataclass(frozen=True, slots=True)
class Films:
    """A model that films, under its name here and under that of its stand-in on Vertex."""

    model: str
    on_vertex: str
    references: int


@dataclass(frozen=True, slots=True)
class Words:
    """A model that writes."""

    model: str
    least_references: int = 0


_LARGE = {1024: "1K", 2048: "2K", 4096: "4K"}

MODELS: Mapping[str, Pictures | Films | Words] = {
    "nano-banana": Pictures("gemini-3.1-flash-image", {512: "512", **_LARGE}),
    "nano-banana-pro": Pictures("gemini-3-pro-image", _LARGE),
    "nano-banana-edit": Pictures("gemini-3.1-flash-image", {}, least_references=1),
    "omni-video": Films("gemini-omni-1.2-flash", "veo-3.1-generate-001", references=0),
    "omni-clip": Films("gemini-omni-1.2-flash", "veo-3.1-generate-001", references=1),
    "gemini-describe": Words("gemini-3.8-flash", least_references=1),
    "gemini-chat": Words("gemini-3.8-flash"),
}
