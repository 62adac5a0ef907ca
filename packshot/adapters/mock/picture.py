"""A tiny valid PNG, its colour made from the seed."""

from __future__ import annotations

import hashlib
import struct
import zlib

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


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
