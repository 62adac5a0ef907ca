"""Light is added up in linear sRGB and shown in gamma-coded sRGB; here is the way between them."""

from __future__ import annotations

import numpy as np

from packshot.imaging.types import Bytes2D, Floats, f32

Colour = Floats
"""Three linear sRGB components."""

_LUMA = np.array((0.2126, 0.7152, 0.0722), np.float32)
_STEPS = 8191


def _decode_table() -> Floats:
    coded = np.arange(256) / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _encode_table() -> Floats:
    """Indexed by the root of the linear value, so that dark tones get enough steps."""
    value = (np.arange(_STEPS + 1) / _STEPS) ** 2
    coded = np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
    return (coded * 255).astype(np.float32)


_DECODE, _ENCODE = _decode_table(), _encode_table()


def to_linear(pixels: Bytes2D) -> Floats:
    """8-bit sRGB to linear 0..1."""
    return _DECODE[pixels]


def to_srgb(linear: Floats) -> Floats:
    """Linear to gamma-coded 0..255, still floats: grain is added before rounding."""
    index = np.sqrt(np.clip(linear, 0, 1)) * _STEPS + 0.5
    return _ENCODE[index.astype(np.uint16)]


def from_hex(code: str) -> Colour:
    """`#rrggbb` to linear."""
    return to_linear(np.array([int(code[at : at + 2], 16) for at in (1, 3, 5)], np.uint8))


def luma(colour: Floats) -> Floats:
    """Relative luminance along the last axis."""
    return f32(colour @ _LUMA)


def mix(one: Floats, other: Floats, share: float | Floats) -> Floats:
    """`one` with `share` of `other`."""
    return np.asarray(one + (other - one) * share, dtype=np.float32)


def shade(colour: Colour, factor: float) -> Colour:
    """Lighter (> 1) or darker, staying a colour of a real surface (at most 90 % reflection)."""
    return f32(np.clip(colour * np.float32(factor), 0.002, 0.9))


def saturate(colour: Colour, factor: float) -> Colour:
    """More (> 1) or less colourful at the same luminance."""
    grey = luma(colour)
    return np.clip(grey + (colour - grey) * np.float32(factor), 0.002, 0.95).astype(np.float32)


def shoulder(linear: Floats) -> Floats:
    """Roll highlights off softly instead of clipping them."""
    over = np.maximum(linear - 0.72, 0)
    return np.asarray(np.minimum(linear, 0.72) + 0.28 * np.tanh(over / 0.28), dtype=np.float32)
