"""Files that come inside an answer."""

from __future__ import annotations

import base64
import binascii
import io

from PIL import Image

from packshot.ports.generation import Output

LARGEST_FILE = 64 * 1024 * 1024


class BadFile(Exception):
    """What came is no file that can be kept; for the log."""


def decoded(data: str) -> bytes:
    """From base64, its size looked at before. Raises BadFile."""
    if len(data) // 4 * 3 > LARGEST_FILE:
        raise BadFile("a file that is too large")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadFile("not base64") from error


def picture(data: str, source_type: str) -> Output:
    """The picture with the size that its header tells; the pipeline decodes it. Raises BadFile."""
    found = decoded(data)
    try:
        with Image.open(io.BytesIO(found), formats=("PNG", "JPEG", "WEBP")) as header:
            width, height = header.size
            media_type = Image.MIME[str(header.format)]
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadFile("not a picture") from error
    return Output(found, media_type, width, height, source_type)


def film(data: str, source_type: str) -> Output:
    """An MP4 video with the size that its first track with one tells. Raises BadFile."""
    found = decoded(data)
    if found[4:8] != b"ftyp":
        raise BadFile("not an MP4 video")
    width, height = _frame_size(found)
    return Output(found, "video/mp4", width, height, source_type)


def _frame_size(data: bytes) -> tuple[int, int]:
    """Track headers end with the picture's sides, as 16.16 fixed point; those of sound are 0."""
    at = data.find(b"tkhd")
    while at >= 0:
        sides = at + 4 + (88 if data[at + 4 : at + 5] == b"\x01" else 76)
        width, height = (int.from_bytes(data[p : p + 4], "big") >> 16 for p in (sides, sides + 4))
        if width and height:
            return width, height
        at = data.find(b"tkhd", at + 4)
    raise BadFile("a video without a picture")
