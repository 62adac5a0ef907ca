"""The looks' hash survives what shops do to pictures, and colours are called what a person calls them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from packshot.imaging import oklab, traits
from packshot.imaging.export import encode
from packshot.imaging.inspect import inspect
from packshot.imaging.thumbs import thumbnails
from packshot.imaging.types import Bytes2D
from tests.imaging import synthetic

DATA = Path(__file__).parents[1] / "data"
PHOTOS = ("bottle.jpg", "jar.png", "mug.jpg", "plush.avif", "sneaker.webp")


def _apart(one: int, other: int) -> int:
    return ((one ^ other) & 0xFFFFFFFFFFFFFFFF).bit_count()


@pytest.mark.parametrize("name", PHOTOS)
def test_a_smaller_worse_copy_has_nearly_the_same_hash(name: str) -> None:
    data = (DATA / name).read_bytes()
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        upright = Image.fromarray(_upright(data))
        upright.resize((image.width * 6 // 10, image.height * 6 // 10)).save(out, "JPEG", quality=40)
    assert _apart(thumbnails(data).phash, thumbnails(out.getvalue()).phash) <= 4


def _upright(data: bytes) -> Bytes2D:
    from packshot.imaging.decode import decode

    picture = decode(data)
    if picture.alpha is None:
        return picture.rgb
    share = picture.alpha[..., None] / 255
    return np.rint(picture.rgb * share + 255 * (1 - share)).astype(np.uint8)


def test_other_products_have_other_hashes() -> None:
    hashes = [thumbnails((DATA / name).read_bytes()).phash for name in PHOTOS]
    apart = [_apart(one, other) for at, one in enumerate(hashes) for other in hashes[at + 1 :]]
    assert min(apart) >= 14, apart


def test_the_hash_fits_a_signed_64_bit_column() -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    hashes = [traits.phash(rng.integers(0, 256, (40, 40, 3)).astype(np.uint8)) for _ in range(40)]
    assert all(-(2**63) <= value < 2**63 for value in hashes)
    assert any(value < 0 for value in hashes)
    assert any(value > 0 for value in hashes)


def test_what_is_transparent_is_hashed_as_white() -> None:
    rgb = np.full((64, 64, 3), 255, np.uint8)
    rgb[20:44, 20:44] = (160, 40, 30)
    alpha = np.zeros((64, 64), np.uint8)
    alpha[20:44, 20:44] = 255
    flat = thumbnails(encode(rgb, "image/png", source_type="humanEdits"))
    hidden = rgb.copy()
    hidden[:, :15] = (0, 90, 200)  # nobody can see this
    cut = thumbnails(encode(hidden, "image/png", source_type="humanEdits", alpha=alpha))
    assert cut.phash == flat.phash
    assert cut.colours == ("red",)
    assert flat.colours == ("red", "white")


@pytest.mark.parametrize("grey", [0, 7, 128, 255])
def test_pictures_without_any_detail_are_alike(grey: int) -> None:
    flats = [np.full((side, 50, 3), grey, np.uint8) for side in (50, 51, 777)]
    assert len({traits.phash(flat) for flat in flats}) == 1


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ff0000", "red"), ("b8322f", "red"), ("6b1f2e", "red"), ("dc143c", "red"),
        ("ffa500", "orange"), ("e8893a", "orange"), ("ff7518", "orange"),
        ("ffff00", "yellow"), ("f2cf57", "yellow"), ("f5e27a", "yellow"),
        ("00ff00", "green"), ("5f8f62", "green"), ("2f5a40", "green"), ("a9b79a", "green"),
        ("008080", "teal"), ("5fc0bd", "teal"), ("40e0d0", "teal"),
        ("0000ff", "blue"), ("22304f", "blue"), ("a9d3ec", "blue"), ("4a7fc0", "blue"),
        ("800080", "purple"), ("7a5aa8", "purple"), ("cfc3e6", "purple"), ("4b0082", "purple"),
        ("ffc0cb", "pink"), ("f0b6c6", "pink"), ("ff69b4", "pink"), ("d6408f", "pink"),
        ("8b4513", "brown"), ("7a5238", "brown"), ("5a3a28", "brown"), ("cfa97c", "brown"), ("a9784f", "brown"),
        ("000000", "black"), ("1c1c1e", "black"), ("141a14", "black"),
        ("808080", "grey"), ("a9abad", "grey"), ("5a5c60", "grey"), ("d6dadc", "grey"),
        ("ffffff", "white"), ("f6f5f2", "white"), ("f4efe2", "white"),
    ],
)  # fmt: skip
def test_colours_are_called_what_people_call_them(code: str, name: str) -> None:
    pixels = np.empty((8, 8, 3), np.uint8)
    pixels[:] = tuple(bytes.fromhex(code))
    assert traits.colours(pixels) == (name,)


def test_a_backdrop_comes_last_however_large_it_is() -> None:
    pixels = np.full((100, 100, 3), 252, np.uint8)
    pixels[35:65, 20:50] = (20, 60, 190)
    pixels[35:65, 50:80] = (210, 30, 30)
    assert set(traits.colours(pixels)[:2]) == {"red", "blue"}
    assert traits.colours(pixels)[2] == "white"
    pixels[:] = 252
    pixels[:2] = 10
    assert traits.colours(pixels) == ("white",)


def test_a_white_product_on_black_is_white_first() -> None:
    pixels = np.full((100, 100, 3), 8, np.uint8)
    pixels[10:90, 10:90] = 250
    assert traits.colours(pixels) == ("white", "black")


def test_small_things_do_not_count() -> None:
    pixels = np.full((100, 100, 3), 252, np.uint8)
    pixels[40:60, 40:60] = (200, 30, 30)  # 4 %
    assert traits.colours(pixels) == ("white",)


def test_sample_photos_have_the_colours_one_sees() -> None:
    for name, expected in (("red", "red"), ("blue", "blue")):
        rgb = np.full((64, 64, 3), 240, np.uint8)
        rgb[10:54, 10:54] = (190, 20, 30) if name == "red" else (20, 60, 180)
        assert traits.colours(rgb)[0] == expected
    photo = synthetic.photo("plush", "wood")
    assert "brown" in traits.colours(photo.rgb)


@given(st.binary(min_size=3, max_size=300))
def test_every_picture_has_one_to_three_colours(noise: bytes) -> None:
    pixels = np.frombuffer(noise[: len(noise) // 3 * 3], np.uint8).reshape(-1, 1, 3)
    found = traits.colours(pixels)
    assert 1 <= len(found) <= 3
    assert set(found) <= set(traits.COLOURS)
    assert len(set(found)) == len(found)


def test_oklab_goes_there_and_back() -> None:
    rgb = np.random.Generator(np.random.PCG64(2)).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    assert np.abs(oklab.to_rgb(oklab.from_rgb(rgb)).astype(int) - rgb).max() <= 1
    white = oklab.from_rgb(np.full((1, 1, 3), 255, np.uint8))[0, 0]
    assert white == pytest.approx((1, 0, 0), abs=1e-3)


def test_an_inspection_carries_both() -> None:
    found = inspect((DATA / "mug.jpg").read_bytes())
    assert -(2**63) <= found.thumbs.phash < 2**63
    assert 1 <= len(found.thumbs.colours) <= 3
