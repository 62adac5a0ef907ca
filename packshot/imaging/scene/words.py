"""From a prompt to a direction for the set: which family, which colours, what light.

There is no language model here. Words are looked up in `vocabulary.json` and `families.json`; what is not
found is said, never guessed in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any

APPROXIMATED = "Local engine: style approximated"
DEFAULT_FAMILY = "studio"


@dataclass(frozen=True, slots=True)
class Direction:
    """What the prompt asks for, in the set's own terms. Empty fields leave the choice to the family."""

    family: str
    family_is_named: bool = True
    colours: tuple[str, ...] = ()
    """Hex codes in the order they were named; the first is for the largest surface."""
    accent: str | None = None
    """The colour of small things (`gold accents`)."""
    subject_colour: str | None = None
    """The colour of the family's material itself (`black marble`)."""
    floor: str | None = None
    floor_colour: str | None = None
    """Of `floor`, where it is not the family's own material."""
    wall: str | None = None
    prop: str | None = None
    gobo: str | None = None
    side: float | None = None
    light: Mapping[str, float] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    """Names of walls, floors, props and gobos: a set without them is preferred."""
    removed: frozenset[str] = frozenset()
    """The same, but taken out of the set that would have been chosen."""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What of a text means anything to the set."""

    family: str | None
    kinds: Mapping[str, tuple[Any, ...]]
    """The values named, by kind: colour, light, side, gobo, prop, floor, wall."""
    unknown: tuple[str, ...]
    """Words that mean nothing here."""

    @property
    def anything(self) -> bool:
        return self.family is not None or any(self.kinds.values())


@cache
def vocabulary() -> dict[str, Any]:
    """The word lists."""
    return _load("vocabulary.json")


@cache
def families() -> dict[str, Any]:
    """The background families by name, each with its words, palettes and sets."""
    found: dict[str, Any] = _load("families.json")["families"]
    return found


def _load(name: str) -> dict[str, Any]:
    text = resources.files("packshot.imaging.scene").joinpath(name).read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def _index() -> dict[str, dict[str, Any]]:
    """kind -> word -> value, for every kind of word."""
    words = vocabulary()
    index: dict[str, dict[str, Any]] = {
        "family": {word: name for name, family in families().items() for word in family["words"]},
        "colour": words["colours"],
        "light": words["light"],
        "side": words["sides"],
    }
    for kind, plural in (("gobo", "gobos"), ("prop", "props"), ("floor", "floors"), ("wall", "walls")):
        index[kind] = {word: name for name, synonyms in words[plural].items() for word in synonyms}
    return index


def hear(prompt: str) -> Heard:
    """What the set would take from a text, without deciding anything."""
    _, known, unknown = _look_up(prompt)
    family = _family(known["family"], unknown)
    kinds = {kind: tuple(value for _, value in found) for kind, found in known.items() if kind != "family"}
    return Heard(family, kinds, tuple(dict.fromkeys(unknown)))


def excluded(text: str) -> frozenset[str]:
    """The names of families, walls, floors, props and gobos that a text speaks of."""
    _, known, _ = _look_up(text)
    kinds = ("family", "wall", "floor", "prop", "gobo")
    return frozenset(str(name) for kind in kinds for _, name in known[kind])


def without(direction: Direction, negative: str) -> Direction:
    """The direction with what a text names left out; what the direction itself asks for stays."""
    asked = {direction.floor, direction.wall, direction.prop, direction.gobo}
    names = excluded(negative) - asked
    if not names:
        return direction
    family = direction.family
    if family in names and not direction.family_is_named:
        family = next(name for name in families() if name not in names)
    return replace(direction, family=family, without=direction.without | (names - {family}))


_Found = dict[str, list[tuple[int, Any]]]


def _look_up(prompt: str) -> tuple[list[tuple[int, str]], _Found, list[str]]:
    """(tokens, kind -> (position, value) of the words that are known, words that are not)."""
    tokens = _tokens(prompt)
    index = _index()
    known = {
        kind: [(at, table[word]) for at, word in tokens if word in table] for kind, table in index.items()
    }
    everywhere = set().union(*index.values()) | set(vocabulary()["ignored"]) | set(vocabulary()["details"])
    return tokens, known, [word for _, word in tokens if not _is_known(word, everywhere)]


def read(prompt: str) -> Direction:
    """Look the prompt's words up. The note says so when words of the scene are not known."""
    tokens, known, unknown = _look_up(prompt)
    family = _family(known["family"], unknown)
    approximated = bool(unknown) and (family is None or len(unknown) * 2 > len(tokens))
    named, family = family is not None, family or DEFAULT_FAMILY
    accent, colours = _accent(known["colour"], tokens)
    subject, codes = _colours(colours, tokens, families()[family].get("subject"))
    light: dict[str, float] = {}
    for _, change in known["light"]:
        light |= change
    return Direction(
        family=family,
        family_is_named=named,
        colours=codes,
        accent=accent,
        subject_colour=subject,
        floor=_foreign(known["floor"], tokens, family),
        wall=_foreign(known["wall"], tokens, family),
        prop=_first(known["prop"]),
        gobo=_first(known["gobo"]),
        side=_first(known["side"]),
        light=light,
        note=_note(unknown) if approximated else None,
    )


