"""The door for foreign files: what comes in is upright 8-bit sRGB, and what does not come in says why."""

from __future__ import annotations

import io
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from packshot.imaging import decode as decoding
from packshot.imaging.decode import decode, sniff
from packshot.imaging.errors import BadPicture

DATA = Path(__file__).parents[1] / "data"


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    return start + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _refusal(data: bytes) -> BadPicture:
    with pytest.raises(BadPicture) as caught:
        decode(data)
    message = caught.value.message
    assert "\n" not in message
    assert message[0].isupper() or message[0].isdigit()
    assert message.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("name", "media_type", "has_alpha"),
    [
        ("bottle.jpg", "image/jpeg", False),
        ("mug.jpg", "image/jpeg", False),
        ("jar.png", "image/png", True),
        ("sneaker.webp", "image/webp", False),
        ("plush.avif", "image/avif", False),
    ],
)
def test_the_four_formats(name: str, media_type: str, has_alpha: bool) -> None:
    picture = decode((DATA / name).read_bytes())
    assert (picture.media_type, picture.width, picture.height) == (media_type, 1024, 1024)
    assert picture.rgb.dtype == np.uint8
    assert (picture.alpha is not None) is has_alpha
    assert picture.from_jpeg is (media_type == "image/jpeg")


@pytest.mark.parametrize(
    "data",
    [
        b"this is a note, renamed to photo.jpg",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"<!doctype html><title>404</title>",
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,",
        b"%PDF-1.7\n",
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1",
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"\xff\xd8",
    ],
)
def test_other_things_are_not_pictures(data: bytes) -> None:
    assert sniff(data) is None
    assert _refusal(data).code == "not_a_picture"


def test_nothing_is_empty() -> None:
    assert _refusal(b"").code == "empty"


@pytest.mark.parametrize("name", ["bottle.jpg", "jar.png", "sneaker.webp", "plush.avif"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
def test_truncated_files_are_damaged(name: str, share: float) -> None:
    data = (DATA / name).read_bytes()
    assert _refusal(data[: int(len(data) * share)]).code == "damaged"


@pytest.mark.parametrize(
    "start", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\x00\x00\x00WEBPVP8 "]
)
def test_the_right_first_bytes_are_not_enough(start: bytes) -> None:
    assert _refusal(start + b"but then nothing of the sort follows" * 4).code == "damaged"


def test_a_bomb_is_judged_by_its_header() -> None:
    side = 30_000
    bomb = _png(side, side, 1, 0, bytes((side // 8 + 1) * side))
    began = time.process_time()
    error = _refusal(bomb)
    assert error.code == "too_many_pixels"
    assert time.process_time() - began < 0.5, "it was unpacked"


def test_a_webp_bomb_is_judged_before_a_canvas_is_made() -> None:
    extent = (16_383 - 1).to_bytes(3, "little")
    body = b"VP8X" + struct.pack("<I", 10) + b"\x00" * 4 + extent + extent
    error = _refusal(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
    assert error.code == "too_many_pixels"
    assert "16,383 x 16,383" in error.message


@pytest.mark.parametrize(("lossless", "expected"), [(True, (300, 200)), (False, (300, 200))])
def test_webp_headers_are_read_right(lossless: bool, expected: tuple[int, int]) -> None:
    data = _saved(Image.new("RGB", (300, 200), "teal"), "WEBP", lossless=lossless)
    assert decoding._webp_size(data) == expected


def test_just_over_the_pixel_limit_and_just_over_the_byte_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _saved(Image.new("L", (100, 60), 128), "PNG")
    monkeypatch.setattr(decoding, "MAX_PIXELS", 6_000)
    assert decode(data).width == 100
    monkeypatch.setattr(decoding, "MAX_PIXELS", 5_999)
    assert _refusal(data).code == "too_many_pixels"
    monkeypatch.setattr(decoding, "MAX_BYTES", len(data) - 1)
    assert _refusal(data).code == "too_many_bytes"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation: int) -> None:
    upright = np.zeros((24, 40, 3), np.uint8)
    upright[:12, :20] = (220, 30, 30)
    turned = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(_saved(Image.fromarray(np.ascontiguousarray(turned)), "PNG", exif=exif))
    assert np.array_equal(picture.rgb, upright)


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    values = np.array([[0, 257 * 64, 257 * 128, 65535]], np.uint16)
    rows = b"\x00" + values.astype(">u2").tobytes()
    assert decode(_png(4, 1, 16, 0, rows)).rgb[0, :, 0].tolist() == [0, 64, 128, 255]


def test_sixteen_bit_colour() -> None:
    rows = b"\x00" + np.array([65535, 257 * 100, 0], ">u2").tobytes()
    assert decode(_png(1, 1, 16, 2, rows)).rgb[0, 0].tolist() == [255, 100, 0]


def test_cmyk_becomes_rgb() -> None:
    picture = decode(_saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100))
    red, green, blue = picture.rgb[8, 8].astype(int)
    assert red > 220
    assert green < 60
    assert blue < 60


def test_a_palette_with_transparency_keeps_it() -> None:
    image = Image.new("P", (4, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putdata([0, 1, 0, 1])
    picture = decode(_saved(image, "PNG", transparency=1))
    assert picture.alpha is not None
    assert picture.alpha[0].tolist() == [255, 0, 255, 0]
    assert picture.rgb[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGBA", "P"])
def test_every_mode_of_png(mode: str) -> None:
    picture = decode(_saved(Image.new(mode, (7, 5)), "PNG"))
    assert picture.rgb.shape == (5, 7, 3)


def test_alpha_that_hides_nothing_is_no_alpha() -> None:
    assert decode(_saved(Image.new("RGBA", (8, 8), (1, 2, 3, 255)), "PNG")).alpha is None


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "AVIF"])
def test_of_an_animation_the_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "lime", "blue")]
    data = _saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=80)
    red, green, blue = decode(data).rgb[16, 16].astype(int)
    assert red > 200
    assert green < 60
    assert blue < 60


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (9000, 1)])
def test_extreme_shapes(size: tuple[int, int]) -> None:
    picture = decode(_saved(Image.new("RGB", size, "navy"), "PNG"))
    assert (picture.width, picture.height) == size


def test_another_colour_space_is_converted() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    plain = Image.new("RGB", (4, 4), (120, 60, 200))
    broken = decode(_saved(plain, "PNG", icc_profile=b"not a profile"))
    assert broken.rgb[0, 0].tolist() == [120, 60, 200]
    mismatched = decode(_saved(plain, "PNG", icc_profile=profile.tobytes()))
    assert mismatched.rgb[0, 0].tolist() == [120, 60, 200]
    swapped = decode(_saved(plain, "PNG", icc_profile=_with_swapped_primaries()))
    assert swapped.rgb[0, 0, 0] > 180, "red and blue are named the other way round in this profile"


def _with_swapped_primaries() -> bytes:
    """sRGB's own profile under another name, its red and blue primaries exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = entries[b"rXYZ"], entries[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "BGRs".encode("utf-16-be"))
