"""What a wish in words means for the pool: an order for the scene, steps of a tone, and a note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from packshot.imaging.edit.revise import revised
from packshot.imaging.edit.words import Tone, Wish, not_understood
from packshot.ports.generation import Task

_STEPS = (1.0, 0.6, 1.5, 0.8)
"""Variants of the same turn of the same knobs: as said, less, more, a little less."""


def order(task: Task, wish: Wish) -> dict[str, Any]:
    """compose()'s keyword arguments: the set of the picture's own prompt and seed, directed by the wish."""
    base = str(task.parameters.get("base", ""))
    first = task.parameters.get("variant", 0)
    return {
        "prompt": base or wish.scene,
        "seed": task.seed,
        "variant": int(first) + task.variant,
        "direction": revised(base, wish),
    }


def stepped(tones: Sequence[Tone], variant: int) -> tuple[Tone, ...]:
    """The tones as this variant turns them; the first turns them as the words say."""
    step = _STEPS[variant % len(_STEPS)]
    return tuple(replace(tone, amount=round(tone.amount * step, 3)) for tone in tones)


def note(wish: Wish, *, cut_again: bool = False) -> str | None:
    """What the person should know about how their words were taken."""
    said = [not_understood(wish.unknown)] if wish.unknown else []
    if cut_again:
        said.append("The product was cut out of this picture: give its photo too for a cleaner edge.")
    return " ".join(said) or None
