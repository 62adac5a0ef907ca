"""Photo-like pictures of products whose true alpha is known, made by arithmetic: the same on every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from packshot.imaging.types import Bytes2D, Floats

SIDE = 1024
_FINE = 2048
"""Objects are drawn at this size and reduced, which gives edges of true coverage."""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A picture and the coverage (0..1) of the object in it."""

    rgb: Bytes2D
    alpha: Floats


def _grid() -> tuple[Floats, Floats]:
    """x to the right and y down, -1..1 over the canvas."""
    y, x = np.mgrid[0:_FINE, 0:_FINE].astype(np.float32)
    return (2 * x / _FINE - 1).astype(np.float32), (2 * y / _FINE - 1).astype(np.float32)


def _colour(code: str) -> Floats:
    return np.array([int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)], np.float32)


def _step(edge: float, width: float, value: Floats) -> Floats:
    t = np.clip((value - edge) / width + 0.5, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _noise(seed: int, cells: int, size: int = _FINE, octaves: int = 3) -> Floats:
    rng = np.random.Generator(np.random.PCG64(seed))
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        side = cells * 2**octave + 2
        lattice = rng.random((side, side), dtype=np.float32)
        total += cv2.resize(lattice, (size, size), interpolation=cv2.INTER_CUBIC) * np.float32(0.5**octave)
    return total / np.float32(2 - 0.5 ** (octaves - 1))


def _turned(
    profile: list[tuple[float, float]],
    paint: Callable[[Floats, Floats], Floats],
    shine: float,
    bow: float = 0.10,
) -> Floats:
    """A body turned on a lathe, seen from slightly above: `profile` is (y, radius) from top to bottom."""
    x, y = _grid()
    heights, radii = zip(*profile, strict=True)
    widest = max(radii)
    sag = bow * widest * np.sqrt(np.clip(1 - (x / widest) ** 2, 0, 1))
    ring = y - sag + bow * widest * 0.5
    radius = np.interp(ring, heights, radii, left=0, right=0).astype(np.float32)
    inside = (np.abs(x) < radius).astype(np.float32)
    turn = np.clip(x / np.maximum(radius, 1e-3), -1, 1)
    facing = np.sqrt(1 - turn**2)
    light = 0.30 + 0.52 * facing + 0.26 * np.clip(-turn, 0, 1) * facing
    glow = shine * (np.exp(-(((turn + 0.52) / 0.10) ** 2)) + 0.35 * np.exp(-(((turn - 0.72) / 0.07) ** 2)))
    colour = paint(turn, ring) * light[..., None] + glow[..., None] * 0.55
    return np.dstack((np.clip(colour, 0, 1), inside)).astype(np.float32)


def _print(
    canvas: Floats, text: str, at: tuple[float, float], scale: float, colour: Floats, weight: int = 3
) -> None:
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, weight)
    origin = (int((at[0] + 1) / 2 * _FINE - width / 2), int((at[1] + 1) / 2 * _FINE))
    ink = np.zeros(canvas.shape[:2], np.uint8)
    cv2.putText(ink, text, origin, cv2.FONT_HERSHEY_DUPLEX, scale, 255, weight, cv2.LINE_AA)
    cover = ink[..., None].astype(np.float32) / 255
    canvas[..., :3] += (colour - canvas[..., :3]) * cover


