"""Backgrounds that are pictures of their own rather than a material: lights, leaves, sky."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from packshot.imaging.scene.colour import Colour, from_hex, mix, shade
from packshot.imaging.scene.noise import Noise, blur, smoothstep
from packshot.imaging.types import Floats, f32


@dataclass(frozen=True, slots=True)
class View:
    """What a backdrop painter needs: coordinates 0..1 down the wall, and the colours asked for."""

    rng: np.random.Generator
    noise: Noise
    u: Floats
    """Across, in units of the short side, 0 in the middle."""
    v: Floats
    """Up from where the floor begins, in units of the short side."""
    unit: float
    colour: Colour
    accent: Colour
    side: float
    """Where the key light stands: -1 left, +1 right."""


def _discs(view: View, count: int, colours: list[Colour], size: tuple[float, float], low: float) -> Floats:
    """Out-of-focus points of light, brighter at their rim as a real lens draws them."""
    height, width = view.u.shape
    canvas = np.zeros((height, width, 3), np.float32)
    for _ in range(count):
        radius = view.unit * view.rng.uniform(*size)
        x, y = view.rng.uniform(0, width), view.rng.uniform(-0.1, low) * height
        colour = colours[int(view.rng.integers(len(colours)))]
        strength = float(view.rng.uniform(0.15, 1.0)) ** 1.5
        left, right = int(max(0, x - radius - 2)), int(min(width, x + radius + 3))
        top, bottom = int(max(0, y - radius - 2)), int(min(height, y + radius + 3))
        if left >= right or top >= bottom:
            continue
        yy, xx = np.mgrid[top:bottom, left:right].astype(np.float32)
        distance = np.hypot(xx - np.float32(x), yy - np.float32(y)) / np.float32(radius)
        disc = smoothstep(1.0, 0.90, distance) * (0.55 + 0.45 * distance**3)
        canvas[top:bottom, left:right] += (disc * np.float32(strength))[..., None] * colour
    return canvas


def _bokeh(view: View) -> Floats:
    deep = mix(shade(view.colour, 0.35), shade(view.colour, 0.9), smoothstep(1.1, 0.0, view.v)[..., None])
    blotch = blur(view.noise.layered(view.u, view.v, 1.6, 2), 0.03 * view.unit)
    base = deep * (0.55 + 0.9 * blotch)[..., None]
    warm = [from_hex("#ffd9a0"), from_hex("#ffe9c9"), view.accent, view.accent * 1.3]
    large = _discs(view, 26, warm, (0.035, 0.085), 1.0)
    small = _discs(view, 30, warm, (0.014, 0.035), 1.0)
    return f32(base + 0.42 * blur(large, 0.004 * view.unit) + 0.55 * blur(small, 0.003 * view.unit))


def _festive(view: View) -> Floats:
    base = mix(shade(view.colour, 0.25), shade(view.colour, 0.8), smoothstep(1.2, 0.0, view.v)[..., None])
    tree = blur(view.noise.layered(view.u, view.v, 5.0, 3, gain=0.6), 0.012 * view.unit)
    base = base * (0.35 + 1.2 * tree)[..., None]
    gold = [from_hex("#ffcf7a"), from_hex("#ffe3ae"), from_hex("#ffb347"), view.accent]
    lights = _discs(view, 46, gold, (0.018, 0.062), 1.0)
    return base + 0.75 * blur(lights, 0.003 * view.unit)


def _foliage(view: View) -> Floats:
    base = mix(shade(view.colour, 0.5), shade(view.colour, 1.9), smoothstep(-0.1, 1.1, view.v)[..., None])
    canvas = base.astype(np.float32)
    height, width = view.u.shape
    for depth, sigma in ((0, 0.040), (1, 0.024), (2, 0.014)):
        layer = np.zeros((height, width), np.float32)
        for _ in range(26):
            centre = (view.rng.uniform(0, width), view.rng.uniform(0, height))
            length = view.unit * view.rng.uniform(0.10, 0.26)
            angle = view.rng.uniform(0, 360)
            axes = (int(length / 2), int(length * view.rng.uniform(0.09, 0.17)))
            tone = float(view.rng.uniform(0.25, 1.0))
            cv2.ellipse(layer, (int(centre[0]), int(centre[1])), axes, angle, 0, 360, tone, -1, cv2.LINE_AA)
        soft = blur(layer, sigma * view.unit)[..., None]
        leaf = shade(view.colour, 0.55 + 0.45 * depth)
        canvas = mix(canvas, leaf * (0.6 + 0.9 * soft), np.clip(1.2 * soft, 0, 0.85))
    sun = _discs(view, 22, [from_hex("#f4f7c8"), from_hex("#dfeeb0")], (0.02, 0.06), 0.7)
    return canvas + 0.30 * blur(sun, 0.004 * view.unit)


def _sky(view: View) -> Floats:
    """A pale sky over a blurred sea; the accent is the colour of the sea."""
    up = smoothstep(0.0, 1.0, view.v)[..., None]
    sky = mix(mix(view.colour, from_hex("#ffffff"), 0.55), view.colour, up)
    puff = blur(view.noise.layered(view.u, view.v, 1.7, 4, stretch=2.4), 0.012 * view.unit)
    sky = mix(sky, from_hex("#fdfdfb"), (0.75 * smoothstep(0.50, 0.74, puff))[..., None])
    level = 0.17
    swell = view.noise.layered(view.u, view.v, 16.0, 3, stretch=7)
    sea = mix(view.accent, shade(view.accent, 0.55), np.clip(view.v / level, 0, 1)[..., None])
    sea = sea * (0.80 + 0.42 * swell)[..., None]
    surf = smoothstep(0.035, 0.012, view.v + 0.02 * (view.noise.at(view.u, view.v, 5.0) - 0.5))
    sea = mix(sea, from_hex("#f6fbfb"), 0.8 * surf[..., None])
    scene = mix(sea, sky, smoothstep(level - 0.004, level + 0.004, view.v)[..., None])
    return blur(scene, 0.006 * view.unit)


def _sunset(view: View) -> Floats:
    low, high = from_hex("#ffb27a"), mix(view.colour, from_hex("#7a6aa8"), 0.35)
    sky = mix(low, high, smoothstep(0.12, 1.05, view.v)[..., None])
    sun = np.float32(0.34 * view.side)
    away = np.hypot(view.u - sun, (view.v - 0.30) * 1.1)
    sky = sky + from_hex("#ffd9a0") * (0.9 * np.exp(-((away / 0.22) ** 2)))[..., None]
    sky = sky + from_hex("#fff3d8") * (1.2 * smoothstep(0.075, 0.060, away))[..., None]
    level = 0.15
    swell = view.noise.layered(view.u, view.v, 18.0, 3, stretch=8)
    glitter = np.exp(-(((view.u - sun) / 0.12) ** 2)) * smoothstep(0.52, 0.72, swell)
    sea = mix(from_hex("#b86f62"), from_hex("#5c4a66"), np.clip(view.v / level, 0, 1)[..., None])
    sea = sea * (0.75 + 0.5 * swell)[..., None] + from_hex("#ffcf96") * (0.9 * glitter)[..., None]
    scene = mix(sea, sky, smoothstep(level - 0.004, level + 0.004, view.v)[..., None])
    return blur(scene, 0.007 * view.unit)


def _night(view: View) -> Floats:
    """A dark wall with neon tubes: a ring behind the product and two bars, each with its glow."""
    fall = smoothstep(1.2, 0.1, np.abs(view.u) + 0.5 * view.v)[..., None]
    canvas = mix(shade(view.colour, 0.22), shade(view.colour, 0.75), fall)
    canvas = canvas * (0.8 + 0.4 * view.noise.layered(view.u, view.v, 3.0, 4))[..., None]
    other = from_hex("#3a8bff") if view.accent[0] > view.accent[2] else from_hex("#ff4fb0")
    ring = np.abs(np.hypot(view.u, view.v - 0.46) - 0.36)
    tilt = 0.12 * view.side
    bars = [np.abs(view.u - 0.62 * side - tilt * view.v) + np.maximum(0.10 - view.v, 0) for side in (-1, 1)]
    shapes = [(ring, view.accent), (bars[0], other), (bars[1], mix(other, view.accent, 0.5))]
    if view.rng.random() < 0.4:
        shapes = shapes[1:]
    for away, colour in shapes:
        core = smoothstep(0.011, 0.006, away)[..., None]
        near = np.exp(-((away / 0.030) ** 2))[..., None]
        far = np.exp(-away / 0.13)[..., None]
        canvas = canvas + colour * (0.75 * near + 0.34 * far)
        canvas = mix(canvas, mix(colour, from_hex("#ffffff"), 0.75) * 1.15, 0.95 * core)
    return blur(np.asarray(canvas, dtype=np.float32), 0.0035 * view.unit)


def _room(view: View) -> Floats:
    """A bright room far out of focus: a window, a darker corner, something green."""
    base = mix(view.colour, shade(view.colour, 0.72), smoothstep(-0.6, 0.7, view.u)[..., None])
    canvas: Floats = base
    side = -1.0 if view.rng.random() < 0.5 else 1.0
    for index in range(2):
        left = side * (0.30 + 0.27 * index) - 0.11
        pane = smoothstep(left, left + 0.02, view.u) * smoothstep(left + 0.24, left + 0.22, view.u)
        pane = pane * smoothstep(0.20, 0.24, view.v) * smoothstep(1.1, 1.05, view.v)
        canvas = canvas + 0.55 * pane[..., None]
    green = smoothstep(0.58, 0.72, view.noise.layered(view.u, view.v, 4.0, 3))
    corner = green * smoothstep(0.1, 0.5, -side * view.u) * smoothstep(0.75, 0.3, view.v)
    canvas = mix(canvas, from_hex("#6f8f62"), 0.7 * corner[..., None])
    shelf = smoothstep(0.30, 0.29, np.abs(view.u + side * 0.35)) * smoothstep(
        0.012, 0.006, np.abs(view.v - 0.46)
    )
    canvas = mix(canvas, shade(view.accent, 0.8), 0.8 * shelf[..., None])
    return blur(canvas, 0.030 * view.unit)


BACKDROPS: dict[str, Callable[[View], Floats]] = {
    "bokeh": _bokeh,
    "festive": _festive,
    "foliage": _foliage,
    "sky": _sky,
    "sunset": _sunset,
    "night": _night,
    "room": _room,
}
"""They shine by themselves: the stage's light does not fall on them."""
