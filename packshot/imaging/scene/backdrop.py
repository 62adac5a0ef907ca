"""The empty set: wall and floor, their decoration, and how the light falls on them."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging.scene import gobos
from packshot.imaging.scene.colour import Colour, from_hex, mix, saturate, shade
from packshot.imaging.scene.frame import Frame
from packshot.imaging.scene.noise import Noise, blur, smoothstep
from packshot.imaging.scene.plan import Plan
from packshot.imaging.scene.stage import Camera
from packshot.imaging.scene.surfaces import MATERIALS
from packshot.imaging.scene.walls import BACKDROPS, View
from packshot.imaging.types import Floats


def build(plan: Plan, camera: Camera, rng: np.random.Generator) -> Frame:
    """A lit frame without anything standing in it."""
    noise = Noise(rng)
    shape = (camera.height, camera.width)
    frame = Frame(
        camera=camera,
        light=plan.light,
        albedo=np.zeros((*shape, 3), np.float32),
        glow=np.zeros((*shape, 3), np.float32),
        lit=np.ones(shape, np.float32),
        ambient=np.ones(shape, np.float32),
    )
    edge = int(np.clip(np.ceil(camera.junction), 1, camera.height - 1))
    if plan.seamless:
        _sweep(frame, plan, noise)
    else:
        _wall(frame, plan, noise, rng, edge)
        _floor(frame, plan, noise, edge)
        _soften_junction(frame, edge)
    _illuminate(frame, plan, rng)
    return frame


def gloss(plan: Plan, camera: Camera) -> Floats | float:
    """How much the floor mirrors: more where it is seen at a flat angle."""
    material = MATERIALS.get(plan.floor)
    if material is None or material.gloss == 0:
        return 0.0
    y = np.arange(camera.height, dtype=np.float32)[:, None]
    flat = np.clip((y - camera.horizon) / camera.focal, 0.05, 0.5)
    return np.asarray(material.gloss * np.clip(0.24 / (flat + 0.10), 0.4, 1.25), dtype=np.float32)


def _sweep(frame: Frame, plan: Plan, noise: Noise) -> None:
    """Paper without an edge: floor bends into wall somewhere behind the product."""
    camera = frame.camera
    x, y = camera.pixels()
    colour = plan.wall_colour
    if plan.floor == "linen_sweep":
        across, depth = camera.floor_points(
            x, np.maximum(y, camera.horizon + 0.35 * (camera.base_y - camera.horizon))
        )
        frame.albedo[:] = MATERIALS["linen"].paint(noise, across, depth, plan.floor_colour)
    elif plan.floor == "gradient_sweep":
        frame.albedo[:] = _gradient(plan, y / camera.height, x / camera.width)
    else:
        frame.albedo[:] = colour
    bend = smoothstep(camera.junction - 0.16 * camera.height, camera.junction + 0.13 * camera.height, y)
    frame.lit *= 0.84 + 0.20 * bend
    frame.ambient *= 0.95 + 0.07 * bend


def _gradient(plan: Plan, down: Floats, right: Floats) -> Floats:
    slant = np.clip(0.75 * down + 0.35 * (right - 0.5) * plan.light.side + 0.08, 0, 1)
    first = mix(plan.wall_colour, plan.accent, 0.45)
    return mix(
        first, mix(plan.wall_colour, from_hex("#ffffff"), 0.18), smoothstep(0.0, 0.9, slant)[..., None]
    )


def _wall(frame: Frame, plan: Plan, noise: Noise, rng: np.random.Generator, edge: int) -> None:
    camera = frame.camera
    x, y = (plane[:edge] for plane in camera.pixels())
    u, v = camera.wall_points(x, y)
    if plan.wall in BACKDROPS:
        view = View(rng, noise, u, v, camera.unit, plan.wall_colour, plan.accent, plan.light.side)
        frame.glow[:edge] = BACKDROPS[plan.wall](view) * np.float32(plan.light.level)
        frame.lit[:edge] = 0
        frame.ambient[:edge] = 0
        return
    if plan.wall == "gradient":
        frame.albedo[:edge] = _gradient(plan, y / max(1, edge), x / camera.width)
    else:
        material = MATERIALS[plan.wall if plan.wall in MATERIALS else "matte"]
        frame.albedo[:edge] = material.paint(noise, u, v, plan.wall_colour)
    frame.lit[:edge] *= 0.86
    if plan.decor != "none":
        _decorate(frame, plan, u, v, edge)
    # The room grows darker into the corner behind the floor's edge.
    corner = np.exp(-np.abs(v) / 0.07)
    frame.ambient[:edge] *= 1 - 0.16 * corner


def _decorate(frame: Frame, plan: Plan, u: Floats, v: Floats, edge: int) -> None:
    """An arch-shaped niche, or a painted disc with a thin shadow line."""
    pixel = 1.4 / frame.camera.unit
    middle = np.float32(0.30 * plan.align)
    if plan.decor == "arch":
        half, shoulder = 0.40, 0.62
        distance = np.where(v > shoulder, np.hypot(u - middle, v - shoulder), np.abs(u - middle)) - half
    else:
        distance = np.hypot(u - middle, v - 0.36) - 0.37
    inside = smoothstep(pixel, -pixel, distance.astype(np.float32))
    colour = mix(plan.wall_colour, plan.accent, 0.7)
    frame.albedo[:edge] = mix(frame.albedo[:edge], colour, inside[..., None])
    if plan.decor == "arch":
        # The niche is deep: its light-side reveal throws a shadow in.
        shifted = distance - 0.05 * np.clip(-plan.light.side * (u - middle) / half, 0, 1)
        shade_in = inside * smoothstep(-0.075, 0.01, shifted.astype(np.float32))
        frame.lit[:edge] *= 1 - 0.55 * shade_in
        frame.ambient[:edge] *= 1 - 0.22 * shade_in - 0.06 * inside


def _floor(frame: Frame, plan: Plan, noise: Noise, edge: int) -> None:
    camera = frame.camera
    x, y = (plane[edge:] for plane in camera.pixels())
    across, depth = camera.floor_points(x, y)
    if plan.floor == "water":
        _water(frame, plan, noise, across, depth, edge)
        return
    material = MATERIALS[plan.floor]
    frame.albedo[edge:] = material.paint(noise, across, depth, plan.floor_colour)
    if material.gloss:
        share = gloss(plan, camera)
        assert not isinstance(share, float)
        image = _wall_in_floor(frame, edge)
        strength = np.clip(share[edge:] * 0.62, 0, 0.8)[..., None]
        frame.albedo[edge:] *= 1 - 0.55 * strength
        frame.glow[edge:] += image * strength
    _depth_of_field(frame, edge)


def _wall_in_floor(frame: Frame, edge: int) -> Floats:
    """The wall mirrored in the floor, blurred as polish is never perfect."""
    wall = (
        frame.albedo[:edge] * (0.6 * frame.light.key + 0.8 * frame.light.room) * frame.ambient[:edge, :, None]
    )
    wall = (wall + frame.glow[:edge])[::-1]
    rows = frame.camera.height - edge
    if wall.shape[0] < rows:
        wall = np.concatenate((wall, np.repeat(wall[-1:], rows - wall.shape[0], axis=0)))
    return blur(np.ascontiguousarray(wall[:rows]), 0.012 * frame.camera.unit, 0.030 * frame.camera.unit)


def _water(frame: Frame, plan: Plan, noise: Noise, across: Floats, depth: Floats, edge: int) -> None:
    """Ripples that bend the mirrored wall and let the water's colour through where they face us."""
    wave = noise.layered(across, depth, 3.4, 3, stretch=2.2, gain=0.42)
    rings = np.hypot(across - np.float32(0.2 * plan.align), depth)
    wave = wave + 0.05 * np.sin(rings * 34) * np.exp(-rings / 0.45)
    slope = blur(np.gradient(wave, axis=0).astype(np.float32), 0.0015 * frame.camera.unit)
    slope *= frame.camera.unit / 42
    image = _wall_in_floor(frame, edge)
    y, x = np.mgrid[0 : wave.shape[0], 0 : wave.shape[1]].astype(np.float32)
    y += slope * np.float32(0.14 * frame.camera.unit)
    bent = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    facing = np.clip(0.42 + 1.0 * slope, 0.10, 0.85)[..., None]
    frame.albedo[edge:] = plan.floor_colour * (0.8 * facing)
    frame.glow[edge:] = bent * (1 - facing) * 1.1
    glint = smoothstep(0.45, 0.95, np.clip(-slope * 1.9, 0, 1))
    frame.glow[edge:] += (0.30 * glint)[..., None] * frame.light.key