def _bottle() -> Floats:
    glass, cap, paper = _colour("#7a3d14"), _colour("#1f1d1c"), _colour("#efe6d6")

    def paint(turn: Floats, ring: Floats) -> Floats:
        colour = np.broadcast_to(glass, (*ring.shape, 3)).copy()
        colour[ring < -0.44] = cap
        ridges = 0.82 + 0.18 * np.cos(np.arcsin(turn) * 46)
        colour[ring < -0.44] *= ridges[ring < -0.44][..., None]
        label = (ring > -0.02) & (ring < 0.52)
        colour[label] = paper
        colour[label & (np.abs(ring - 0.02) < 0.006)] = glass
        colour[label & (np.abs(ring - 0.48) < 0.006)] = glass
        return colour

    profile = [(-0.72, 0.115), (-0.715, 0.125), (-0.44, 0.125), (-0.435, 0.095), (-0.38, 0.095)]
    profile += [(-0.33, 0.13), (-0.24, 0.24), (-0.16, 0.28), (0.66, 0.28), (0.70, 0.265), (0.71, 0.24)]
    body = _turned(profile, paint, 0.55)
    _print(body, "NORA", (0, 0.22), 2.7, _colour("#4a2a14") * 0.8, 7)
    _print(body, "hand & body oil", (0, 0.32), 1.0, _colour("#4a2a14") * 0.9)
    return body


def _jar() -> Floats:
    glass, lid, ink = _colour("#dfe5df"), _colour("#c98f6b"), _colour("#55605a")

    def paint(turn: Floats, ring: Floats) -> Floats:
        colour = np.broadcast_to(glass, (*ring.shape, 3)).copy()
        top = ring < -0.16
        brushed = 0.9 + 0.2 * np.interp(np.arcsin(turn), np.linspace(-1.6, 1.6, 240), _noise(5, 60)[0, :240])
        colour[top] = lid * brushed[top][..., None].astype(np.float32)
        colour[np.abs(ring + 0.15) < 0.012] = lid * 0.35
        return colour

    profile = [(-0.40, 0.40), (-0.385, 0.43), (-0.16, 0.43), (-0.155, 0.40), (-0.14, 0.40), (-0.12, 0.45)]
    profile += [(0.36, 0.45), (0.42, 0.43), (0.44, 0.39)]
    body = _turned(profile, paint, 0.35, bow=0.17)
    x, y = _grid()
    lid_top = np.hypot(x / 0.425, (y + 0.392) / 0.075) < 1
    body[lid_top, :3] = np.clip(lid * (1.05 + 0.22 * x[lid_top][..., None]), 0, 1)
    body[lid_top, 3] = 1
    _print(body, "ALMA", (0, 0.16), 2.3, ink, 5)
    _print(body, "night cream  50 ml", (0, 0.25), 0.95, ink)
    return body


def _mug() -> Floats:
    glaze, clay = _colour("#41697a"), _colour("#d9c3a3")

    def paint(turn: Floats, ring: Floats) -> Floats:
        colour = np.broadcast_to(glaze, (*ring.shape, 3)).copy()
        speckle = _noise(11, 300, octaves=1) > 0.86
        colour[speckle] = glaze * 0.55
        drip = 0.34 + 0.02 * np.sin(np.arcsin(turn) * 9)
        colour[ring > drip] = clay
        return colour

    profile = [(-0.44, 0.40), (0.42, 0.37), (0.47, 0.35), (0.48, 0.31)]
    body = _turned(profile, paint, 0.40, bow=0.20)
    x, y = _grid()
    outer = np.hypot((x - 0.43) / 0.235, (y - 0.02) / 0.31)
    inner = np.hypot((x - 0.43) / 0.145, (y - 0.02) / 0.215)
    handle = (outer < 1) & (inner > 1) & (body[..., 3] < 0.5) & (x > 0.3)
    middle = np.clip((np.minimum(1 - outer, inner - 1)) / 0.18, 0, 1)
    body[handle, :3] = glaze * (0.45 + 0.55 * middle[handle])[..., None]
    body[handle, 3] = 1
    rim = np.hypot(x / 0.402, (y + 0.478) / 0.085)
    lip, hollow = rim < 1, np.hypot(x / 0.372, (y + 0.474) / 0.070) < 1
    body[lip, :3] = np.clip(glaze * 1.35, 0, 1)
    body[lip, 3] = 1
    depth = np.clip((y + 0.55) / 0.15, 0, 1)
    body[hollow, :3] = (_colour("#2b1a10") * (0.7 + 0.8 * depth[hollow])[..., None]).clip(0, 1)
    return body


