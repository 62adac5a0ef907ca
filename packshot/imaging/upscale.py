"""Enlarging by 2 or 4 with a small convolutional network, tile by tile."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging import nets
from packshot.imaging.decode import MAX_PIXELS, Picture
from packshot.imaging.errors import BadPicture
from packshot.imaging.types import Bytes2D, Progress, silent

TILE = 512
CONTEXT = 7
"""Pixels the network eats on every side; tiles cut with this context meet without a seam."""
FACTORS = (2, 4)


def upscale(picture: Picture, factor: int, progress: Progress = silent) -> Picture:
    """The picture `factor` (2 or 4) times as large. Raises BadPicture `too_large` beyond MAX_PIXELS.

    JPEG sources go through the weights that also take compression noise out. Alpha is resampled.
    """
    if factor not in FACTORS:
        raise ValueError(f"the factor must be 2 or 4, not {factor}")
    width, height = picture.width * factor, picture.height * factor
    if width * height > MAX_PIXELS:
        limit = MAX_PIXELS // 1_000_000
        raise BadPicture(
            "too_large",
            f"Enlarged {factor} times this would be {width:,} x {height:,}, more than {limit} megapixels.",
        )
    rgb = picture.rgb
    passes = 1 if factor == 2 else 2
    work = [4**index for index in range(passes)]
    for index in range(passes):
        done, share = sum(work[:index]) / sum(work), work[index] / sum(work)
        noisy = picture.from_jpeg and index == 0
        rgb = _double(rgb, noisy, _part_of(progress, done, share))
    alpha = picture.alpha
    if alpha is not None:
        alpha = np.asarray(
            cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LANCZOS4), dtype=np.uint8
        )
    return Picture(rgb, alpha, picture.media_type)


def _part_of(progress: Progress, done: float, share: float) -> Progress:
    return lambda percent: progress(round(100 * done + share * percent))


def _double(rgb: Bytes2D, noisy: bool, progress: Progress) -> Bytes2D:
    name = "w2x_photo_noise1_scale2.0x_model.onnx" if noisy else "w2x_photo_scale2.0x_model.onnx"
    height, width = rgb.shape[:2]
    bordered = cv2.copyMakeBorder(rgb, CONTEXT, CONTEXT, CONTEXT, CONTEXT, _border(width, height))
    result = np.empty((2 * height, 2 * width, 3), np.uint8)
    corners = [(top, left) for top in range(0, height, TILE) for left in range(0, width, TILE)]
    for number, (top, left) in enumerate(corners, start=1):
        bottom, right = min(top + TILE, height), min(left + TILE, width)
        tile = bordered[top : bottom + 2 * CONTEXT, left : right + 2 * CONTEXT]
        batch = np.ascontiguousarray(tile.transpose(2, 0, 1)[None], dtype=np.float32) / np.float32(255)
        out = nets.run(name, batch)[0].transpose(1, 2, 0)
        result[2 * top : 2 * bottom, 2 * left : 2 * right] = np.rint(np.clip(out, 0, 1) * 255).astype(
            np.uint8
        )
        progress(100 * number // len(corners))
    return result


def _border(width: int, height: int) -> int:
    """Reflection without the edge pixel needs more pixels than the border is wide."""
    return cv2.BORDER_REFLECT_101 if min(width, height) > CONTEXT else cv2.BORDER_REPLICATE
