"""One of a family's sets made definite: the prompt's wishes and the seed's choices, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from packshot.imaging.scene.colour import Colour, from_hex, mix, saturate, shade
from packshot.imaging.scene.stage import Camera, Light
from packshot.imaging.scene.style import Style
from packshot.imaging.scene.surfaces import MATERIALS
from packshot.imaging.scene.walls import BACKDROPS
from packshot.imaging.scene.words import Direction, families

# A floor that a prompt asks for stands at any wall; a wall made of light needs no sweep under it.
_PLINTHS = ("plinth", "steps", "plinth_low", "plinth_balls")
_SEAMLESS = {"sweep", "gradient_sweep", "linen_sweep"}


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything about the set but the product."""

    wall: str
    floor: str
    prop: str
    gobo: str
    decor: str
    align: float
    spot: bool
    wall_colour: Colour
    floor_colour: Colour
    prop_colour: Colour
    accent: Colour
    prop_is_named: bool
    """The prompt gave the prop's material a colour of its own."""
    prop_material: str
    tilt: float
    back: float
    scale: float
    """The product's size against the usual one."""
    light: Light

    @property
    def seamless(self) -> bool:
        return self.floor in _SEAMLESS


def plan(
    direction: Direction, seed: int, variant: int, prompt: str, empty: bool, style: Style | None = None
) -> Plan:
    """Variants walk through the family's sets in turn; the seed decides the rest.

    A style gives the colours that the prompt leaves open, and its warmth to the light.
    """
    family = families()[direction.family]
    sets = _allowed(family["sets"], direction.without)
    turn = crc32(prompt.encode()) + variant
    chosen = dict(sets[turn % len(sets)])
    rng = generator(seed, variant, prompt, "plan")
    _obey(chosen, direction, family, turn)
    _avoid(chosen, direction)
    if empty and chosen["prop"] in ("none", "balls"):
        chosen["prop"] = "plinth_balls" if chosen["prop"] == "balls" else "plinth_low"
    palettes = family["palettes"]
    choice = chosen.get("palettes", range(len(palettes)))
    first, second, third = palettes[choice[(int(rng.integers(12)) + variant) % len(choice)]]
    palette = (from_hex(first), from_hex(second), from_hex(third))
    if style is not None:
        palette = (style.wall, style.floor, style.accent)
        for own in ("wall_hex", "prop_hex", "wall_accent"):
            chosen.pop(own, None)
        chosen["warmth"] = direction.light.get("warmth", style.warmth)
    wall, floor, prop, accent = _coloured(chosen, direction, family, palette, rng)
    if style is not None and floor is not wall and not direction.floor_colour:
        # Wood stays wood; it only takes on some of the style's tone.
        floor = mix(floor, style.floor, 0.35)
    side = direction.side if direction.side is not None else (-1.0 if turn // 2 % 2 == turn % 2 else 1.0)
    return Plan(
        wall=chosen["wall"],
        floor=chosen["floor"],
        prop=chosen["prop"],
        gobo=chosen["gobo"],
        decor=chosen["decor"],
        align=float(chosen["align"]),
        spot=bool(chosen.get("spot", 0)),
        wall_colour=wall,
        floor_colour=floor,
        prop_colour=prop,
        accent=accent,
        prop_is_named=bool(direction.subject_colour),
        prop_material=_prop_material(chosen, family),
        tilt=float(chosen["tilt"]) * float(rng.uniform(0.92, 1.08)),
        back=float(chosen["back"]),
        scale=float(rng.uniform(0.94, 1.06)),
        light=_light(chosen, side, rng),
    )


def generator(seed: int, variant: int, prompt: str, purpose: str) -> np.random.Generator:
    """Independent random streams, the same on every machine and in every process."""
    entropy = [
        seed & 0xFFFFFFFFFFFFFFFF,
        variant & 0xFFFFFFFF,
        crc32(prompt.encode()),
        crc32(purpose.encode()),
    ]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def _allowed(sets: list[dict[str, Any]], without: frozenset[str]) -> list[dict[str, Any]]:
    """The sets in which nothing stands that must not; all of them where every one has some of it."""
    return [one for one in sets if not without & set(_things(one))] or sets


def _things(chosen: Mapping[str, Any]) -> tuple[str, ...]:
    """What can be seen in a set, by the words' names for it."""
    prop = str(chosen["prop"])
    return chosen["wall"], chosen["floor"], chosen["gobo"], prop, prop.split("_", maxsplit=1)[0]


def _avoid(chosen: dict[str, Any], direction: Direction) -> None:
    """Take out of the set what is to be removed from it, and what no set of the family was without."""
    without = direction.without | direction.removed
    if without & {chosen["prop"], chosen["prop"].split("_")[0]}:
        chosen["prop"] = "none"
    if chosen["gobo"] in without:
        chosen["gobo"] = "none"
    if chosen["wall"] in without:
        chosen["wall"] = "matte"
    if chosen["floor"] in without:
        chosen["floor"] = "matte"


def _obey(chosen: dict[str, Any], direction: Direction, family: dict[str, Any], turn: int) -> None:
    """What the prompt names outright overrules the set; `turn` keeps the variants apart all the same."""
    subject = family.get("subject")
    if direction.floor and direction.floor != subject and chosen["floor"] != direction.floor:
        chosen["floor"] = direction.floor
        if chosen["wall"] in _SEAMLESS:
            chosen["wall"] = "matte"
    if direction.wall and direction.wall != direction.floor:
        chosen["wall"] = direction.wall
        chosen["decor"] = "none"
    if direction.gobo and chosen["gobo"] != direction.gobo:
        chosen["gobo"] = direction.gobo
        chosen["softness"] = min(0.3, float(chosen["softness"]))
        chosen["contrast"] = max(0.66, float(chosen["contrast"]))
        if chosen["wall"] in BACKDROPS and not direction.wall:
            chosen["wall"] = "plaster"
    if direction.prop and chosen["prop"].split("_")[0] != direction.prop:
        chosen["prop"] = _PLINTHS[turn % len(_PLINTHS)] if direction.prop == "plinth" else direction.prop
        if chosen["wall"] in ("matte", "sweep") and chosen["decor"] == "none":
            chosen["wall"], chosen["floor"] = "matte", chosen["floor"].replace("sweep", "matte")
            chosen["decor"] = ("none", "arch", "disc", "none")[turn // 2 % 4]
    if len(direction.colours) == 1:
        chosen["wall_tone"] = (1.0, 0.86, 1.1, 0.94)[turn % 4]
    chosen.update(direction.light)


def _coloured(
    chosen: dict[str, Any],
    direction: Direction,
    family: dict[str, Any],
    palette: tuple[Colour, Colour, Colour],
    rng: np.random.Generator,
) -> tuple[Colour, Colour, Colour, Colour]:
    """(wall, floor, prop, accent): the prompt's colours first, then the set's, then the palette's."""
    named = [from_hex(code) for code in direction.colours]
    accent = _accent(chosen, direction, named, palette[2])
    prop = _prop_colour(chosen, direction, named, mix(palette[1], accent, 0.25))
    wall = _wall_colour(chosen, direction, family, named, palette[0], rng)
    floor = _floor_colour(chosen, direction, family, named[0] if named else palette[1], wall, rng)
    wall = shade(wall, float(chosen.get("wall_tone", 1.0)))
    return wall, shade(floor, float(chosen.get("floor_tone", 1.0))), prop, accent


def _accent(chosen: dict[str, Any], direction: Direction, named: list[Colour], usual: Colour) -> Colour:
    if direction.accent:
        return from_hex(direction.accent)
    if "wall_accent" in chosen:
        return from_hex(chosen["wall_accent"])
    if len(named) > 1:
        return named[1]
    return mix(usual, saturate(shade(named[0], 0.7), 1.2), 0.6) if named else usual


def _prop_colour(chosen: dict[str, Any], direction: Direction, named: list[Colour], usual: Colour) -> Colour:
    if direction.subject_colour:
        return from_hex(direction.subject_colour)
    if named:
        return named[1] if len(named) > 1 else mix(named[0], from_hex("#ffffff"), 0.35)
    return from_hex(chosen["prop_hex"]) if "prop_hex" in chosen else usual


def _wall_colour(
    chosen: dict[str, Any],
    direction: Direction,
    family: dict[str, Any],
    named: list[Colour],
    usual: Colour,
    rng: np.random.Generator,
) -> Colour:
    if named:
        return named[0]
    if chosen["wall"] == family.get("subject"):
        code = direction.subject_colour
        return from_hex(code) if code else _material_colour(chosen["wall"], usual, rng)
    if chosen["wall"] in ("tiles", "slats"):
        return _material_colour(chosen["wall"], usual, rng)
    return from_hex(chosen["wall_hex"]) if "wall_hex" in chosen else usual


def _floor_colour(
    chosen: dict[str, Any],
    direction: Direction,
    family: dict[str, Any],
    usual: Colour,
    wall: Colour,
    rng: np.random.Generator,
) -> Colour:
    """A material has colours of its own; paper and paint take the set's, seamless ones the wall's."""
    floor = chosen["floor"]
    if floor in _SEAMLESS:
        return wall
    if direction.floor_colour and floor == direction.floor:
        return from_hex(direction.floor_colour)
    if floor in ("matte", "flat", "acrylic"):
        return usual
    if direction.subject_colour and floor == family.get("subject"):
        return from_hex(direction.subject_colour)
    return _material_colour(floor, usual, rng)


def _material_colour(name: str, fallback: Colour, rng: np.random.Generator) -> Colour:
    if name not in MATERIALS:
        return fallback
    colours = MATERIALS[name].colours
    return from_hex(colours[int(rng.integers(len(colours)))])


def _prop_material(chosen: dict[str, Any], family: dict[str, Any]) -> str:
    named: str = chosen.get("prop_material", "")
    if named:
        return named
    subject = family.get("subject")
    return subject if subject in ("marble", "concrete", "terrazzo") else "matte"


def _light(chosen: dict[str, Any], side: float, rng: np.random.Generator) -> Light:
    return Light(
        side=side,
        softness=float(np.clip(float(chosen["softness"]) + rng.uniform(-0.06, 0.06), 0.05, 1)),
        contrast=float(chosen["contrast"]),
        warmth=float(np.clip(float(chosen.get("warmth", 0.08)) + rng.uniform(-0.05, 0.05), -1, 1)),
        level=float(chosen.get("level", 1.0)),
    )


def camera_for(plan: Plan, width: int, height: int, base_y: float) -> Camera:
    """The plan's camera for one canvas."""
    return Camera(width, height, base_y, plan.tilt, plan.back)
