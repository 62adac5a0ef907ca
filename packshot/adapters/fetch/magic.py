"""What a file is by its first bytes; what a server calls it counts for nothing."""

from __future__ import annotations

HEAD = 64
"""Bytes that are enough to tell."""
_MP4 = frozenset(
    {b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"avc1", b"mp41", b"mp42", b"M4V ", b"MSNV", b"dash"}
)  # fmt: skip


def media_type(head: bytes) -> str | None:
    """PNG, JPEG, WebP, AVIF, GIF, MP4 or WebM; None for everything else, SVG, HTML and playlists included."""
    starts = {
        b"\x89PNG\r\n\x1a\n": "image/png",
        b"\xff\xd8\xff": "image/jpeg",
        b"GIF87a": "image/gif",
        b"GIF89a": "image/gif",
    }
    for start, found in starts.items():
        if head.startswith(start):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "image/avif" if brand in (b"avif", b"avis") else "video/mp4" if brand in _MP4 else None
    # Matroska begins like WebM; the document's type tells them apart.
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"\x42\x82\x84webm" in head[:HEAD]:
        return "video/webm"
    return None
