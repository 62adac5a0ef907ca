"""What a video file really is: opened as what its first bytes say, and decoded to its last frame."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from packshot.imaging.decode import Picture
from packshot.imaging.errors import BadPicture
from packshot.imaging.thumbs import Thumbs, thumbnails_of
from packshot.imaging.types import Bytes2D

MAX_SECONDS = 60.0
MAX_FRAMES = 3_600
MAX_PIXELS = 3840 * 2160
POSTER_AT = 0.2
"""Where in the film its poster is taken: the first frame is often black."""
_CODECS = frozenset({"vp8", "vp9", "av1", "libdav1d", "h264"})
_COMPLETE = 0.8
"""A film of which less than this share can be played was cut off."""


@dataclass(frozen=True, slots=True)
class Film:
    """Size, type and small pictures of the poster; the length is what was decoded."""

    thumbs: Thumbs
    duration_s: float
    frames: int


def sniff_film(head: bytes) -> str | None:
    """The media type told by the first bytes, or None for what is no video we take."""
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm"
    if head[4:8] == b"ftyp" and head[8:12] not in (b"avif", b"avis", b"heic", b"mif1"):
        return "video/mp4"
    return None


def look(data: bytes | Path) -> Film:
    """Decode every frame and make the poster; a file is read piece by piece.

    Raises BadPicture: `not_a_film`, `too_long`, `too_large`, `damaged`.
    """
    with _bytes(data) as file:
        media_type = sniff_film(file.read(16))
    if media_type is None:
        raise BadPicture("not_a_film", "This is not a WebM or MP4 video.")
    try:
        promised, poster = _promised(data, media_type), None
        at, end, frames = 0.0, 0.0, 0
        with _opened(data, media_type) as container:
            stream = _stream(container)
            step = 1 / float(stream.average_rate or 24)
            for frame in container.decode(stream):
                at = float(frame.time) if frame.time is not None else frames * step
                end, frames = max(end, at + step), frames + 1
                _judge(frame.width, frame.height, end, frames)
                if poster is None or at <= POSTER_AT * promised:
                    poster = frame
        if poster is None or end < _COMPLETE * promised:
            raise _damaged()
        pixels = _upright(poster)
    except BadPicture:
        raise
    except Exception as error:
        # Hostile bytes make demuxers and decoders raise nearly anything.
        raise _damaged() from error
    thumbs = thumbnails_of(Picture(pixels, None, media_type))
    return Film(thumbs, round(end, 3), frames)


def _promised(data: bytes | Path, media_type: str) -> float:
    """The length that the file claims in seconds; one that claims none is measured."""
    with _opened(data, media_type) as container:
        stream = _stream(container)
        if container.duration:
            seconds = container.duration / av.time_base
            _judge(stream.width, stream.height, seconds, 0)
            return float(seconds)
        times = [packet.pts for packet in container.demux(stream) if packet.pts is not None]
        return float(max(times, default=0) * (stream.time_base or 0))


@contextmanager
def _opened(data: bytes | Path, media_type: str) -> Iterator[av.container.InputContainer]:
    """As this format and no other: a playlist inside would fetch what it likes."""
    form = "webm" if media_type == "video/webm" else "mp4"
    # Always read through Python: FFmpeg never learns a name, and so none beside it.
    with _bytes(data) as file, av.open(file, mode="r", format=form) as container:
        yield container


def _bytes(data: bytes | Path) -> BinaryIO:
    return data.open("rb") if isinstance(data, Path) else io.BytesIO(data)


def _stream(container: av.container.InputContainer) -> av.VideoStream:
    if len(container.streams) > 4 or len(container.streams.video) != 1:
        raise BadPicture("not_a_film", "The file does not hold one video.")
    stream = container.streams.video[0]
    if stream.codec_context.name not in _CODECS:
        raise BadPicture("not_a_film", "The video is not in VP8, VP9, AV1 or H.264.")
    _judge(stream.width, stream.height, 0, 0)
    stream.codec_context.thread_count = 1
    return stream


def _judge(width: int, height: int, seconds: float, frames: int) -> None:
    if not 0 < width * height <= MAX_PIXELS:
        raise BadPicture("too_large", f"A video of {width} x {height} pixels is larger than 4K.")
    if seconds > MAX_SECONDS + 1 or frames > MAX_FRAMES:
        raise BadPicture("too_long", f"The video is longer than {MAX_SECONDS:.0f} seconds.")


def _upright(frame: av.VideoFrame) -> Bytes2D:
    pixels = frame.to_ndarray(format="rgb24")
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns))


def _damaged() -> BadPicture:
    return BadPicture("damaged", "The video is damaged or incomplete and cannot be played.")
