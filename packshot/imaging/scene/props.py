"""What a product can stand on or beside: plinths and balls, shaded as solids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from packshot.imaging.scene import shadows
from packshot.imaging.scene.colour import Colour
from packshot.imaging.scene.frame import Frame
from packshot.imaging.scene.noise import Noise, smoothstep
from packshot.imaging.scene.surfaces import Material
from packshot.imaging.types import Floats, f32


@dataclass(frozen=True, slots=True)
class Plinth:
    """A cylinder. `top_y` is the centre of its upper face, in pixels like the rest."""

    x: float
    top_y: float
    radius: float
    tall: float


def _edge(distance: Floats) -> Floats:
    """Anti-aliased inside of a signed distance in pixels."""
    return f32(np.clip(0.5 - distance, 0, 1))


def _inside_ellipse(x: Floats, y: Floats, half_width: float, half_height: float) -> Floats:
    reach = np.hypot(x / half_width, y / half_height)
    slope = np.hypot(x / half_width**2, y / half_height**2) / np.maximum(reach, 1e-4)
    return _edge((reach - 1) / np.maximum(slope, 1e-6))


def plinth(frame: Frame, shape: Plinth, material: Material, colour: Colour, noise: Noise) -> Floats:
    """Build a cylinder into the frame; returns the mask of its upper face."""
    camera, light = frame.camera, frame.light
    x, y = camera.pixels()
    x, y = x - np.float32(shape.x), y - np.float32(shape.top_y)
    half_top = shape.radius * camera.flattening(shape.top_y)
    half_foot = shape.radius * camera.flattening(shape.top_y + shape.tall)
    top = _inside_ellipse(x, y, shape.radius, half_top)
    foot = _inside_ellipse(x, y - np.float32(shape.tall), shape.radius, half_foot)
    trunk = _edge(np.abs(x) - shape.radius) * ((y > 0) & (y < shape.tall))
    body = np.maximum(np.maximum(top, foot), trunk).astype(np.float32)

    front = shape.top_y + shape.tall + half_foot
    frame.shadow(
        key=shadows.cast(body, front - 0.9 * half_foot, 2 * shape.radius, light, camera.flattening(front)),
        room=shadows.contact(body, front, 2 * shape.radius) * (1 - body),
    )

    unit = np.float32(1 / camera.unit)
    round_x = np.clip(x / shape.radius, -1, 1)
    facing = np.sqrt(np.clip(1 - round_x**2, 0, 1))
    key = np.clip(0.20 + 0.62 * facing * 0.8 + 0.66 * light.side * round_x, 0.02, 1.1)
    down = np.clip(y / max(shape.tall, 1), 0, 1)
    around = np.arcsin(round_x) * np.float32(shape.radius) * unit
    side = material.paint(noise, around.astype(np.float32), y * unit, colour)
    frame.paint(body, side, key * (1 - 0.22 * down), (0.62 + 0.28 * facing) * (1 - 0.30 * down))

    flat = np.float32(1 / camera.flattening(shape.top_y))
    upper = material.paint(noise, x * unit, y * unit * flat, colour)
    across = 1 + 0.10 * light.side * np.clip(x / shape.radius, -1.2, 1.2)
    frame.paint(top, upper, (1.08 * across).astype(np.float32), 1.06)
    # The polished edge catches the light.
    rim = np.clip(top - _inside_ellipse(x, y + 1.2, shape.radius, half_top), 0, 1) * smoothstep(
        0, half_top, y
    )
    frame.glow += (0.35 * rim)[..., None] * frame.light.key * (0.3 + colour)
    return top


def ball(frame: Frame, x: float, base_y: float, radius: float, colour: Colour, shine: float) -> None:
    """A sphere on the floor: matte at shine 0, a glass bauble at 1."""
    camera, light = frame.camera, frame.light
    every_x, every_y = camera.pixels()
    offset_x = (every_x - np.float32(x)) / np.float32(radius)
    offset_y = (every_y - np.float32(base_y - radius)) / np.float32(radius)
    mask = _edge((np.hypot(offset_x, offset_y) - 1) * radius).astype(np.float32)
    frame.shadow(
        key=shadows.cast(mask, base_y, 2 * radius, light, camera.flattening(base_y)),
        room=shadows.contact(mask, base_y, 1.6 * radius) * (1 - mask),
    )
    toward = np.sqrt(np.clip(1 - offset_x**2 - offset_y**2, 0, 1))
    lambert = np.clip(0.58 * light.side * offset_x - 0.60 * offset_y + 0.55 * toward, 0, 1)
    ambient = 0.42 + 0.42 * np.clip(0.5 - 0.5 * offset_y, 0, 1)
    albedo = np.broadcast_to(colour * np.float32(1 - 0.25 * shine), (*mask.shape, 3)).astype(np.float32)
    frame.paint(mask, albedo, (1.05 * lambert).astype(np.float32), ambient.astype(np.float32))
    spot = np.hypot(offset_x - 0.38 * light.side, offset_y + 0.44)
    glint = np.exp(-((spot / 0.16) ** 2)) * (0.10 + 1.1 * shine) + 0.30 * shine * np.exp(
        -((spot / 0.45) ** 2)
    )
    fresnel = 0.35 * shine * (1 - toward) ** 3
    frame.glow += ((glint + fresnel) * mask)[..., None].astype(np.float32) * light.key
