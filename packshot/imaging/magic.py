"""What a stored file is, told by its first bytes; nothing is decoded and no codec is loaded."""

from __future__ import annotations

from typing import Final

from packshot.imaging.decode import sniff

UNKNOWN: Final = "application/octet-stream"
HEAD: Final = 512
"""Bytes that are enough to tell."""


def media_type_of(head: bytes) -> str:
    """The media type of a picture or a film; `UNKNOWN` for anything else."""
    return sniff(head) or _film(head) or UNKNOWN


def _film(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return "video/webm" if head.startswith(b"\x1a\x45\xdf\xa3") else None
