"""From a cut-out, a prompt and a seed to a finished picture. The same arguments make the same pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from packshot.imaging.scene import backdrop, placing, props
from packshot.imaging.scene.colour import mix, shoulder, to_srgb
from packshot.imaging.scene.frame import Frame
from packshot.imaging.scene.noise import Noise, smoothstep
from packshot.imaging.scene.plan import Plan, camera_for, generator, plan
from packshot.imaging.scene.ratios import dimensions
from packshot.imaging.scene.style import Style
from packshot.imaging.scene.surfaces import MATERIALS
from packshot.imaging.scene.words import Direction, read, without
from packshot.imaging.types import Bytes2D, Floats, Progress, silent


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Finished sRGB pixels; `note` tells the person what of the prompt was not understood."""

    rgb: Bytes2D
    note: str | None
    product: Bytes2D | None = None
    """How much of each pixel is the product; None for an empty scene."""


def compose(
    cutout: Bytes2D | None,
    *,
    prompt: str,
    seed: int,
    variant: int = 0,
    ratio: str = "1:1",
    size: int = 1024,
    shape: tuple[int, int] | None = None,
    direction: Direction | None = None,
    style: Style | None = None,
    negative: str = "",
    progress: Progress = silent,
) -> Scene:
    """Compose a scene around an RGBA cut-out (cropped to its bounds), or an empty one.

    Variants of one prompt differ in set, camera, light and colours. `shape` (width and height in pixels) goes
    before ratio and size; `direction` before the prompt, which then only seeds the choices; what `negative` names
    is not chosen unless the prompt asks for it. Raises ratios.UnsupportedScene.
    """
    width, height = shape or dimensions(ratio, size)
    direction = without(direction or read(prompt), negative)
    chosen = plan(direction, seed, variant, prompt, cutout is None, style)
    rng = generator(seed, variant, prompt, "set")
    footprint = _measure(cutout, chosen, width, height)
    frame = backdrop.build(chosen, camera_for(chosen, width, height, footprint.base_y), rng)
    progress(40)
    face = _furnish(frame, chosen, footprint, rng)
    progress(65)
    product = None
    if cutout is None:
        linear = frame.develop()
    else:
        product = placing.place(cutout, (width, height), footprint.size, footprint.x, footprint.stand_y)
        gloss = (
            MATERIALS[chosen.prop_material].gloss
            if face is not None
            else backdrop.gloss(chosen, frame.camera)
        )
        placing.ground(frame, product, gloss, face)
        progress(80)
        linear = placing.light_up(frame, product, shoulder(frame.develop()))
    rgb = _finish(linear, generator(seed, variant, prompt, "grain"))
    there = None if product is None else np.rint(product.alpha * 255).astype(np.uint8)
    return Scene(rgb, direction.note, there)


@dataclass(frozen=True, slots=True)
class _Footprint:
    """Where things stand, in pixels: the product, and the plinth under it if any."""

    x: float
    base_y: float
    """Depth of the scene's centre, at which the camera is set up."""
    stand_y: float
    """The product's lowest point."""
    size: tuple[int, int]
    plinth: props.Plinth | None


def _measure(cutout: Bytes2D | None, plan: Plan, width: int, height: int) -> _Footprint:
    raised = plan.prop.startswith(("plinth", "steps"))
    low = plan.prop in ("plinth_low", "steps")
    tall = 0.50 if raised and not low else (0.54 if raised else 0.60)
    box = (0.60 * width, tall * height)
    box = (box[0] * plan.scale, box[1] * plan.scale)
    size = placing.fit(cutout, box) if cutout is not None else (round(0.3 * width), round(0.3 * height))
    x = width * (0.5 + (0.16 * plan.align if width >= height else 0.10 * plan.align))
    unit = min(width, height)
    if not raised:
        base_y = min(0.86 * height, 0.53 * height + size[1] / 2)
        return _Footprint(x, base_y, base_y, size, None)
    radius = float(np.clip(0.62 * size[0] + 0.05 * unit, 0.20 * unit, 0.46 * width))
    rise = (0.09 if low else 0.20) * unit
    base_y = float(min(0.80 * height, 0.47 * height + size[1] / 2))
    flat = plan.tilt
    stand_y = base_y + 0.30 * radius * flat
    return _Footprint(x, base_y + 0.0, stand_y, size, props.Plinth(x, base_y, radius, rise))


def _furnish(frame: Frame, plan: Plan, footprint: _Footprint, rng: np.random.Generator) -> Floats | None:
    """Set up the props; returns the face the product stands on, or None for the floor."""
    noise = Noise(rng)
    material = MATERIALS[plan.prop_material]
    colour = plan.prop_colour
    if plan.prop_material not in ("matte", "flat") and not plan.prop_is_named:
        colour = backdrop.material_colour(plan.prop_material, rng)
    if plan.prop == "steps" and footprint.plinth is not None:
        main = footprint.plinth
        side = -1.0 if plan.light.side > 0 else 1.0
        behind = props.Plinth(
            main.x - side * 1.02 * main.radius,
            main.top_y - 1.1 * main.tall,
            0.62 * main.radius,
            1.9 * main.tall,
        )
        props.plinth(frame, behind, material, mix(colour, plan.accent, 0.45), noise)
    if "balls" in plan.prop:
        _scatter(frame, plan, footprint, rng)
    if footprint.plinth is None:
        return None
    return props.plinth(frame, footprint.plinth, material, colour, noise)


def _scatter(frame: Frame, plan: Plan, footprint: _Footprint, rng: np.random.Generator) -> None:
    """Three to five balls, small ones in front, never before the product."""
    camera = frame.camera
    tones = backdrop.accent_tones(plan.accent)
    shine = 0.9 if plan.wall == "festive" or plan.light.warmth > 0.2 else 0.15
    half = footprint.plinth.radius if footprint.plinth else footprint.size[0] / 2
    spots = []
    for index in range(int(rng.integers(3, 6))):
        side = -1.0 if index % 2 == 0 else 1.0
        radius = camera.unit * float(rng.uniform(0.030, 0.075))
        x = footprint.x + side * (half + radius * 1.15 + camera.unit * float(rng.uniform(0.0, 0.16)))
        base = camera.base_y + camera.unit * float(rng.uniform(-0.03, 0.07))
        spots.append((base, x, radius, index))
    for base, x, radius, index in sorted(spots):
        tone = tones[index % 3] if index % 3 else plan.accent
        props.ball(
            frame, x, base, radius, mix(tone, plan.wall_colour, 0.25 if index % 3 == 2 else 0.0), shine
        )


def _finish(linear: Floats, rng: np.random.Generator) -> Bytes2D:
    """Vignette, tone curve, and a grain that also hides the steps of 8-bit gradients."""
    height, width = linear.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    corner = np.hypot(2 * x / width - 1, 2 * y / height - 1)
    linear = linear * (1 - 0.16 * smoothstep(0.62, 1.5, corner))[..., None]
    coded = to_srgb(linear)
    grain = rng.standard_normal((height, width), dtype=np.float32)
    coded += (grain * np.float32(1.15))[..., None]
    return np.clip(np.rint(coded), 0, 255).astype(np.uint8)