def _curve(points: list[tuple[float, float]], times: int = 5) -> np.ndarray:
    """Chaikin's corner cutting: a smooth closed outline from few points."""
    outline = np.array(points, np.float64)
    for _ in range(times):
        following = np.roll(outline, -1, axis=0)
        outline = np.stack((0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following), axis=1)
        outline = outline.reshape(-1, 2)
    return outline


def _filled(points: list[tuple[float, float]]) -> Floats:
    canvas = np.zeros((_FINE, _FINE), np.uint8)
    pixels = np.rint((_curve(points) + 1) / 2 * _FINE).astype(np.int32)
    cv2.fillPoly(canvas, [pixels], 1)
    return canvas.astype(np.float32)


def _relief(mask: Floats, reach: float) -> Floats:
    """Rounded shading: light from the upper left on a cushion of the mask's shape."""
    away = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5) / (reach * _FINE)
    height = np.sqrt(np.clip(1 - (1 - np.clip(away, 0, 1)) ** 2, 0, 1)).astype(np.float32)
    height = cv2.GaussianBlur(height, (0, 0), 6)
    dx, dy = cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)
    return np.clip(0.78 + 5.0 * (0.5 * dx + 0.85 * dy) * reach * 10, 0.32, 1.12).astype(np.float32)


def _sneaker() -> Floats:
    upper = _filled(
        [
            (-0.74, 0.22),
            (-0.76, -0.05),
            (-0.70, -0.34),
            (-0.42, -0.40),
            (-0.30, -0.20),
            (-0.05, -0.10),
            (0.28, 0.03),
            (0.62, 0.08),
            (0.80, 0.20),
            (0.80, 0.34),
            (-0.72, 0.34),
        ]
    )
    sole = _filled(
        [
            (-0.80, 0.24),
            (-0.74, 0.22),
            (0.0, 0.27),
            (0.76, 0.23),
            (0.87, 0.25),
            (0.88, 0.34),
            (0.80, 0.42),
            (-0.74, 0.42),
            (-0.82, 0.37),
        ]
    )
    canvas = np.zeros((_FINE, _FINE, 4), np.float32)
    knit = 0.93 + 0.14 * _noise(21, 420, octaves=1)
    canvas[..., :3] = _colour("#9a9d9f") * (_relief(upper, 0.16) * knit)[..., None]
    for points, code, reach in (
        ([(-0.74, 0.26), (-0.75, 0.02), (-0.58, -0.02), (-0.46, 0.12), (-0.44, 0.28)], "#7b7f83", 0.05),
        ([(0.36, 0.28), (0.44, 0.12), (0.66, 0.12), (0.80, 0.22), (0.80, 0.30)], "#83878a", 0.05),
        (
            [(-0.30, -0.17), (0.04, -0.04), (0.27, 0.04), (0.20, 0.10), (-0.06, 0.03), (-0.36, -0.10)],
            "#b5b8ba",
            0.03,
        ),
    ):
        patch = _filled(points) * upper
        tone = _colour(code) * (_relief(patch, reach) * knit)[..., None]
        canvas[..., :3] = np.where(patch[..., None] > 0, tone, canvas[..., :3])
    for index in range(6):
        x, y = -0.26 + 0.083 * index, -0.135 + 0.033 * index
        ends = [
            (int((x + dx + 1) / 2 * _FINE), int((y + dy + 1) / 2 * _FINE))
            for dx, dy in ((-0.045, 0.06), (0.05, -0.01))
        ]
        cv2.line(canvas, ends[0], ends[1], (0.30, 0.31, 0.32, 1), 20, cv2.LINE_AA)
        cv2.line(canvas, ends[0], ends[1], (0.86, 0.87, 0.87, 1), 15, cv2.LINE_AA)
    stripe = _filled([(-0.36, 0.25), (-0.05, 0.04), (0.03, 0.05), (-0.20, 0.25)]) * upper
    canvas[..., :3] = np.where(stripe[..., None] > 0, _colour("#4c5156"), canvas[..., :3])
    rubber = _colour("#d3d4d2") * _relief(sole, 0.05)[..., None]
    x, y = _grid()
    groove = (np.abs(y - 0.335 - 0.01 * x) < 0.006)[..., None]
    canvas[..., :3] = np.where(sole[..., None] > 0, rubber * (1 - 0.35 * groove), canvas[..., :3])
    canvas[..., 3] = np.maximum(upper, sole)
    return canvas