def _tokens(prompt: str) -> list[tuple[int, str]]:
    """(position, word): single words, and pairs joined by a hyphen where the pair itself is a known word."""
    words = re.findall(r"[a-z0-9]+", prompt.lower()[:2000])
    pairs = set().union(*_index().values())
    tokens: list[tuple[int, str]] = []
    at = 0
    while at < len(words):
        pair = "-".join(words[at : at + 2])
        if at + 1 < len(words) and pair in pairs:
            tokens.append((at, pair))
            at += 2
            continue
        tokens.append((at, words[at]))
        at += 1
    return tokens


def _is_known(word: str, everywhere: set[str]) -> bool:
    return word in everywhere or word.isdigit() or (word.endswith("s") and word[:-1] in everywhere)


def _family(found: list[tuple[int, str]], unknown: list[str]) -> str | None:
    """The family named most often, the earliest first; `studio` yields to any more telling word.

    Where none is, a word that is otherwise unknown may be one with a slip of the pen.
    """
    votes: dict[str, int] = {}
    for _, name in found:
        # A material is a thing one can see; a mood can be given to any set.
        votes[name] = votes.get(name, 0) + (3 if "subject" in families()[name] else 1)
    for weak in (DEFAULT_FAMILY, "podium", "kitchen"):
        if len(votes) > 1:
            votes.pop(weak, None)
    if votes:
        return max(votes, key=lambda name: votes[name])
    table = _index()["family"]
    for word in unknown:
        close = get_close_matches(word, table, n=1, cutoff=0.84) if len(word) > 4 else []
        if close:
            return str(table[close[0]])
    return None


def _accent(
    found: list[tuple[int, str]], tokens: list[tuple[int, str]]
) -> tuple[str | None, list[tuple[int, str]]]:
    """The colour of `gold accents`, and the colours that remain."""
    words = dict(tokens)
    details = vocabulary()["details"]
    for at, code in found:
        if words.get(at + 1) in details:
            return code, [item for item in found if item != (at, code)]
    return None, found


def _colours(
    found: list[tuple[int, str]], tokens: list[tuple[int, str]], subject: str | None
) -> tuple[str | None, tuple[str, ...]]:
    """A colour right before the family's own material is the material's; the others are the set's."""
    names = vocabulary()["floors"].get(subject, ()) if subject else ()
    places = {at for at, word in tokens if word in names}
    own = next((code for at, code in found if at + 1 in places or at + 2 in places), None)
    others = tuple(dict.fromkeys(code for _, code in found if code != own))
    return own, others


def _foreign(found: list[tuple[int, str]], tokens: list[tuple[int, str]], family: str) -> str | None:
    """A surface named by a word that is not the family's own: that one is in the family's sets already."""
    words = dict(tokens)
    return next((name for at, name in found if words[at] not in families()[family]["words"]), None)


def _first(found: list[tuple[int, Any]]) -> Any:
    return found[0][1] if found else None


def _note(unknown: list[str]) -> str:
    shown = ", ".join(dict.fromkeys(unknown[:4]))
    return f"{APPROXIMATED} (not understood: {shown})."
