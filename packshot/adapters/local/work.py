"""What the pool's children can do. Every function takes `report` first, then plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from packshot.imaging import inspect as inspecting
from packshot.imaging import thumbs
from packshot.imaging.cutout import Cutout, cut_out
from packshot.imaging.decode import Picture, decode
from packshot.imaging.export import Converted, encode
from packshot.imaging.export import convert as convert_file
from packshot.imaging.scene.compose import Scene, compose
from packshot.imaging.types import Bytes2D, Progress
from packshot.imaging.upscale import upscale as enlarge

REFERENCE_SIDE = 1536
"""A product never fills more of the largest scene than this, so more pixels would be thrown away."""


@dataclass(frozen=True, slots=True)
class Made:
    """A finished file."""

    data: bytes
    media_type: str
    width: int
    height: int
    confidence: float | None = None
    note: str | None = None


def inspect(_report: Progress, data: bytes) -> inspecting.Inspection:
    """See packshot.imaging.inspect."""
    return inspecting.inspect(data)


def thumbnails(_report: Progress, data: bytes) -> thumbs.Thumbs:
    """See packshot.imaging.thumbs."""
    return thumbs.thumbnails(data)


def convert(_report: Progress, data: bytes, options: Mapping[str, Any]) -> Converted:
    """See packshot.imaging.export; `options` are convert()'s keyword arguments."""
    return convert_file(data, **options)


def product(report: Progress, data: bytes) -> Cutout:
    """The reference's object, cropped to its own bounds and no larger than a scene can show."""
    picture = _at_most(decode(data), REFERENCE_SIDE)
    report(10)
    cutout = cut_out(picture, lambda percent: report(10 + percent * 9 // 10))
    return Cutout(_cropped(cutout.rgba), cutout.confidence)


def scene(
    report: Progress, cutout: Cutout | None, order: Mapping[str, Any], source_type: str, quality: int
) -> Made:
    """One composed picture as JPEG; `order` holds compose()'s keyword arguments."""
    made: Scene = compose(None if cutout is None else cutout.rgba, progress=report, **order)
    data = encode(made.rgb, "image/jpeg", source_type=source_type, quality=quality)
    height, width = made.rgb.shape[:2]
    confidence = None if cutout is None else cutout.confidence
    return Made(data, "image/jpeg", width, height, confidence, made.note)


def remove_background(report: Progress, data: bytes, source_type: str) -> Made:
    """The object at full size on transparency, as PNG."""
    picture = decode(data)
    report(10)
    cutout = cut_out(picture, lambda percent: report(10 + percent * 7 // 10))
    return _as_png(cutout.rgba[..., :3], cutout.rgba[..., 3], source_type, cutout.confidence)


def upscale(report: Progress, data: bytes, factor: int, source_type: str) -> Made:
    """The picture enlarged: PNG if it has transparency, else JPEG."""
    picture = decode(data)
    report(2)
    large = enlarge(picture, factor, lambda percent: report(2 + percent * 93 // 100))
    if large.alpha is not None:
        return _as_png(large.rgb, large.alpha, source_type, None)
    data = encode(large.rgb, "image/jpeg", source_type=source_type, quality=95)
    return Made(data, "image/jpeg", large.width, large.height)


FUNCTIONS = {
    "inspect": inspect,
    "thumbnails": thumbnails,
    "convert": convert,
    "product": product,
    "scene": scene,
    "remove_background": remove_background,
    "upscale": upscale,
}


def _as_png(rgb: Bytes2D, alpha: Bytes2D, source_type: str, confidence: float | None) -> Made:
    data = encode(rgb, "image/png", source_type=source_type, alpha=alpha)
    return Made(data, "image/png", int(rgb.shape[1]), int(rgb.shape[0]), confidence)


def _at_most(picture: Picture, side: int) -> Picture:
    scale = side / max(picture.width, picture.height)
    if scale >= 1:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))

    def shrink(pixels: Bytes2D) -> Bytes2D:
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    alpha = None if picture.alpha is None else shrink(picture.alpha)
    return Picture(shrink(picture.rgb), alpha, picture.media_type)


def _cropped(rgba: Bytes2D) -> Bytes2D:
    """Without the empty margin; a mask without anything solid is returned whole."""
    solid = rgba[..., 3] > 8
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if rows.size == 0:
        return rgba
    return np.ascontiguousarray(rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
