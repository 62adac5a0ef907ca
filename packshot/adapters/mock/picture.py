"""A tiny valid PNG or WebM, its colour made from the seed."""

from __future__ import annotations

import hashlib
import struct
import zlib

import numpy as np

_LONG_SIDE = 32


def picture(seed: int, ratio: str) -> tuple[bytes, int, int]:
    """File, width and height. Same seed and ratio, same bytes."""
    # Without a ratio of its own a model keeps the shape of what it is given; ours gives a square.
    across, down = (int(part) for part in ratio.split(":")) if ":" in ratio else (1, 1)
    width = max(1, round(_LONG_SIDE * min(1.0, across / down)))
    height = max(1, round(_LONG_SIDE * min(1.0, down / across)))
    colour = hashlib.sha256(str(seed).encode()).digest()[:3]
    rows = (b"\x00" + colour * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 1)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks), width, height


def clip(seed: int, seconds: int) -> tuple[bytes, int, int]:
    """The same of a video that grows lighter."""
    from packshot.imaging.clip import FRAMES_PER_SECOND, encode  # PyAV is much to load for who makes no clips

    colour = np.frombuffer(hashlib.sha256(str(seed).encode()).digest()[:3], np.uint8) // 2
    count = seconds * FRAMES_PER_SECOND
    frames = (
        np.full((_LONG_SIDE, _LONG_SIDE, 3), colour + np.uint8(100 * at // count), np.uint8)
        for at in range(count)
    )
    return encode(frames, _LONG_SIDE, _LONG_SIDE, "trainedAlgorithmicMedia"), _LONG_SIDE, _LONG_SIDE


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