def _depth_of_field(frame: Frame, edge: int) -> None:
    """The floor is sharp where the product stands and soft towards the wall and the camera."""
    camera = frame.camera
    rows = np.arange(edge, camera.height, dtype=np.float32)
    far = np.clip((camera.base_y - rows) / max(1.0, camera.base_y - edge), 0, 1)
    near = np.clip((rows - camera.base_y) / max(1.0, camera.height - camera.base_y), 0, 1)
    soft = blur(frame.albedo[edge:], 0.0065 * camera.unit)
    share = np.clip(1.15 * far + 0.6 * near**2, 0, 1)[:, None, None]
    frame.albedo[edge:] += (soft - frame.albedo[edge:]) * share


def _soften_junction(frame: Frame, edge: int) -> None:
    """No camera draws the line between wall and floor with a ruler when it focuses on the product."""
    reach = max(2, round(0.02 * frame.camera.unit))
    top, bottom = max(0, edge - 3 * reach), min(frame.camera.height, edge + 3 * reach)
    rows = np.arange(top, bottom, dtype=np.float32)
    near = np.exp(-(((rows - edge) / (1.2 * reach)) ** 2))[:, None]
    for layer in (frame.albedo, frame.glow, frame.lit, frame.ambient):
        band = layer[top:bottom]
        soft = blur(band, 0.3 * reach, 0.34 * reach)
        band += (soft - band) * (near if band.ndim == 2 else near[..., None])


