"""Shadows and reflections of a silhouette that stands on a floor."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging.scene.noise import blur, smoothstep
from packshot.imaging.scene.stage import Light
from packshot.imaging.types import Floats, f32


def contact(silhouette: Floats, base_y: float, extent: float) -> Floats:
    """Darkness where something touches the floor. `extent`: the object's size in pixels."""
    height = silhouette.shape[0]
    rows = np.arange(height, dtype=np.float32)[:, None]
    standing = silhouette * smoothstep(base_y - 0.085 * extent, base_y - 0.015 * extent, rows)
    foot = _shifted(f32(standing), 0.009 * extent)
    tight = blur(foot, 0.010 * extent, 0.005 * extent)
    near = blur(foot, 0.040 * extent, 0.014 * extent)
    wide = blur(foot, 0.130 * extent, 0.045 * extent)
    return f32(np.clip(0.72 * tight + 0.62 * near + 0.85 * wide, 0, 0.94))


def _shifted(plane: Floats, down: float) -> Floats:
    move = np.array(((1, 0, 0), (0, 1, down)), np.float32)
    return np.asarray(
        cv2.warpAffine(plane, move, plane.shape[::-1], flags=cv2.INTER_LINEAR), dtype=np.float32
    )


def cast(silhouette: Floats, base_y: float, extent: float, light: Light, flattening: float) -> Floats:
    """The key light's shadow on the floor: sharp at the foot, softer the further it falls."""
    height, width = silhouette.shape
    across = -light.side * (0.42 + 0.50 * (1 - light.softness))
    back = flattening * (1.25 - 0.35 * light.softness)
    foot = base_y - 0.02 * extent
    # From a place in the shadow back to the point of the silhouette that stops the light there.
    inverse = np.array(
        ((1, across / back, -across / back * foot), (0, 1 / back, foot - foot / back)), np.float32
    )
    fallen = np.asarray(
        cv2.warpAffine(silhouette, inverse, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP),
        dtype=np.float32,
    )
    rows = np.arange(height, dtype=np.float32)[:, None]
    # What hangs below the foot's line (the front of a round base) has nothing to throw a shadow on.
    fallen *= smoothstep(foot + 0.02 * extent, foot, rows)
    far = np.clip((foot - rows) / max(1.0, extent * back), 0, 1)
    reach = 0.3 + 0.9 * light.softness
    sharp = blur(fallen, 0.008 * extent * reach)
    soft = blur(fallen, 0.030 * extent * reach, 0.018 * extent * reach)
    softest = blur(fallen, 0.085 * extent * reach, 0.045 * extent * reach)
    near = np.clip(far * 3, 0, 1)
    mixed = (sharp + (soft - sharp) * near) * (1 - far) + softest * far
    return f32(np.clip(mixed * (0.94 - 0.45 * far * light.softness), 0, 0.95))


def feet(alpha: Floats, depth: float) -> Floats:
    """For each column the y at which the object stands on the floor, smooth; `depth`: how far a foot may
    lie behind the foremost one (a handle or a toe hanging in the air stands nowhere)."""
    height, width = alpha.shape
    solid = alpha > 0.5
    lowest = np.where(solid.any(axis=0), height - 1 - np.argmax(solid[::-1], axis=0), -1).astype(np.float32)
    deepest = float(lowest.max(initial=0))
    standing = np.maximum(lowest, deepest - depth)[None]
    return np.asarray(cv2.GaussianBlur(standing, (0, 0), max(1.0, width * 0.01))[0], dtype=np.float32)


def mirrored(layer: Floats, base: Floats) -> Floats:
    """The layer (with alpha, premultiplied) flipped at each column's foot, so that round bottoms meet theirs."""
    height, width = layer.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    source = 2 * base[None, :] - y
    source[y < base[None, :] - 1] = -10
    return np.asarray(
        cv2.remap(layer, x, source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), dtype=np.float32
    )
