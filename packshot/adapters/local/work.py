"""What the pool's children can do. Every function takes `report` first, then plain values."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from packshot.imaging import inspect as inspecting
from packshot.imaging import thumbs
from packshot.imaging.clip import MEDIA_TYPE, film
from packshot.imaging.cutout import Cutout, cut_out, matte
from packshot.imaging.decode import Picture, decode
from packshot.imaging.edit.tone import adjust, needs_product
from packshot.imaging.edit.words import Tone
from packshot.imaging.export import Converted, encode
from packshot.imaging.export import convert as convert_file
from packshot.imaging.film import Film, look
from packshot.imaging.scene.compose import Scene, compose
from packshot.imaging.scene.ratios import shape_like
from packshot.imaging.scene.style import Style, style_of
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


def thumbnails(_report: Progress, data: bytes | Path) -> thumbs.Thumbs:
    """See packshot.imaging.thumbs; a file on this machine by its path."""
    return thumbs.thumbnails(data.read_bytes() if isinstance(data, Path) else data)


def poster(_report: Progress, data: bytes | Path) -> Film:
    """See packshot.imaging.film."""
    return look(data)


def convert(_report: Progress, data: bytes, options: Mapping[str, Any]) -> Converted:
    """See packshot.imaging.export; `options` are convert()'s keyword arguments."""
    return convert_file(data, **options)


def fitted(_report: Progress, data: bytes, side: int) -> tuple[bytes, str]:
    """(file, media type) of the same picture for a provider to look at: no larger than `side`, without metadata."""
    picture = _at_most(decode(data), side)
    out = io.BytesIO()
    if picture.alpha is None:
        Image.fromarray(picture.rgb).save(out, "JPEG", quality=92)
        return out.getvalue(), "image/jpeg"
    Image.fromarray(np.dstack((picture.rgb, picture.alpha))).save(out, "WEBP", quality=92)
    return out.getvalue(), "image/webp"


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
    confidence = None if cutout is None else cutout.confidence
    return _as_jpeg(made.rgb, source_type, quality, confidence, made.note)


def style(_report: Progress, pictures: Sequence[bytes]) -> Style:
    """The common tones of these files."""
    return style_of([decode(data).rgb for data in pictures])


def retouch(report: Progress, data: bytes, tones: Sequence[Tone], source_type: str) -> Made:
    """The picture with its tones turned: PNG if it has transparency, else JPEG."""
    picture = decode(data)
    report(10)
    there = matte(picture) if needs_product(tones) else None
    report(50)
    rgb = adjust(picture.rgb, tones, there, lambda percent: report(50 + percent * 45 // 100))
    if picture.alpha is not None:
        return _as_png(rgb, picture.alpha, source_type, None)
    return _as_jpeg(rgb, source_type, 95)


def recompose(
    report: Progress,
    data: bytes,
    cutout: Cutout,
    order: Mapping[str, Any],
    tones: Sequence[Tone],
    source_type: str,
) -> Made:
    """A scene in the shape of the picture `data`, its tones turned; `order` as for `scene`."""
    like = decode(data)
    shape = shape_like(like.width, like.height)
    made: Scene = compose(
        cutout.rgba, shape=shape, progress=lambda percent: report(percent * 85 // 100), **order
    )
    there = None if made.product is None else made.product.astype(np.float32) / 255
    return _as_jpeg(adjust(made.rgb, tones, there), source_type, 92, cutout.confidence)


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
    return _as_jpeg(large.rgb, source_type, 95)


def clip(report: Progress, data: bytes, motion: str, seconds: int, source_type: str) -> Made:
    """A film of the camera moving over the picture."""
    made = film(decode(data), motion=motion, seconds=seconds, source_type=source_type, progress=report)
    return Made(made.data, MEDIA_TYPE, made.width, made.height, note=made.note)


FUNCTIONS = {
    "inspect": inspect,
    "thumbnails": thumbnails,
    "poster": poster,
    "convert": convert,
    "fitted": fitted,
    "product": product,
    "scene": scene,
    "style": style,
    "retouch": retouch,
    "recompose": recompose,
    "remove_background": remove_background,
    "upscale": upscale,
    "clip": clip,
}


def _as_jpeg(
    rgb: Bytes2D, source_type: str, quality: int, confidence: float | None = None, note: str | None = None
) -> Made:
    data = encode(rgb, "image/jpeg", source_type=source_type, quality=quality)
    return Made(data, "image/jpeg", int(rgb.shape[1]), int(rgb.shape[0]), confidence, note)


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
