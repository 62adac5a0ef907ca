"""The tones of another picture, for a set that shall look like it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from packshot.imaging import oklab
from packshot.imaging.scene.colour import Colour, mix
from packshot.imaging.types import Bytes2D, Floats, f32

_SIDE = 64
_TONES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """Three linear colours, and the light's warmth (-1 cold, +1 golden)."""

    wall: Colour
    floor: Colour
    accent: Colour
    warmth: float


def style_of(pictures: list[Bytes2D]) -> Style:
    """The common style of one or more RGB pictures. Raises ValueError for none."""
    if not pictures:
        raise ValueError("a style needs a picture")
    styles = [_one(rgb) for rgb in pictures]
    share = np.float32(1 / len(styles))
    wall, floor, accent = (
        f32(sum(colour * share for colour in colours))
        for colours in zip(*((style.wall, style.floor, style.accent) for style in styles), strict=True)
    )
    return Style(wall, floor, accent, float(np.mean([style.warmth for style in styles])))


def _one(rgb: Bytes2D) -> Style:
    small = np.asarray(cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    lab = oklab.from_rgb(small)
    # What hangs behind is seen at the sides above, what things stand on at the lower edge.
    behind = np.concatenate(
        (lab[:26, :8].reshape(-1, 3), lab[:26, -8:].reshape(-1, 3), lab[:5].reshape(-1, 3))
    )
    below = lab[-9:].reshape(-1, 3)
    wall, floor = _linear(np.median(behind, axis=0)), _linear(np.median(below, axis=0))
    bright = lab[lab[..., 0] >= np.quantile(lab[..., 0], 0.7)]
    warmth = float(np.clip(10 * (np.median(bright[:, 2]) + 0.4 * np.median(bright[:, 1])), -0.7, 0.7))
    return Style(wall, floor, mix(_accent(lab), wall, 0.15), warmth)


def _accent(lab: Floats) -> Colour:
    """The most colourful of the picture's few main tones."""
    cv2.setRNGSeed(0)  # k-means draws from OpenCV's global generator
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 1e-3)
    points = np.ascontiguousarray(lab.reshape(-1, 3))
    _, labels, centres = cv2.kmeans(
        points, _TONES, np.zeros((len(points), 1), np.int32), ends, 3, cv2.KMEANS_PP_CENTERS
    )
    seen = np.bincount(labels.ravel(), minlength=_TONES) / labels.size
    chroma = np.where(seen > 0.03, np.hypot(centres[:, 1], centres[:, 2]), -1)
    return _linear(centres[int(np.argmax(chroma))])


def _linear(lab: Floats) -> Colour:
    return f32(np.clip(oklab.to_linear_rgb(f32(lab)), 0.004, 0.9))
