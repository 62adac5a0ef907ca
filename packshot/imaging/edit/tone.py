"""Turning a picture's tones. Nothing moves: every pixel stays where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from packshot.imaging import oklab
from packshot.imaging.edit.words import Tone
from packshot.imaging.scene.colour import luma, to_linear, to_srgb
from packshot.imaging.types import Bytes2D, Floats, Progress, f32, silent

_BAND = 512
"""Rows at a time: a large photo in floats is a gigabyte."""


def adjust(
    rgb: Bytes2D, tones: Sequence[Tone], product: Floats | None = None, progress: Progress = silent
) -> Bytes2D:
    """The picture with every tone turned, one after the other.

    `product` (0..1) is needed where a tone is for the product or its background alone.
    """
    for number, tone in enumerate(tones):
        rgb = _LOCAL[tone.name](rgb, tone, product) if tone.name in _LOCAL else _pointwise(rgb, tone, product)
        progress((number + 1) * 100 // len(tones))
    return rgb


def needs_product(tones: Sequence[Tone]) -> bool:
    """Whether `adjust` must know where the product is."""
    return any(tone.scope in ("product", "background") for tone in tones)


def _pointwise(rgb: Bytes2D, tone: Tone, product: Floats | None) -> Bytes2D:
    turn = _POINTWISE[tone.name]
    pivot = _pivot(rgb)
    made = np.empty_like(rgb)
    for top in range(0, rgb.shape[0], _BAND):
        rows = slice(top, top + _BAND)
        band = rgb[rows]
        weight = _weight(band, tone, None if product is None else product[rows])
        made[rows] = turn(band, tone.amount, weight, pivot)
    return made


def _weight(rgb: Bytes2D, tone: Tone, product: Floats | None) -> Floats:
    """How much of the tone each pixel gets, as a plane with one channel."""
    if tone.scope in ("product", "background"):
        if product is None:
            raise ValueError("where the product is must be known")
        return (product if tone.scope == "product" else 1 - product)[..., None]
    if tone.scope == "all":
        return np.ones((1, 1, 1), np.float32)
    light = oklab.from_rgb(rgb)[..., :1]
    bright = _smooth(light, 0.25, 0.75)
    return f32(1 - bright) if tone.scope == "shadows" else bright


def _smooth(value: Floats, low: float, high: float) -> Floats:
    share = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return f32(share * share * (3 - 2 * share))


def _pivot(rgb: Bytes2D) -> float:
    """The lightness that contrast turns around: the picture's own middle, within reason."""
    small = cv2.resize(rgb, (64, 64), interpolation=cv2.INTER_AREA)
    return float(np.clip(np.median(oklab.from_rgb(np.asarray(small, np.uint8))[..., 0]), 0.4, 0.72))


def _warmth(rgb: Bytes2D, amount: float, weight: Floats, _pivot: float) -> Bytes2D:
    """White balance: gains in linear light, at the same luminance."""
    gain = np.array((1 + 0.085 * amount, 1 + 0.012 * amount, 1 - 0.12 * amount), np.float32)
    level = f32(np.maximum(gain, 0.2) / luma(gain))
    return np.rint(to_srgb(f32(to_linear(rgb) * (1 + (level - 1) * weight)))).astype(np.uint8)


def _light(rgb: Bytes2D, amount: float, weight: Floats, _pivot: float) -> Bytes2D:
    """The middle moves most; black and white stay, so that nothing is lost at the ends."""

    def curve(light: Floats) -> Floats:
        return f32(light + np.float32(0.095 * amount) * 4 * light * (1 - light) * weight)

    return _lightness(rgb, curve)


def _contrast(rgb: Bytes2D, amount: float, weight: Floats, pivot: float) -> Bytes2D:
    middle = np.float32(pivot)

    def curve(light: Floats) -> Floats:
        away = light - middle
        if amount > 0:
            # Steeper around the middle, level at the ends.
            room = np.clip(1 - np.abs(2 * light - 1) ** 3, 0, 1)
            return f32(np.clip(light + np.float32(0.26 * amount) * away * room * weight, 0, 1))
        # The lights of a shop's picture are its white paper: shadows give way first.
        give = np.where(away < 0, np.float32(0.30), np.float32(0.12)) * np.float32(min(-amount, 2.5))
        return f32(light - away * np.clip(give, 0, 0.8) * weight)

    return _lightness(rgb, curve)