def _plush() -> Floats:
    rng = np.random.Generator(np.random.PCG64(31))
    x, y = _grid()
    parts = [
        (0.0, 0.34, 0.36, 0.38),
        (0.0, -0.22, 0.31, 0.28),
        (-0.25, -0.45, 0.12, 0.13),
        (0.25, -0.45, 0.12, 0.13),
    ]
    parts += [
        (-0.36, 0.22, 0.13, 0.22),
        (0.36, 0.22, 0.13, 0.22),
        (-0.24, 0.66, 0.17, 0.13),
        (0.24, 0.66, 0.17, 0.13),
    ]
    canvas = np.zeros((_FINE, _FINE, 4), np.float32)
    fur = _colour("#b07f4e")
    strands: list[tuple[float, float, float, float, float]] = []
    for centre_x, centre_y, wide, high in parts:
        inside = np.hypot((x - centre_x) / wide, (y - centre_y) / high)
        dome = np.sqrt(np.clip(1 - inside**2, 0, 1))
        tone = 0.45 + 0.45 * dome - 0.12 * (x - centre_x) / wide - 0.16 * (y - centre_y) / high
        canvas[inside < 1, :3] = fur * tone[inside < 1][..., None]
        canvas[inside < 1, 3] = 1
        for _ in range(int(14000 * wide * high / 0.13)):
            angle, reach = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 1.04))
            lit = (
                0.45 + 0.45 * np.sqrt(max(0.0, 1 - reach**2)) - 0.14 * reach * (np.cos(angle) + np.sin(angle))
            )
            at_x, at_y = centre_x + wide * reach * np.cos(angle), centre_y + high * reach * np.sin(angle)
            strands.append(
                (
                    at_x,
                    at_y,
                    angle + rng.normal(0, 0.5),
                    rng.uniform(0.022, 0.05),
                    lit * rng.uniform(0.75, 1.3),
                )
            )
    for at_x, at_y, angle, length, lit in strands:
        start = (int((at_x + 1) / 2 * _FINE), int((at_y + 1) / 2 * _FINE))
        end = (
            int((at_x + length * np.cos(angle) + 1) / 2 * _FINE),
            int((at_y + length * np.sin(angle) + 0.012 + 1) / 2 * _FINE),
        )
        tone = np.clip(fur * lit, 0, 1)
        cv2.line(canvas, start, end, (float(tone[0]), float(tone[1]), float(tone[2]), 1), 2)
    for centre_x in (-0.11, 0.11):
        eye = np.hypot(x - centre_x, y + 0.27) < 0.032
        canvas[eye, :3] = 0.06
        canvas[np.hypot(x - centre_x + 0.010, y + 0.282) < 0.009, :3] = 0.95
    muzzle = np.hypot(x / 0.13, (y + 0.14) / 0.10)
    canvas[muzzle < 1, :3] = (
        _colour("#e0c39a") * (0.75 + 0.25 * np.sqrt(np.clip(1 - muzzle[muzzle < 1] ** 2, 0, 1)))[:, None]
    )
    canvas[np.hypot(x / 0.045, (y + 0.175) / 0.030) < 1, :3] = 0.10
    return canvas


