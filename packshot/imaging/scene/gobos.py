"""Patterns of light: what stands between the key light and the set. 1 is lit, 0 is in shade."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from packshot.imaging.scene.noise import Noise, blur, smoothstep
from packshot.imaging.types import Floats

_SIDE = 768
_SPAN = 2.4
"""Units of the short side that the drawn pattern covers; beyond, it repeats mirrored."""


def _leaf(canvas: Floats, root: tuple[float, float], angle: float, length: float, width: float) -> None:
    t = np.linspace(0, 1, 24)
    half = width * np.sin(np.pi * t**0.8) * (1 - 0.35 * t)
    bend = 0.18 * length * t**2
    upper = np.stack((t * length, bend + half), axis=1)
    lower = np.stack((t * length, bend - half), axis=1)[::-1]
    outline = np.concatenate((upper, lower))
    cos, sin = np.cos(angle), np.sin(angle)
    turned = outline @ np.array(((cos, sin), (-sin, cos))) + root
    cv2.fillPoly(canvas, [np.rint(turned * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)


def _frond(
    canvas: Floats, rng: np.random.Generator, root: tuple[float, float], angle: float, length: float
) -> None:
    """A palm frond: a bowed stem with leaves on both sides."""
    bow = rng.uniform(-0.5, 0.5)
    for step in np.linspace(0.15, 1, 15):
        along = angle + bow * step
        x = root[0] + np.cos(along) * length * step
        y = root[1] + np.sin(along) * length * step
        reach = length * 0.42 * np.sin(np.pi * min(0.98, 0.18 + 0.82 * step)) + 0.05 * length
        for side in (-1, 1):
            _leaf(canvas, (x, y), along + side * (0.95 - 0.45 * step), reach, 0.017 * length)


def _leaves(rng: np.random.Generator) -> Floats:
    canvas = np.zeros((_SIDE, _SIDE), np.float32)
    for index in range(4):
        # From the sides and from above, so that the middle, where the product stands, stays mostly lit.
        root = ((-0.02, 1.02)[index % 2] * _SIDE, rng.uniform(0.05, 0.65) * _SIDE)
        towards = (0.0, np.pi)[index % 2] + rng.uniform(-0.7, 0.7)
        _frond(canvas, rng, root, towards, rng.uniform(0.36, 0.56) * _SIDE)
    near = blur(canvas, 4.0)
    return 1 - np.clip(0.74 * near + 0.16 * blur(canvas, 14.0), 0, 0.88)


def _branches(rng: np.random.Generator) -> Floats:
    canvas = np.zeros((_SIDE, _SIDE), np.float32)
    for _ in range(7):
        x, y = rng.uniform(0, _SIDE), rng.choice((-0.02, 1.02)) * _SIDE
        heading = rng.uniform(0.25, 0.75) * np.pi * (1 if y < 0 else -1)
        for _ in range(16):
            step = 0.045 * _SIDE
            heading += rng.uniform(-0.22, 0.22)
            ahead = (x + np.cos(heading) * step, y + np.sin(heading) * step)
            cv2.line(canvas, (int(x), int(y)), (int(ahead[0]), int(ahead[1])), 1.0, 3, cv2.LINE_AA)
            x, y = ahead
            for side in (-1, 1):
                turn = heading + side * rng.uniform(0.5, 1.1)
                _leaf(canvas, (x, y), turn, rng.uniform(0.05, 0.10) * _SIDE, 0.016 * _SIDE)
    return 1 - np.clip(0.78 * blur(canvas, 4.0) + 0.2 * blur(canvas, 14.0), 0, 0.9)


def _window(rng: np.random.Generator) -> Floats:
    canvas = np.zeros((_SIDE, _SIDE), np.float32)
    columns, rows = int(rng.integers(2, 4)), 3
    left, top, wide, high = 0.20, 0.10, 0.60 / columns, 0.80 / rows
    for column in range(columns):
        for row in range(rows):
            corner = (int((left + wide * column + 0.016) * _SIDE), int((top + high * row + 0.016) * _SIDE))
            end = (
                int((left + wide * (column + 1) - 0.016) * _SIDE),
                int((top + high * (row + 1) - 0.016) * _SIDE),
            )
            cv2.rectangle(canvas, corner, end, 1.0, -1)
    lean = np.array(((1.0, rng.uniform(0.25, 0.45), -0.16 * _SIDE), (0.10, 1.0, -0.05 * _SIDE)))
    leaning = cv2.warpAffine(canvas, lean, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(0.10 + 0.90 * blur(np.asarray(leaning, dtype=np.float32), 5.0), dtype=np.float32)


def _blinds(rng: np.random.Generator) -> Floats:
    y, x = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float32) / _SIDE
    phase = np.mod((y + rng.uniform(0.15, 0.4) * x) * 15, 1).astype(np.float32)
    stripe = smoothstep(0.0, 0.12, phase) * smoothstep(0.62, 0.50, phase)
    frame = smoothstep(0.12, 0.15, x) * smoothstep(0.90, 0.87, x)
    return 0.12 + 0.88 * blur(stripe * frame, 3.0)


def _caustics(rng: np.random.Generator) -> Floats:
    """Light that waves have focused: bright where one is far from every of some scattered points."""
    y, x = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float32)
    noise = Noise(rng)
    web = np.zeros_like(x)
    for cells, weight in ((13, 1.0), (21, 0.6)):
        points = np.ones((_SIDE, _SIDE), np.uint8)
        step = _SIDE / cells
        for row in range(cells):
            for column in range(cells):
                at = ((column + rng.uniform(0.1, 0.9)) * step, (row + rng.uniform(0.1, 0.9)) * step)
                points[int(at[1]), int(at[0])] = 0
        away = np.asarray(cv2.distanceTransform(points, cv2.DIST_L2, 5), dtype=np.float32) / np.float32(step)
        bend = 0.9 * step
        to_x = x + bend * (noise.at(x / _SIDE, y / _SIDE, 7.0) - 0.5)
        to_y = y + bend * (noise.at(x / _SIDE, y / _SIDE, 7.0) - 0.5)
        bent = cv2.remap(away, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        web += np.float32(weight) * np.clip(bent / 0.85, 0, 1.15) ** 3.2
    return np.asarray(0.58 + 0.62 * blur(web, 1.6), dtype=np.float32)


GOBOS: dict[str, Callable[[np.random.Generator], Floats]] = {
    "leaves": _leaves,
    "branches": _branches,
    "window": _window,
    "blinds": _blinds,
    "caustics": _caustics,
}


def cast(name: str, rng: np.random.Generator, u: Floats, v: Floats, mirrored: bool) -> Floats:
    """The pattern's light at points of a surface."""
    pattern = np.ascontiguousarray(GOBOS[name](rng), dtype=np.float32)
    scale = np.float32(_SIDE / _SPAN)
    across = -u if mirrored else u
    x = (across + np.float32(_SPAN / 2)) * scale
    y = np.float32(_SIDE * 0.72) - v * scale
    x, y = x.astype(np.float32), y.astype(np.float32)
    lit = cv2.remap(pattern, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(lit, dtype=np.float32)
