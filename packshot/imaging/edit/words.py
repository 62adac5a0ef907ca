"""From 'a bit warmer, on wood' to what is to be done: tones to turn, and a scene to set.

As with scenes there is no language model: words are looked up in `vocabulary.json`, and what is not found is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal

from packshot.imaging.scene import words as scenes

Scope = Literal["all", "background", "product", "shadows", "highlights"]
_LONGEST = 3
_AHEAD = 2
_MOST = 2.5


@dataclass(frozen=True, slots=True)
class Tone:
    """One turn of one knob. `amount` 1 is what the bare word means; below 0 the other way."""

    name: str
    amount: float
    scope: Scope = "all"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person's words ask for."""

    tones: tuple[Tone, ...] = ()
    scene: str = ""
    """The words that are about the set, as one text for `scene.words.read`."""
    ground: str | None = None
    """The floor in 'on wood': the rest of the set may stay."""
    backdrop: bool = False
    """The words speak of the background as such."""
    removed: frozenset[str] = frozenset()
    """Names of props and gobos that are to go."""
    unknown: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        return bool(self.tones) or self.recomposes

    @property
    def recomposes(self) -> bool:
        """Whether the set has to be built anew."""
        return bool(self.scene or self.removed)


@cache
def vocabulary() -> dict[str, Any]:
    """The word lists."""
    text = resources.files("packshot.imaging.edit").joinpath("vocabulary.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def tones() -> dict[str, tuple[str, int]]:
    """word or phrase -> (tone, +1 or -1)."""
    return {
        word: (name, sign)
        for name, ways in vocabulary()["tones"].items()
        for way, sign in (("more", 1), ("less", -1))
        for word in ways[way]
    }


@cache
def _scopes() -> dict[str, Scope]:
    return {word: scope for scope, words in vocabulary()["scopes"].items() for word in words}


def not_understood(unknown: Sequence[str]) -> str:
    """A note for the person: which of their words were left aside."""
    return f"Not understood: {', '.join(unknown[:4])}."


def known() -> str:
    """What this engine understands, in a sentence for who said nothing of it."""
    return (
        "Say how it should look (warmer, cooler, brighter, darker, softer, sharper, more or less contrast or colour, "
        "black and white; also for the background or the product alone), or where it should stand "
        "(on wood, marble, concrete, linen; a beach, a kitchen, Christmas; a blue background; no podium)."
    )


def read(text: str) -> Wish:
    """Look the words up; unknown ones are in the answer."""
    clauses = re.split(r"[,;.!?\n]+", text.lower().replace("b&w", "b-w")[:2000])
    heard = [_Clause(re.findall(r"[a-z0-9]+", clause)).read() for clause in clauses]
    scene = " ".join(word for clause in heard for word in clause.rest)
    found = scenes.hear(scene)
    known = set(vocabulary()["ignored"]) | set(_scopes())
    unknown = tuple(word for word in found.unknown if word not in known)
    if found.family and not any(found.kinds.values()) and set(scene.split()) <= known:
        scene = ""  # 'the background' alone says nothing
    return Wish(
        tones=tuple(tone for clause in heard for tone in clause.tones),
        scene=scene if scenes.hear(scene).anything else "",
        ground=next((clause.ground for clause in heard if clause.ground), None),
        backdrop=any(_scopes().get(word) == "background" for clause in heard for word in clause.rest),
        removed=frozenset().union(*(clause.removed for clause in heard)),
        unknown=unknown,
    )


@dataclass(slots=True)
class _Clause:
    """One stretch of words between commas, read from left to right."""

    words: Sequence[str]
    tones: list[Tone] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    ground: str | None = None
    removed: frozenset[str] = frozenset()
    strength: float = 1.0
    way: int = 0
    """+1 after 'more', -1 after 'less' and 'too'; 0 for neither."""
    gone: bool = False
    """After 'without'."""
    joined: bool = False
    """After 'on'."""
    scope: Scope | None = None

    def read(self) -> _Clause:
        at = 0
        while at < len(self.words):
            at += self._step(at)
        if self.scope is not None:
            self._close_scope()
        return self

    def _step(self, at: int) -> int:
        """Take the longest phrase at `at`; how many words that was."""
        lists = vocabulary()
        for length in range(min(_LONGEST, len(self.words) - at), 0, -1):
            phrase = "-".join(self.words[at : at + length])
            if phrase in tones() and not self._belongs_to_scene(phrase, at + length):
                return length + self._tone(phrase, at + length)
            if phrase in lists["strengths"]:
                self.strength *= lists["strengths"][phrase]
                return length
            if length == 1:
                self._word(phrase)
        return 1

    def _tone(self, phrase: str, after: int) -> int:
        """Turn a knob; how many further words that took."""
        name, sign = tones()[phrase]
        scope, taken = self._scope_ahead(after)
        scope = scope or self.scope or "all"
        amount = sign * (self.way or 1) * min(_MOST, self.strength)
        self.tones.append(Tone(name, round(amount, 3), scope))
        self.scope, self.way, self.strength, self.gone = None, 0, 1.0, False
        return taken

    def _scope_ahead(self, at: int) -> tuple[Scope | None, int]:
        for ahead in range(min(_AHEAD, len(self.words) - at)):
            word = self.words[at + ahead]
            if word in _scopes():
                return _scopes()[word], ahead + 1
            if word not in ("the", "a", "my", "its"):
                break
        return None, 0

    def _belongs_to_scene(self, phrase: str, after: int) -> bool:
        """'dark wood' is about the set; 'darker', 'dark background' and 'soft light' are about the picture."""
        following = self.words[after] if after < len(self.words) else ""
        if following in vocabulary()["lighting"]:
            return False
        if phrase not in vocabulary()["plain"] or self.way or following in _scopes():
            return False
        return scenes.hear(following).anything

    def _word(self, word: str) -> None:
        lists = vocabulary()
        if word in _scopes():
            if self.scope is not None:
                self._close_scope()
            if self.gone and self._remove(word):
                return
            self.scope = _scopes()[word]
            self.rest.append(word)
        elif word in lists["more"] or word in lists["less"]:
            self.way = 1 if word in lists["more"] else -1
            self.gone = self.gone or word in lists["without"]
        elif word in lists["joining"]:
            self.joined = True
            self.rest.append(word)
        else:
            self._of_scene(word)

    def _of_scene(self, word: str) -> None:
        if self.gone and self._remove(word):
            return
        things = scenes.hear(word).kinds
        if self.joined and things["floor"] and things["floor"][0] in vocabulary()["surfaces"]:
            self.ground = str(things["floor"][0])
        self.rest.append(word)

    def _remove(self, word: str) -> bool:
        """'no podium', 'without leaves': whether the word is a thing that can be taken away."""
        if word in vocabulary()["openings"]:
            self.gone = False
            return False
        things = frozenset(vocabulary()["removable"].get(word, ())) or scenes.excluded(word)
        self.removed |= things
        return bool(things)

    def _close_scope(self) -> None:
        """'deeper shadows', 'less shadow': no knob was named, only the way."""
        if self.scope == "shadows" and self.way and not self.gone:
            self.tones.append(Tone("light", -self.way * min(_MOST, self.strength), "shadows"))
        self.scope, self.way, self.strength = None, 0, 1.0
