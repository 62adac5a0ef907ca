"""Files that are what they say they are."""

from __future__ import annotations

import hashlib
import io
from fractions import Fraction
from functools import cache

import av
import numpy as np
from PIL import Image

FRAMES_PER_SECOND = 12


def png(seed: str, width: int, height: int) -> bytes:
    """A PNG of one colour, made from the seed."""
    red, green, blue = hashlib.sha256(seed.encode()).digest()[:3]
    written = io.BytesIO()
    Image.new("RGB", (width, height), (red, green, blue)).save(written, "PNG", compress_level=1)
    return written.getvalue()


def sides(ratio: str, size: int) -> tuple[int, int]:
    """About size x size pixels in this shape, in steps of 16."""
    across, down = (int(part) for part in ratio.split(":"))
    scale = (across / down) ** 0.5
    return round(size * scale / 16) * 16, round(size / scale / 16) * 16


@cache
def mp4(width: int, height: int, seconds: int) -> bytes:
    """An H.264 video that grows lighter."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, FRAMES_PER_SECOND)
        count = seconds * FRAMES_PER_SECOND
        for number in range(count):
            grey = np.full((height * 3 // 2, width), 128, np.uint8)
            grey[:height] = 60 + 120 * number // count
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="yuv420p")))
        container.mux(stream.encode(None))
    return written.getvalue()
