"""What a search can know of a picture without a name: a hash of its looks, and its colours in words."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging import oklab
from packshot.imaging.types import Bytes2D, Floats

COLOURS = (
    "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown", "black", "grey", "white",
)  # fmt: skip
"""Every word that `colours` can answer with."""

DOMINANT = 0.08
"""A colour counts from this share of what can be seen."""
_MOST = 3
_HASH_SIDE = 32
_LOOK_SIDE = 96
_NEUTRAL = ("grey", "white")


def phash(pixels: Bytes2D) -> int:
    """A 64-bit DCT hash as a signed integer: few bits apart means that two pictures look alike.

    `pixels` are RGB, or RGB premultiplied with alpha, which are laid on white.
    """
    grey = cv2.cvtColor(_over_white(pixels), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_HASH_SIDE, _HASH_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    waves = cv2.dct(small)[:9, :8]
    waves[0, 0] = waves[8, 0]  # the mean brightness would be the same bit in every picture
    waves = waves[:8].ravel()
    # A picture without any detail must not be hashed from the noise of rounding.
    waves[np.abs(waves) < 0.5] = 0
    bits = waves > np.median(waves)
    return int.from_bytes(np.packbits(bits).tobytes(), "big", signed=True)


def colours(pixels: Bytes2D) -> tuple[str, ...]:
    """One to three words of COLOURS, the most seen first; a white or grey backdrop comes last.

    `pixels` as for `phash`, but what is transparent has no colour at all.
    """
    shares = _shares(*_straight(pixels))
    seen = [name for name in sorted(shares, key=lambda name: -shares[name]) if shares[name] >= DOMINANT]
    if not seen:
        return (max(shares, key=lambda name: shares[name]),)
    backdrop = _backdrop(pixels)
    if backdrop in seen:
        seen.remove(backdrop)
        return (*seen[: _MOST - 1], backdrop)
    return tuple(seen[:_MOST])


def name_of(lab: Floats) -> npt.NDArray[np.intp]:
    """For each OKLab colour along the last axis its index in COLOURS."""
    light, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    earthy = (hue >= 30) & (hue < 100)
    rules = (
        ("black", (light < 0.2) | ((light < 0.34) & (chroma < 0.035))),
        ("white", (light > 0.92) & (chroma < 0.045) | (light > 0.9) & (chroma < 0.02)),
        ("grey", chroma < 0.028),
        # A quiet or a dark orange is what people call brown, tan or beige.
        ("brown", earthy & ((light < 0.58) & (chroma < 0.15) | (chroma < 0.1) & (hue > 45))),
        ("pink", ((hue >= 338) | (hue < 12)) & (light > 0.45)),
        ("pink", (hue < 45) & (light > 0.72)),
        ("red", (hue >= 338) | (hue < 42)),
        ("orange", hue < 78),
        ("yellow", hue < 116),
        ("green", hue < 172),
        ("teal", hue < 213),
        ("blue", hue < 284),
    )
    return np.select(
        [holds for _, holds in rules], [COLOURS.index(name) for name, _ in rules], COLOURS.index("purple")
    ).astype(np.intp)


def _shares(rgb: Bytes2D, weight: Floats) -> dict[str, float]:
    total = max(float(weight.sum()), 1e-6)
    counts = np.bincount(name_of(oklab.from_rgb(rgb)).ravel(), weight.ravel(), len(COLOURS))
    return {name: float(count) / total for name, count in zip(COLOURS, counts, strict=True)}


def _backdrop(pixels: Bytes2D) -> str | None:
    """White or grey, where that is what most of the picture's border shows."""
    rgb, weight = _straight(pixels)
    edge = np.ones(weight.shape, bool)
    rim = max(1, min(weight.shape) // 24)
    edge[rim:-rim, rim:-rim] = False
    if weight[edge].mean() < 0.5:
        return None
    shares = _shares(rgb[edge][None], weight[edge][None])
    name = max(shares, key=lambda name: shares[name])
    return name if name in _NEUTRAL and shares[name] > 0.5 else None


def _straight(pixels: Bytes2D) -> tuple[Bytes2D, Floats]:
    """(RGB, how much each pixel counts), small enough to look at quickly."""
    height, width = pixels.shape[:2]
    scale = min(1.0, _LOOK_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if small.shape[2] == 3:
        return small, np.ones(small.shape[:2], np.float32)
    alpha = small[..., 3].astype(np.float32)
    rgb = small[..., :3] * (255 / np.maximum(alpha, 1))[..., None]
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8), alpha / 255


def _over_white(pixels: Bytes2D) -> Bytes2D:
    if pixels.shape[2] == 3:
        return pixels
    behind = (255 - pixels[..., 3:]).astype(np.uint16)
    return np.asarray(np.minimum(pixels[..., :3] + behind, 255), dtype=np.uint8)
