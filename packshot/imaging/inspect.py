"""What an upload really is."""

from __future__ import annotations

from dataclasses import dataclass

from packshot.imaging.decode import decode
from packshot.imaging.sources import read_source_type
from packshot.imaging.thumbs import Thumbs, thumbnails_of


@dataclass(frozen=True, slots=True)
class Inspection:
    """Facts about a file whose every pixel was decoded. Size is that of the upright picture."""

    media_type: str
    width: int
    height: int
    has_alpha: bool
    source_type: str | None
    """The digital source type that the file itself declares."""
    thumbs: Thumbs


def inspect(data: bytes) -> Inspection:
    """Validate by decoding fully, and make the thumbnails. Raises BadPicture."""
    picture = decode(data)
    return Inspection(
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        has_alpha=picture.alpha is not None,
        source_type=read_source_type(data),
        thumbs=thumbnails_of(picture),
    )
