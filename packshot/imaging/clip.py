"""A short film from one still: the camera moves, the picture does not come alive. The same input, the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import av
import cv2
import numpy as np

from packshot.imaging import sources
from packshot.imaging.cutout import CONFIDENT, object_mask
from packshot.imaging.decode import Picture
from packshot.imaging.types import Bytes2D, Floats, Progress, f32, silent

MEDIA_TYPE = "video/webm"
FRAMES_PER_SECOND = 24
LONGEST_SIDE = 1280
MOTIONS = ("push_in", "pull_out", "pan", "orbit")
SECONDS = range(3, 9)
_SHORTEST_SIDE = 16
_ROOM = 1.14
"""How far the camera moves in."""
_SWING = 0.028
"""How far the wall behind a product swings, in picture widths."""
_FAR = 0.34
"""From this height above the product's foot everything is as far away as the wall, in picture heights."""

_Shot = Callable[[float], Bytes2D]
"""The frame at a moment, 0 the beginning and 1 the end."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A finished WebM file."""

    data: bytes
    width: int
    height: int
    seconds: int
    note: str | None = None


def film(
    picture: Picture, *, motion: str, seconds: int, source_type: str, progress: Progress = silent
) -> Clip:
    """Film a still. Transparency lies on white. Raises ValueError for a motion or a length that is not offered.

    `orbit` needs something to swing around; where no product is found the camera moves in, and the note says so.
    """
    if motion not in MOTIONS or seconds not in SECONDS:
        raise ValueError(f"cannot film {motion} for {seconds} seconds")
    still = _on_white(picture)
    width, height = frame_size(picture.width, picture.height)
    note, shot = None, None
    if motion == "orbit":
        shot = _orbit(still, picture, width, height)
        if shot is None:
            motion, note = "push_in", "No product was found to swing around, so the camera moves in."
    shot = shot or _travel(still, width, height, motion)
    progress(8)
    count = seconds * FRAMES_PER_SECOND

    def frames() -> Iterator[Bytes2D]:
        for number in range(count):
            yield shot(number / (count - 1))
            progress(8 + 92 * (number + 1) // count)

    return Clip(encode(frames(), width, height, source_type), width, height, seconds, note)


def frame_size(width: int, height: int) -> tuple[int, int]:
    """Even, at most LONGEST_SIDE, never larger than the still."""
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    across, down = (max(_SHORTEST_SIDE, int(side * scale) // 2 * 2) for side in (width, height))
    return across, down


def encode(frames: Iterator[Bytes2D], width: int, height: int, source_type: str) -> bytes:
    """RGB frames as VP9 in WebM, without clock or chance in it; the container says where it comes from."""
    out = io.BytesIO()
    with av.open(out, "w", format="webm", options={"fflags": "+bitexact"}) as container:
        # The blank ends the term for whoever finds it by scanning: the container has no other sign for that.
        container.metadata["DIGITAL_SOURCE_TYPE"] = f"{sources.uri(source_type)} "
        stream = container.add_stream("libvpx-vp9", rate=FRAMES_PER_SECOND)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        # Limited range BT.709: what browsers take a video of this size for.
        stream.codec_context.color_range, stream.codec_context.colorspace = 1, 1
        stream.options = {
            "deadline": "realtime", "cpu-used": "7", "crf": "30", "b": "0", "g": "48", "flags": "+bitexact",
        }  # fmt: skip
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def _on_white(picture: Picture) -> Bytes2D:
    if picture.alpha is None:
        return picture.rgb
    share = picture.alpha[..., None].astype(np.float32) / 255
    return np.rint(picture.rgb * share + 255 * (1 - share)).astype(np.uint8)


def _ease(moment: float) -> float:
    """Slow at both ends, and steady between."""
    return moment * moment * (3 - 2 * moment) * 0.7 + moment * 0.3


def _fit(still: Bytes2D, width: int, height: int) -> Bytes2D:
    way = cv2.INTER_AREA if width < still.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(still, (width, height), interpolation=way), dtype=np.uint8)


def _travel(still: Bytes2D, width: int, height: int, motion: str) -> _Shot:
    """In, out or along. A little larger than the frames, so that moving in finds detail."""
    large = _fit(still, round(width * _ROOM), round(height * _ROOM))

    def shot(moment: float) -> Bytes2D:
        at = _ease(moment)
        along = 0.0
        if motion == "pan":
            zoom, along = _ROOM, 2 * at - 1
        else:
            zoom = 1 + (_ROOM - 1) * (at if motion == "push_in" else 1 - at)
        scale = _ROOM / zoom
        rest_x, rest_y = (_ROOM - scale) * width / 2, (_ROOM - scale) * height / 2
        # The longer side has more to show.
        right, down = (along, 0.0) if width >= height else (0.0, along)
        window = np.array(((scale, 0, rest_x * (1 + right)), (0, scale, rest_y * (1 + down))), np.float32)
        return np.asarray(
            cv2.warpAffine(
                large,
                window,
                (width, height),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REFLECT_101,
            ),
            dtype=np.uint8,
        )

    return shot


def _orbit(still: Bytes2D, picture: Picture, width: int, height: int) -> _Shot | None:
    """The camera swings around the product's foot and back: what is far moves one way, what is near the other.

    None where no product stands out.
    """
    small = _fit(still, width, height)
    mask = _product(picture, small)
    if mask is None:
        return None
    alpha = cv2.GaussianBlur(mask, (0, 0), 1.0)[..., None].astype(np.float32)
    behind = _without(small, mask)
    foot = float(np.flatnonzero(mask.max(axis=1) > 0.5).max())
    rows = np.arange(height, dtype=np.float32)
    far = np.clip((foot - rows) / (_FAR * height), 0, 1)
    near = np.clip((rows - foot) / max(1.0, height - foot), 0, 1)
    depth = f32(far - 0.5 * near)[:, None]
    # Close to the foot nothing moves, and the shadow there is not to be painted over.
    near_foot = np.clip(4 * np.abs(depth), 0, 1)[..., None]
    behind = np.rint(small + (behind.astype(np.float32) - small) * near_foot).astype(np.uint8)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    zoom = np.float32(1 - 2.6 * _SWING)
    y, x = f32((y - height / 2) * zoom + height / 2), f32((x - width / 2) * zoom + width / 2)
    height_above = np.clip((foot - y) / height, 0, 1)
    depth = f32(cv2.remap(np.repeat(depth, 2, axis=1), np.zeros_like(y), y, cv2.INTER_LINEAR))
    layer = np.rint(np.dstack((small * alpha, 255 * alpha))).astype(np.uint8)
    there = _around(mask, zoom)

    def shot(moment: float) -> Bytes2D:
        swing = np.float32(_SWING * width * np.sin(2 * np.pi * moment))
        back = cv2.remap(behind, x + swing * depth, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        # The product leans a little against the wall behind it, its foot stays where its shadow is.
        lean = x[there] - np.float32(0.16) * swing * height_above[there]
        front = cv2.remap(layer, lean, y[there], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        clear = 255 - front[..., 3:].astype(np.uint16)
        covered = (back[there] * clear + 127) // 255 + front[..., :3]
        back[there] = np.minimum(covered, 255)
        return np.asarray(back, dtype=np.uint8)

    return shot


def _around(mask: Floats, zoom: np.float32) -> tuple[slice, slice]:
    """The part of the frame that the product may be seen in while it leans."""
    spans = []
    for axis, side in ((1, mask.shape[0]), (0, mask.shape[1])):
        seen = np.flatnonzero(mask.max(axis=axis) > 0.003)
        first, last = ((edge - side / 2) / zoom + side / 2 for edge in (seen[0], seen[-1]))
        spans.append(slice(max(0, int(first - 0.01 * side) - 4), min(side, int(last + 0.01 * side) + 5)))
    return spans[0], spans[1]


def _product(picture: Picture, small: Bytes2D) -> Floats | None:
    """Where the product is, 0..1, in the frame's size; None where that is in doubt."""
    height, width = small.shape[:2]
    if picture.alpha is not None:
        mask, confidence = f32(picture.alpha.astype(np.float32) / 255), 1.0
    else:
        mask, confidence = object_mask(small)
    mask = f32(cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR))
    share = float((mask > 0.5).mean())
    return mask if confidence >= CONFIDENT - 0.1 and 0.01 < share < 0.8 else None


def _without(small: Bytes2D, mask: Floats) -> Bytes2D:
    """What is behind the product, guessed from around it; only a narrow rim of it is ever seen."""
    height, width = small.shape[:2]
    reach = max(3, round(0.008 * width))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    hole = cv2.dilate((mask > 0.05).astype(np.uint8), kernel)
    scale = 320 / max(height, width)
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    coarse = cv2.inpaint(
        cv2.resize(small, size, interpolation=cv2.INTER_AREA),
        cv2.resize(hole, size, interpolation=cv2.INTER_NEAREST),
        5,
        cv2.INPAINT_TELEA,
    )
    filled = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    share = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), max(1.0, reach / 2))[..., None]
    share = np.maximum(share, (mask > 0.05).astype(np.float32)[..., None])
    return np.rint(small * (1 - share) + filled * share).astype(np.uint8)
