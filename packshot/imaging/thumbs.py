"""The small pictures that a page shows before the large one."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from packshot.imaging import traits
from packshot.imaging.decode import Picture, decode
from packshot.imaging.types import Bytes2D


@dataclass(frozen=True, slots=True)
class Thumbs:
    """Size of the original in pixels, WebP files of at most 256 and 512, and a tiny one as a data URI.

    `phash` and `colours` as packshot.imaging.traits has them.
    """

    width: int
    height: int
    small: bytes
    large: bytes
    placeholder: str
    media_type: str
    phash: int
    colours: tuple[str, ...]


def thumbnails(data: bytes) -> Thumbs:
    """Decode fully and shrink. Raises BadPicture."""
    return thumbnails_of(decode(data))


def thumbnails_of(picture: Picture) -> Thumbs:
    """The same for a picture that is already decoded."""
    pixels = picture.rgb if picture.alpha is None else _premultiplied(picture.rgb, picture.alpha)
    large = _shrink(pixels, 512)
    small = _shrink(large, 256)
    tiny = base64.b64encode(_webp(_shrink(small, 20), 40)).decode("ascii")
    return Thumbs(
        width=picture.width,
        height=picture.height,
        small=_webp(small, 80),
        large=_webp(large, 82),
        placeholder=f"data:image/webp;base64,{tiny}",
        media_type=picture.media_type,
        phash=traits.phash(large),
        colours=traits.colours(large),
    )


def _premultiplied(rgb: Bytes2D, alpha: Bytes2D) -> Bytes2D:
    """Averaging straight colours would bleed the invisible ones into the edge."""
    share = alpha[..., None].astype(np.float32) / 255
    return np.dstack((np.rint(rgb * share).astype(np.uint8), alpha))


def _shrink(pixels: Bytes2D, side: int) -> Bytes2D:
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _webp(pixels: Bytes2D, quality: int) -> bytes:
    if pixels.shape[2] == 4:
        alpha = np.maximum(pixels[..., 3:].astype(np.float32), 1)
        rgb = np.clip(np.rint(pixels[..., :3] * (255 / alpha)), 0, 255).astype(np.uint8)
        pixels = np.dstack((rgb, pixels[..., 3]))
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "WEBP", quality=quality, method=4)
    return out.getvalue()
