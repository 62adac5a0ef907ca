"""The files that the models make: small, true, and different for other arguments."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from functools import cache
from typing import Any

import av
import numpy as np
from PIL import Image

_FRAMES_PER_SECOND = 8


def make(app: str, arguments: dict[str, Any]) -> tuple[bytes, str]:
    """File and media type."""
    colour = hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).digest()[:3]
    if "video" in app:
        return _clip(colour, int(arguments.get("duration", 5))), "video/mp4"
    if app == "fal-ai/birefnet":
        return _png(_given(arguments).convert("RGBA")), "image/png"
    if app == "fal-ai/clarity-upscaler":
        given = _given(arguments)
        factor = arguments.get("upscale_factor", 2)
        return _png(given.resize((given.width * factor, given.height * factor))), "image/png"
    return _png(Image.new("RGB", _shape(arguments), tuple(colour))), "image/png"


def _shape(arguments: dict[str, Any]) -> tuple[int, int]:
    if asked := arguments.get("image_size"):
        return asked["width"], asked["height"]
    if "resolution" in arguments:
        long = {"1K": 1024, "2K": 2048, "4K": 4096}[arguments["resolution"]]
        across, down = (int(part) for part in arguments["aspect_ratio"].split(":"))
        scale = long / max(across, down)
        return round(across * scale), round(down * scale)
    return _given(arguments).size


def _given(arguments: dict[str, Any]) -> Image.Image:
    url = arguments.get("image_url") or arguments["image_urls"][0]
    head, _, data = url.partition(",")
    assert head.startswith("data:image/"), head
    assert head.endswith(";base64"), head
    return Image.open(io.BytesIO(base64.b64decode(data, validate=True)))


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


@cache
def _clip(colour: bytes, seconds: int) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=_FRAMES_PER_SECOND)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for at in range(seconds * _FRAMES_PER_SECOND):
            pixels = np.full((64, 64, 3), np.frombuffer(colour, np.uint8) // 2 + np.uint8(at), np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode())
    return out.getvalue()