def _illuminate(frame: Frame, plan: Plan, rng: np.random.Generator) -> None:
    """The pool of the key light, its pattern, and the darker corners of the picture."""
    camera, light = frame.camera, plan.light
    x, y = camera.pixels()
    centre_x = camera.width * (0.5 + 0.18 * plan.align - 0.10 * light.side * (1 - light.softness))
    centre_y = camera.base_y - 0.30 * camera.height
    reach = (0.58 if plan.spot else 0.82 + 0.25 * light.softness) * max(camera.width, camera.height)
    away = ((x - np.float32(centre_x)) ** 2 + (1.15 * (y - np.float32(centre_y))) ** 2) / np.float32(reach**2)
    pool = np.exp(-1.1 * away)
    floor_level = 0.06 if plan.spot else 0.42
    peak = 1.75 if plan.spot else 1.12
    frame.lit *= floor_level + (peak - floor_level) * pool
    frame.ambient *= 0.78 + 0.24 * pool
    slope = 0.09 * light.contrast * light.side
    frame.lit *= 1 + slope * (2 * x / camera.width - 1)
    if plan.gobo != "none":
        across, depth = camera.floor_points(x, np.maximum(y, np.float32(camera.junction)))
        u, v = camera.wall_points(x, np.minimum(y, np.float32(camera.junction)))
        far = camera.back * camera.height / camera.unit
        # One sheet of light that bends where the floor becomes wall.
        on_floor = y > camera.junction
        pattern_u = np.where(on_floor, across + 0.5 * light.side * (depth - far), u).astype(np.float32)
        pattern_v = np.where(on_floor, 0.8 * (depth - far), v).astype(np.float32)
        lit = gobos.cast(plan.gobo, rng, pattern_u, pattern_v + 0.15, light.side > 0)
        frame.lit *= 1.16 * lit


def material_colour(name: str, rng: np.random.Generator) -> Colour:
    """One of the colours a material naturally has."""
    codes = MATERIALS[name].colours
    return from_hex(codes[int(rng.integers(len(codes)))])


def accent_tones(colour: Colour) -> tuple[Colour, Colour, Colour]:
    """Three related colours for small things."""
    return colour, saturate(shade(colour, 1.35), 0.8), shade(colour, 0.62)
