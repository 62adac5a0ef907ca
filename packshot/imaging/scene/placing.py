"""The product in the set: its size and place, its shadows, its mirror image, and the set's light on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from packshot.imaging.scene import shadows
from packshot.imaging.scene.colour import luma, to_linear
from packshot.imaging.scene.frame import Frame
from packshot.imaging.scene.noise import blur, smoothstep
from packshot.imaging.types import Bytes2D, Floats

MAX_ENLARGEMENT = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """The cut-out on a canvas of the scene's size: linear colour premultiplied by alpha."""

    colour: Floats
    alpha: Floats
    extent: float
    """Its larger side in pixels, the measure for its shadows."""
    base_y: float
    """Its lowest point."""


def fit(rgba: Bytes2D, box: tuple[float, float]) -> tuple[int, int]:
    """(width, height) of the cut-out inside a box, proportions kept, never blown up beyond reason."""
    height, width = rgba.shape[:2]
    scale = min(box[0] / width, box[1] / height, MAX_ENLARGEMENT)
    return max(2, round(width * scale)), max(2, round(height * scale))


def place(
    rgba: Bytes2D, canvas: tuple[int, int], size: tuple[int, int], centre_x: float, base_y: float
) -> Product:
    """Resize the cut-out and stand it on `base_y`."""
    alpha = rgba[..., 3].astype(np.float32) / 255
    colour = to_linear(rgba[..., :3]) * alpha[..., None]
    shrinking = size[0] < rgba.shape[1]
    way = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    layer = cv2.resize(np.dstack((colour, alpha)), size, interpolation=way)
    width, height = canvas
    left = round(np.clip(centre_x - size[0] / 2, 0, max(0, width - size[0])))
    top = round(base_y - size[1])
    sheet = np.zeros((height, width, 4), np.float32)
    shown = layer[max(0, -top) : height - top, : width - left]
    sheet[max(0, top) : max(0, top) + shown.shape[0], left : left + shown.shape[1]] = shown
    sheet = np.clip(sheet, 0, 1)
    return Product(sheet[..., :3], sheet[..., 3], float(max(size)), float(base_y))


def ground(frame: Frame, product: Product, gloss: Floats | float, on_top: Floats | None) -> None:
    """Shadows and reflection on what the product stands on; `on_top` confines them to a plinth's face."""
    flattening = frame.camera.flattening(product.base_y)
    key = shadows.cast(product.alpha, product.base_y, product.extent, frame.light, flattening)
    if on_top is not None:
        key = key * on_top
    else:
        rows = np.arange(frame.camera.height, dtype=np.float32)[:, None]
        # A wall takes the rest of a long shadow: it only grows faint there.
        key = key * smoothstep(frame.camera.junction - 0.10 * product.extent, frame.camera.junction, rows)
    room = shadows.contact(product.alpha, product.base_y, product.extent)
    if on_top is not None:
        room = room * on_top
    frame.shadow(key=np.clip(key + 0.55 * room, 0, 0.96), room=room)
    if float(np.max(gloss)) > 0.01:
        _reflect(frame, product, gloss, on_top)


def _reflect(frame: Frame, product: Product, gloss: Floats | float, on_top: Floats | None) -> None:
    base = shadows.feet(product.alpha, 0.10 * product.extent)
    image = shadows.mirrored(np.dstack((product.colour, product.alpha)), base)
    y = np.arange(frame.camera.height, dtype=np.float32)[:, None]
    away = np.clip((y - base[None, :]) / product.extent, 0, None)
    soft = blur(image, 0.012 * product.extent, 0.022 * product.extent)
    share = np.clip(away * 5, 0, 1)[..., None]
    image = image + (soft - image) * share
    strength = gloss * np.exp(-away / 0.22) * 0.75
    if on_top is not None:
        strength = strength * on_top
    cover = (image[..., 3] * strength)[..., None]
    frame.albedo *= 1 - 0.75 * cover
    frame.glow *= 1 - 0.75 * cover
    light = 0.5 * (frame.light.key + frame.light.room)
    frame.glow += image[..., :3] * strength[..., None] * light


def light_up(frame: Frame, product: Product, backdrop: Floats) -> Floats:
    """The developed backdrop with the product over it, tinted, modelled and wrapped in the set's light."""
    light = frame.light
    height, width = product.alpha.shape
    x = np.arange(width, dtype=np.float32)[None, :]
    columns = np.flatnonzero(product.alpha.max(axis=0) > 0.5)
    middle, half = (columns.mean(), max(1.0, np.ptp(columns) / 2)) if columns.size else (width / 2, width / 2)
    model = 1 + 0.07 * light.contrast * light.side * np.clip((x - middle) / half, -1, 1)
    y = np.arange(height, dtype=np.float32)[:, None]
    model = model * (1 - 0.10 * smoothstep(product.base_y - 0.22 * product.extent, product.base_y, y))

    around = blur(backdrop, 0.05 * max(width, height))
    tone = around / np.maximum(luma(around), 0.02)[..., None]
    key = light.key / luma(light.key)
    tint = (1 + 0.34 * (key - 1)) * (1 + 0.16 * (np.clip(tone, 0.4, 1.8) - 1))
    level = 0.96 + 0.10 * (light.level - 1) - 0.06 * light.contrast
    colour = product.colour * tint * (model * np.float32(level))[..., None]

    inner = product.alpha * (1 - blur(product.alpha, 0.008 * product.extent))
    wrap = np.clip(inner * 1.5, 0, 1) * 0.55
    colour = colour + (around * product.alpha[..., None] - colour) * (0.5 * wrap)[..., None]
    return np.asarray(backdrop * (1 - product.alpha[..., None]) + colour, dtype=np.float32)
