"""A set's direction after a wish: the new words win, what they do not touch stays."""

from __future__ import annotations

from dataclasses import replace

from packshot.imaging.edit.words import Wish
from packshot.imaging.scene import words as scenes
from packshot.imaging.scene.words import DEFAULT_FAMILY, Direction

_FURNITURE = ("podium", "kitchen")
"""Families whose words also name a thing that can stand in another family's set."""
_FREE_STANDING = frozenset({"plinth", "steps"})


def revised(base: str, wish: Wish) -> Direction:
    """The direction of `base`, the prompt that made the picture (may be empty), changed as the wish says."""
    new = replace(scenes.read(wish.scene), removed=wish.removed, note=None)
    if not base.strip():
        return new
    old = scenes.read(base)
    named = _family(wish, old)
    if named is None:
        return _within(old, new, wish)
    return replace(
        new,
        family=named,
        colours=new.colours or (() if named != old.family else old.colours),
        accent=new.accent or old.accent,
        prop=new.prop or old.prop,
        # A window's pattern stays on paper; on a sky it would hide it behind a wall.
        gobo=new.gobo or (old.gobo if named == DEFAULT_FAMILY else None),
        side=old.side if new.side is None else new.side,
        light={**old.light, **new.light},
    )


def _family(wish: Wish, old: Direction) -> str | None:
    """The family to change to; None to stay."""
    heard = scenes.hear(wish.scene)
    if wish.ground is not None:
        return None
    if heard.family in _FURNITURE and heard.kinds["prop"]:
        return None
    if heard.family == DEFAULT_FAMILY and wish.backdrop:
        # 'a blue background' is one of paper, unless the set has plain walls anyway.
        return DEFAULT_FAMILY if heard.kinds["colour"] and old.family != DEFAULT_FAMILY else None
    return heard.family


def _within(old: Direction, new: Direction, wish: Wish) -> Direction:
    """Other things in the same set."""
    ground = wish.ground or new.floor
    removed = wish.removed | (_FREE_STANDING if wish.ground and not new.prop else frozenset())
    colours = new.colours if wish.ground is None else ()
    return replace(
        old,
        colours=colours or old.colours,
        accent=new.accent or old.accent,
        floor=ground or old.floor,
        floor_colour=(new.subject_colour or next(iter(new.colours), None)) if wish.ground else None,
        wall=new.wall or old.wall,
        prop=None if old.prop in removed else new.prop or old.prop,
        gobo=None if old.gobo in removed else new.gobo or old.gobo,
        side=old.side if new.side is None else new.side,
        light={**old.light, **new.light},
        removed=removed,
        note=None,
    )