def _lightness(rgb: Bytes2D, curve: Callable[[Floats], Floats]) -> Bytes2D:
    """Lightness through a curve; colourfulness follows it half-way, as it does in print."""
    lab = oklab.from_rgb(rgb)
    light = lab[..., :1]
    changed = curve(light)
    follow = np.sqrt(np.clip(changed / np.maximum(light, 0.02), 0.25, 4))
    # Close to white there is no room for colour.
    follow = np.where(changed > light, np.minimum(follow, 1 + 2 * (1 - changed)), follow)
    return oklab.to_rgb(np.concatenate((changed, lab[..., 1:] * follow), axis=-1))


def _colour(rgb: Bytes2D, amount: float, weight: Floats, _pivot: float) -> Bytes2D:
    lab = oklab.from_rgb(rgb)
    if amount > 0:
        chroma = np.hypot(lab[..., 1:2], lab[..., 2:3])
        # What is vivid already gains less: it would only be clipped.
        factor = f32(1 + np.float32(0.34 * amount) * np.clip(1 - chroma / 0.32, 0.15, 1) * weight)
    else:
        factor = f32(1 - np.float32(min(0.95, -0.42 * amount)) * weight)
    return oklab.to_rgb(np.concatenate((lab[..., :1], lab[..., 1:] * factor), axis=-1))


def _grey(rgb: Bytes2D, _amount: float, weight: Floats, _pivot: float) -> Bytes2D:
    lab = oklab.from_rgb(rgb)
    return oklab.to_rgb(np.concatenate((lab[..., :1], lab[..., 1:] * (1 - weight)), axis=-1))


def _sepia(rgb: Bytes2D, amount: float, weight: Floats, _pivot: float) -> Bytes2D:
    lab = oklab.from_rgb(rgb)
    room = 4 * lab[..., :1] * (1 - lab[..., :1])
    tint = np.array((0.016, 0.046), np.float32) * room * np.float32(min(1.5, max(0.3, amount)))
    return oklab.to_rgb(
        np.concatenate((lab[..., :1], lab[..., 1:] * (1 - 0.85 * weight) + tint * weight), axis=-1)
    )


def _white(rgb: Bytes2D, amount: float, weight: Floats, _pivot: float) -> Bytes2D:
    """What is light becomes paper: lighter and without a cast."""
    lab = oklab.from_rgb(rgb)
    paper = _smooth(lab[..., :1], 0.45, 0.9) * weight * np.float32(np.clip(0.75 * amount, 0, 1))
    light = lab[..., :1] + (1 - lab[..., :1]) * paper
    return oklab.to_rgb(np.concatenate((light, lab[..., 1:] * (1 - paper)), axis=-1))


def _detail(rgb: Bytes2D, tone: Tone, product: Floats | None) -> Bytes2D:
    """Unsharp mask on luminance, or a little blur."""
    side = max(rgb.shape[:2])
    return _local(rgb, tone, product, 0.0011 * side, 0.9 if tone.amount > 0 else 0.75)


def _softness(rgb: Bytes2D, tone: Tone, product: Floats | None) -> Bytes2D:
    """Softer light: broad differences give way, fine ones (a label's print) stay; and the reverse."""
    made = _local(rgb, Tone(tone.name, -tone.amount, tone.scope), product, 0.02 * max(rgb.shape[:2]), 0.28)
    return _pointwise(made, Tone("contrast", -0.5 * tone.amount, tone.scope), product)


def _local(rgb: Bytes2D, tone: Tone, product: Floats | None, sigma: float, gain: float) -> Bytes2D:
    """More (amount > 0) or less of what differs from the surroundings within `sigma` pixels."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    around = np.asarray(cv2.GaussianBlur(grey, (0, 0), max(0.6, sigma)), dtype=np.float32)
    change = np.float32(max(-0.9, gain * tone.amount)) * (grey - around)
    # Halos are what one sees of too much.
    change = np.clip(change, -44, 44)
    made = np.empty_like(rgb)
    for top in range(0, rgb.shape[0], _BAND):
        rows = slice(top, top + _BAND)
        weight = _weight(rgb[rows], tone, None if product is None else product[rows])
        made[rows] = np.clip(np.rint(rgb[rows] + change[rows, :, None] * weight), 0, 255)
    return made


_POINTWISE: dict[str, Callable[[Bytes2D, float, Floats, float], Bytes2D]] = {
    "warmth": _warmth,
    "light": _light,
    "contrast": _contrast,
    "colour": _colour,
    "grey": _grey,
    "sepia": _sepia,
    "white": _white,
}
_LOCAL: dict[str, Callable[[Bytes2D, Tone, Floats | None], Bytes2D]] = {
    "detail": _detail,
    "softness": _softness,
}
