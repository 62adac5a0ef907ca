"""OKLab: a space in which equal steps look equal. L is 0..1; a is green to red, b blue to yellow."""

from __future__ import annotations

import numpy as np

from packshot.imaging.scene.colour import to_linear, to_srgb
from packshot.imaging.types import Bytes2D, Floats, f32

# Björn Ottosson, "A perceptual color space for image processing" (2020).
_TO_CONES = np.array(
    (
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    ),
    np.float32,
)
_TO_LAB = np.array(
    (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    ),
    np.float32,
)
_FROM_CONES = np.linalg.inv(_TO_CONES).astype(np.float32)
_FROM_LAB = np.linalg.inv(_TO_LAB).astype(np.float32)


def from_linear(linear: Floats) -> Floats:
    """Linear sRGB to OKLab, along the last axis."""
    return f32(np.cbrt(np.maximum(linear @ _TO_CONES.T, 0)) @ _TO_LAB.T)


def from_rgb(rgb: Bytes2D) -> Floats:
    """8-bit sRGB to OKLab."""
    return from_linear(to_linear(rgb))


def to_linear_rgb(lab: Floats) -> Floats:
    """OKLab to linear sRGB; what no screen can show lies outside of 0..1."""
    cones = lab @ _FROM_LAB.T
    return f32((cones * cones * cones) @ _FROM_CONES.T)


def to_rgb(lab: Floats) -> Bytes2D:
    """OKLab to 8-bit sRGB, clipped."""
    return np.rint(to_srgb(to_linear_rgb(lab))).astype(np.uint8)