_DRAW = {"bottle": _bottle, "jar": _jar, "mug": _mug, "sneaker": _sneaker, "plush": _plush}
OBJECTS = tuple(_DRAW)
BACKGROUNDS = ("white", "grey", "gradient", "studio", "wood")


@cache
def product(name: str) -> tuple[Floats, Floats]:
    """(premultiplied colour, coverage) of an object at SIDE pixels."""
    drawn = _DRAW[name]()
    coverage = (drawn[..., 3:] > 0.5).astype(np.float32)
    layer = np.dstack((np.clip(drawn[..., :3], 0, 1) * coverage, coverage))
    small = cv2.resize(layer, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[..., :3]), np.ascontiguousarray(small[..., 3])


def _wood(seed: int) -> Floats:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    rng = np.random.Generator(np.random.PCG64(seed))
    lattice = rng.random((220, 14), dtype=np.float32)
    grain = cv2.resize(lattice, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    rings = np.sin(2 * np.pi * (y * 16 + 1.6 * _noise(seed + 1, 5, SIDE)))
    tone = 0.72 + 0.22 * grain + 0.06 * rings
    tone *= np.where(np.mod(y * 5, 1) < 0.012, 0.45, 1.0).astype(np.float32)
    return (_colour("#b98a5c") * tone[..., None] * (1.08 - 0.25 * x)[..., None]).astype(np.float32)


def background(name: str, seed: int = 7) -> Floats:
    """A background without anything on it."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    if name == "white":
        return np.full((SIDE, SIDE, 3), 0.965, np.float32)
    if name == "grey":
        return np.full((SIDE, SIDE, 3), 0.62, np.float32)
    if name == "gradient":
        share = (0.25 + 0.6 * y + 0.15 * x)[..., None]
        return (_colour("#e9c9b1") * (1 - share) + _colour("#8fb0c4") * share).astype(np.float32)
    if name == "studio":
        pool = np.exp(-((x - 0.46) ** 2 + (y - 0.42) ** 2) / 0.32)
        floor = 0.10 * np.clip((y - 0.58) / 0.1, 0, 1)
        return ((0.50 + 0.30 * pool + floor)[..., None] * _colour("#f4f3f0")).astype(np.float32)
    return _wood(seed)


def photo(name: str, backdrop: str) -> Photo:
    """The object before the background, with its shadow, as a camera with a little noise would see it."""
    colour, alpha = product(name)
    scene = background(backdrop)
    base = int(np.flatnonzero((alpha > 0.5).any(axis=1))[-1])
    foot = alpha.copy()
    foot[: max(0, base - 60)] = 0
    near = cv2.GaussianBlur(np.roll(foot, 8, axis=0), (0, 0), 16, sigmaY=6)
    lean = np.array(((1, -0.75, 0.75 * base), (0, 0.24, base - 0.24 * base)), np.float32)
    fallen = cv2.GaussianBlur(cv2.warpAffine(alpha, lean, (SIDE, SIDE)), (0, 0), 13)
    shadow = 1 - np.clip(0.55 * near + 0.30 * fallen, 0, 0.8)
    scene = scene * shadow[..., None] * (1 - alpha[..., None]) + colour
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    scene *= (1 - 0.10 * ((x - 0.5) ** 2 + (y - 0.5) ** 2) * 2)[..., None]
    rng = np.random.Generator(np.random.PCG64(97))
    scene = cv2.GaussianBlur(scene, (0, 0), 0.6)
    noisy = scene * 255 + rng.standard_normal(scene.shape, dtype=np.float32) * np.float32(1.6)
    return Photo(np.clip(np.rint(noisy), 0, 255).astype(np.uint8), alpha)


def intersection_over_union(found: Floats, truth: Floats) -> float:
    """Of the masks at half coverage."""
    one, other = found > 0.5, truth > 0.5
    return float((one & other).sum() / max(1, (one | other).sum()))
