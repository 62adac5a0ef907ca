"""Materials. Each takes points of a flat surface and answers with its albedo there (linear, h x w x 3).

Coordinates are in units of the picture's short side, so a scene looks the same at every size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from packshot.imaging.scene.colour import Colour, from_hex, luma, mix, shade
from packshot.imaging.scene.noise import Noise, smoothstep
from packshot.imaging.types import Floats, f32


@dataclass(frozen=True, slots=True)
class Material:
    """How a surface is made, its own colour when nobody asks for another, and how much it mirrors."""

    paint: Callable[[Noise, Floats, Floats, Colour], Floats]
    colours: tuple[str, ...]
    gloss: float = 0.0


def _toned(colour: Colour, factor: Floats) -> Floats:
    return f32(colour * factor[..., None])


def _flat(_noise: Noise, u: Floats, _v: Floats, colour: Colour) -> Floats:
    return np.broadcast_to(colour, (*u.shape, 3)).astype(np.float32)


def _matte(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    wave = noise.layered(u, v, 2.0, 3)
    return _toned(colour, 1 + 0.05 * (wave - 0.5))


def _marble(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    warp_u = u + 0.34 * (noise.layered(u, v, 1.6, 4) - 0.5)
    warp_v = v + 0.34 * (noise.layered(u, v, 1.6, 4) - 0.5)
    slanted_u, slanted_v = 0.8 * warp_u + 0.6 * warp_v, -0.6 * warp_u + 0.8 * warp_v
    bold = 1 - np.abs(2 * noise.layered(slanted_u, slanted_v, 1.3, 3, stretch=1.9) - 1)
    fine = 1 - np.abs(2 * noise.layered(slanted_u, slanted_v, 3.1, 3, stretch=1.6) - 1)
    presence = smoothstep(0.38, 0.72, noise.at(u, v, 1.1))
    vein = f32(presence * (0.78 * smoothstep(0.90, 0.995, bold) + 0.34 * smoothstep(0.93, 1.0, fine)))
    halo = f32(0.22 * presence * smoothstep(0.62, 1.0, bold))
    cloud = noise.layered(u, v, 1.2, 4) - 0.5
    light = bool(luma(colour) > 0.2)
    if not light:
        vein, halo = f32(0.75 * smoothstep(0.45, 1.0, vein)), f32(0.35 * halo)
    vein_colour = from_hex("#6f6a68") if light else from_hex("#d9d2c6")
    base = colour * (1 + (0.16 if light else 0.5) * cloud)[..., None]
    return mix(base, vein_colour, np.clip(0.62 * vein + halo * (0.7 if light else 0.25), 0, 1)[..., None])


def _wood(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    board_height = 0.23
    board = np.floor(v / board_height)
    within = v / board_height - board
    shift = np.mod(board * 0.618 + 0.13, 1.0).astype(np.float32)
    shifted = u + 7.3 * shift
    tone = 0.86 + 0.24 * shift
    bend = 0.09 * (noise.layered(shifted, v, 1.5, 3, stretch=3) - 0.5)
    rings = noise.layered(shifted, v + bend + shift * 3, 7.0, 3, stretch=9)
    fibre = noise.layered(shifted, v + bend, 38.0, 2, stretch=26)
    line = smoothstep(0.46, 0.56, np.mod(rings * 5, 1.0).astype(np.float32)) * smoothstep(
        1.0, 0.72, np.mod(rings * 5, 1.0).astype(np.float32)
    )
    grain = 1 + 0.26 * (fibre - 0.5) - 0.15 * line + 0.3 * (rings - 0.5)
    gap = smoothstep(0.0, 0.018, within) * smoothstep(1.0, 0.982, within)
    return _toned(colour, tone * grain * (0.32 + 0.68 * gap))


def _concrete(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    cloud = noise.layered(u, v, 1.5, 5, gain=0.6) - 0.5
    fine = noise.layered(u, v, 34.0, 2) - 0.5
    pores = smoothstep(0.86, 0.94, noise.at(u, v, 62.0)) * smoothstep(0.45, 0.75, noise.at(u, v, 5.0))
    return _toned(colour, 1 + 0.46 * cloud + 0.12 * fine - 0.32 * pores)


def _plaster(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    step = np.float32(0.004)
    twin = noise.twin()
    here = noise.layered(u, v, 5.0, 4, stretch=1.6, gain=0.55)
    beside = twin.layered(u + step, v + step, 5.0, 4, stretch=1.6, gain=0.55)
    relief = np.clip((here - beside) * 5.5, -0.5, 0.5)
    return _toned(colour, 1 + 0.42 * relief + 0.10 * (noise.at(u, v, 2.0) - 0.5))


def _linen(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    warp = noise.layered(u, v, 70.0, 1, stretch=0.16)
    weft = noise.layered(u, v, 70.0, 1, stretch=6)
    folds = noise.layered(u + 0.5 * v, v - 0.35 * u, 1.1, 3, stretch=2.6)
    crease = 1 - np.abs(2 * folds - 1)
    relief = 0.30 * (folds - 0.5) + 0.20 * smoothstep(0.82, 1.0, crease) - 0.12
    return _toned(colour, 1 + relief + 0.16 * (warp - 0.5) + 0.16 * (weft - 0.5))


def _sand(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    bend = noise.layered(u, v, 1.3, 3) - 0.5
    phase = (v + 0.32 * bend) * np.float32(2 * np.pi * 7.5) + 5 * noise.at(u, v, 0.8)
    calm = smoothstep(0.25, 0.7, noise.at(u, v, 1.0))
    ripple = (np.sin(phase) + 0.35 * np.sin(2 * phase + 0.8)) * calm
    grains = noise.layered(u, v, 75.0, 2) - 0.5
    return _toned(colour, 1 + 0.10 * ripple + 0.34 * grains + 0.2 * bend)


def _snow(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    drift = noise.layered(u, v, 1.8, 4) - 0.5
    glint = smoothstep(0.86, 0.93, noise.at(u, v, 85.0))
    tint = mix(from_hex("#c9d8ea"), colour, np.clip(0.72 + 1.3 * drift, 0, 1)[..., None])
    return f32(tint * (1 + 0.22 * drift + 0.5 * glint)[..., None])


def _terrazzo(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    result = colour * (1 + 0.06 * (noise.layered(u, v, 20.0, 2) - 0.5))[..., None]
    chips = (
        ("#b9785f", 27.0, 0.71),
        ("#8f9a8a", 32.0, 0.72),
        ("#4a4e50", 40.0, 0.77),
        ("#f7f3ea", 22.0, 0.71),
    )
    for code, frequency, level in chips:
        chip = smoothstep(level, level + 0.035, noise.layered(u, v, frequency, 2, gain=0.25))
        result = mix(result, from_hex(code), chip[..., None])
    return result


def _tiles(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    side = 0.17
    column, row = u / side, v / side
    in_column, in_row = np.mod(column, 1), np.mod(row, 1)
    edge = np.minimum(np.minimum(in_column, 1 - in_column), np.minimum(in_row, 1 - in_row)).astype(np.float32)
    grout = smoothstep(0.03, 0.015, edge)
    bevel = smoothstep(0.10, 0.03, edge)
    own = np.sin(np.floor(column) * 12.9898 + np.floor(row) * 78.233) * 43758.5453
    tone = 0.95 + 0.10 * (own - np.floor(own)).astype(np.float32)
    glaze = 1 + 0.08 * (noise.layered(u, v, 4.0, 2) - 0.5)
    face = colour * (tone * glaze * (1 + 0.06 * bevel))[..., None]
    return mix(face, shade(colour, 0.62), grout[..., None])


def _slate(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    layers = noise.layered(u, v, 2.2, 6, stretch=2.4, gain=0.62) - 0.5
    crack = smoothstep(0.965, 1.0, 1 - np.abs(2 * noise.layered(u, v, 2.0, 4) - 1))
    return _toned(colour, np.clip(1 + 1.1 * layers - 0.35 * crack, 0.2, 3))


def _moss(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    clumps = noise.layered(u, v, 9.0, 5, gain=0.8)
    tips = smoothstep(0.5, 0.85, noise.layered(u, v, 75.0, 2))
    lit = mix(shade(colour, 0.45), shade(colour, 1.35), smoothstep(0.32, 0.68, clumps)[..., None])
    return mix(lit, from_hex("#a8b56a"), 0.28 * tips[..., None])


def _fluted(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    across = np.mod(u / 0.062, 1).astype(np.float32)
    round_side = np.sqrt(np.clip(1 - (2 * across - 1) ** 2, 0, 1))
    lit = 0.55 + 0.40 * round_side + 0.16 * (0.5 - across) * round_side
    return _toned(colour, lit * (1 + 0.05 * (noise.layered(u, v, 3.0, 3) - 0.5)))


def _slats(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    grain = _wood(noise, v, u * np.float32(0.55), colour)
    across = np.mod(u / 0.085, 1).astype(np.float32)
    groove = smoothstep(0.0, 0.05, across) * smoothstep(0.80, 0.75, across)
    return f32(grain * (0.12 + 0.88 * groove)[..., None])


def _drape(noise: Noise, u: Floats, v: Floats, colour: Colour) -> Floats:
    sway = 0.10 * (noise.layered(u, v, 0.8, 2) - 0.5)
    fold = noise.layered(u + sway, v * np.float32(0.06), 5.5, 3)
    step = max(1, u.shape[1] // 90)
    beside = np.concatenate((np.repeat(fold[:, :1], step, axis=1), fold[:, :-step]), axis=1)
    lit = 1 + 0.9 * (fold - 0.5) + 1.4 * (fold - beside)
    return _toned(colour, np.clip(lit, 0.25, 1.7))


MATERIALS = {
    "flat": Material(_flat, ("#e9e4dc",)),
    "matte": Material(_matte, ("#e9e4dc",)),
    "acrylic": Material(_flat, ("#e9e4dc",), 0.55),
    "marble": Material(_marble, ("#f1eeea", "#ece9e6"), 0.30),
    "wood": Material(_wood, ("#a9784f", "#c49a6c", "#7d5538", "#d3b48c"), 0.06),
    "concrete": Material(_concrete, ("#a7a5a1", "#8f8f8d"), 0.05),
    "plaster": Material(_plaster, ("#e3d8c9", "#dcd5cb")),
    "linen": Material(_linen, ("#e2d8c8", "#cfc4b2")),
    "sand": Material(_sand, ("#e0c49a", "#d9bd94")),
    "snow": Material(_snow, ("#f3f6fa",), 0.03),
    "terrazzo": Material(_terrazzo, ("#ece5da",), 0.16),
    "tiles": Material(_tiles, ("#e6ece9", "#dfe7ea"), 0.22),
    "slate": Material(_slate, ("#3d4043", "#4a4742"), 0.08),
    "moss": Material(_moss, ("#5f7a3a",)),
    "fluted": Material(_fluted, ("#e5ddd2",)),
    "slats": Material(_slats, ("#a87b52",)),
    "drape": Material(_drape, ("#d9cbbd",)),
    "water": Material(_flat, ("#7fb2bd",), 0.6),
}
