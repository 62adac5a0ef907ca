"""From somebody's bytes to honest sRGB pixels: the only door through which a foreign file comes in.

What is guaranteed of a `Picture`: 8 bits, sRGB, upright (EXIF orientation applied), at most MAX_PIXELS,
read from one of four formats recognised by their first bytes, whatever the file was called.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms, ImageOps

from packshot.imaging.errors import BadPicture
from packshot.imaging.types import Bytes2D

MAX_BYTES = 40 * 1024 * 1024
MAX_PIXELS = 60_000_000

_PILLOW_FORMAT = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/avif": "AVIF"}

# Without a limit of our own Pillow only warns between its limit and twice that.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Decoded pixels. `rgb` is height x width x 3; `alpha` is None when every pixel is opaque."""

    rgb: Bytes2D
    alpha: Bytes2D | None
    media_type: str

    @property
    def width(self) -> int:
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        return int(self.rgb.shape[0])

    @property
    def from_jpeg(self) -> bool:
        """The source was lossy JPEG: its blocks deserve the denoising upscaler."""
        return self.media_type == "image/jpeg"


def sniff(data: bytes) -> str | None:
    """The media type told by the first bytes, or None for anything not accepted."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and _is_avif(data):
        return "image/avif"
    return None


def _is_avif(data: bytes) -> bool:
    """An ISO file is AVIF if its major or a compatible brand says so; HEIC shares the container."""
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12]} | {data[at : at + 4] for at in range(16, size, 4)}
    return bool(brands & {b"avif", b"avis"})


def decode(data: bytes) -> Picture:
    """Decode fully. Raises BadPicture: `empty`, `too_many_bytes`, `not_a_picture`, `too_many_pixels`, `damaged`.

    Of an animation the first frame is taken. Size is judged from the header, before pixels are unpacked.
    """
    media_type = _accepted_type(data)
    try:
        with warnings.catch_warnings():
            # Pillow warns about odd metadata in files whose pixels are fine.
            warnings.simplefilter("ignore", UserWarning)
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=[_PILLOW_FORMAT[media_type]]) as image:
                _judge_size(*image.size)
                image.load()
                return _normalise(image, media_type)
    except BadPicture:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except Exception as error:
        # Hostile bytes make decoders raise nearly anything (struct.error, KeyError, zlib.error, ...).
        raise BadPicture("damaged", "The picture is damaged or incomplete and cannot be opened.") from error


def _accepted_type(data: bytes) -> str:
    if not data:
        raise BadPicture("empty", "The file is empty.")
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // (1024 * 1024)
        raise BadPicture(
            "too_many_bytes", f"The file is larger than {limit} MB. Save a smaller copy and try again."
        )
    media_type = sniff(data)
    if media_type is None:
        raise BadPicture("not_a_picture", "This is not a JPEG, PNG, WebP or AVIF picture.")
    if media_type == "image/webp":
        # Pillow allocates the whole WebP canvas on opening, so the header is read before.
        _judge_size(*_webp_size(data))
    return media_type


def _webp_size(data: bytes) -> tuple[int, int]:
    """Of the canvas; (0, 0) where the header is none, which the decoder will say better."""
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if body[3:6] != b"\x9d\x01\x2a":
        return 0, 0
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def _judge_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(width, height)


def _too_many_pixels(width: int | None = None, height: int | None = None) -> BadPicture:
    limit = MAX_PIXELS // 1_000_000
    size = f"{width:,} x {height:,} pixels is" if width and height else "The picture is"
    return BadPicture(
        "too_many_pixels", f"{size} larger than {limit} megapixels. Save a smaller copy and try again."
    )


def _normalise(image: Image.Image, media_type: str) -> Picture:
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16") or upright.mode in ("I", "F"):
        upright = _grey_from_deep(upright)
    alpha: Bytes2D | None = None
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        alpha = np.asarray(upright.getchannel("A"))
        upright = upright.convert("RGB")
        if int(alpha.min()) == 255:
            alpha = None
    return Picture(np.array(_to_srgb(upright, profile)), alpha, media_type)


def _grey_from_deep(image: Image.Image) -> Image.Image:
    """16-bit grey to 8: Pillow's own conversion would clip at 255 instead of scaling."""
    deep = np.asarray(image).astype(np.float32)
    return Image.fromarray(np.clip(np.rint(deep / 257.0), 0, 255).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(source).lower():
                converted = ImageCms.profileToProfile(
                    image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
                )
                if converted is not None:
                    return converted
        except (ImageCms.PyCMSError, OSError):
            # A broken or mismatched profile says nothing about the pixels: take them as sRGB.
            return image.convert("RGB")
    return image.convert("RGB")
