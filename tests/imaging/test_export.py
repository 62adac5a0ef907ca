"""What leaves: the source type in every format, nothing of the original's metadata, honest thumbnails."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from packshot.imaging import sources
from packshot.imaging.decode import decode
from packshot.imaging.export import MEDIA_TYPES, encode, read_source_type
from packshot.imaging.inspect import inspect
from packshot.imaging.thumbs import thumbnails

DATA = Path(__file__).parents[1] / "data"
PIXELS = np.random.Generator(np.random.PCG64(3)).integers(0, 256, (48, 64, 3)).astype(np.uint8)


def _xmp(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    assert found is not None
    return found.decode() if isinstance(found, bytes) else str(found)


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("term", sources.STRENGTH)
def test_the_source_type_survives_in_every_format(media_type: str, term: str) -> None:
    data = encode(PIXELS, media_type, source_type=term)
    assert read_source_type(data) == term
    assert f"http://cv.iptc.org/newscodes/digitalsourcetype/{term}<" in _xmp(data)
    assert decode(data).media_type == media_type


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_alt_text_is_written_as_text(media_type: str) -> None:
    data = encode(PIXELS, media_type, source_type="digitalCapture", alt_text='A <mug> & "more" \x07 é 🫖')
    assert "A &lt;mug&gt; &amp; " in _xmp(data)
    assert "🫖" in _xmp(data)
    assert "\x07" not in _xmp(data)


@pytest.mark.parametrize("media_type", ["image/png", "image/webp", "image/avif"])
def test_transparency_survives(media_type: str) -> None:
    alpha = np.zeros((48, 64), np.uint8)
    alpha[:, 20:40] = 255
    picture = decode(encode(PIXELS, media_type, source_type="digitalCapture", alpha=alpha))
    assert picture.alpha is not None
    assert np.abs(picture.alpha.astype(int) - alpha).max() <= 2


def test_jpeg_lays_transparency_on_white() -> None:
    data = encode(PIXELS, "image/jpeg", source_type="digitalCapture", alpha=np.zeros((48, 64), np.uint8))
    assert decode(data).rgb.min() > 250


def test_png_keeps_every_pixel() -> None:
    assert np.array_equal(decode(encode(PIXELS, "image/png", source_type="digitalCapture")).rgb, PIXELS)


def test_exif_and_place_do_not_survive() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Secret Camera", 6
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, "JPEG", exif=exif)
    assert b"Secret Camera" in out.getvalue()
    data = encode(decode(out.getvalue()).rgb, "image/jpeg", source_type="digitalCapture")
    with Image.open(io.BytesIO(data)) as image:
        assert not dict(image.getexif())
    assert b"Secret Camera" not in data


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="image/gif"):
        encode(PIXELS, "image/gif", source_type="digitalCapture")
    with pytest.raises(sources.UnknownSourceType):
        encode(PIXELS, "image/png", source_type="magic")


def test_reading_finds_nothing_where_nothing_is() -> None:
    assert read_source_type(b"") is None
    assert read_source_type((DATA / "mug.jpg").read_bytes()) is None
    assert read_source_type(b"http://cv.iptc.org/newscodes/digitalsourcetype/somethingNew") is None


def test_of_several_terms_in_a_file_the_strongest_is_read() -> None:
    parts = [
        sources.uri(term).encode() for term in ("digitalCapture", "trainedAlgorithmicMedia", "humanEdits")
    ]
    assert read_source_type(b" ".join(parts)) == "trainedAlgorithmicMedia"


@given(st.lists(st.sampled_from(sources.STRENGTH), min_size=1), st.lists(st.sampled_from(sources.STRENGTH)))
def test_the_strongest_ancestor_wins_in_any_order(first: list[str], more: list[str]) -> None:
    whole = sources.strongest(first + more)
    assert whole == sources.strongest(more + first)
    assert whole == sources.strongest([sources.strongest(first), *more])
    assert all(sources.STRENGTH.index(whole) <= sources.STRENGTH.index(term) for term in first + more)


def test_thumbnails_of_a_turned_photo_are_upright() -> None:
    thumbs = thumbnails((DATA / "mug.jpg").read_bytes())
    assert (thumbs.width, thumbs.height, thumbs.media_type) == (1024, 1024, "image/jpeg")
    for data, side in ((thumbs.small, 256), (thumbs.large, 512)):
        with Image.open(io.BytesIO(data)) as image:
            assert (image.format, image.size) == ("WEBP", (side, side))
    head, _, body = thumbs.placeholder.partition(",")
    assert head == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(body))) as image:
        assert image.size == (20, 20)
    assert len(thumbs.placeholder) < 800


def test_thumbnails_keep_shape_and_never_enlarge() -> None:
    thin = encode(np.zeros((4, 3000, 3), np.uint8), "image/png", source_type="digitalCapture")
    with Image.open(io.BytesIO(thumbnails(thin).large)) as image:
        assert image.size == (512, 1)
    tiny = encode(PIXELS, "image/png", source_type="digitalCapture")
    with Image.open(io.BytesIO(thumbnails(tiny).small)) as image:
        assert image.size == (64, 48)


def test_a_thumbnail_of_a_cutout_has_no_halo() -> None:
    rgb = np.zeros((1000, 1000, 3), np.uint8)
    rgb[:, 500:] = (250, 200, 30)
    alpha = np.zeros((1000, 1000), np.uint8)
    alpha[:, 501:] = 255
    data = thumbnails(encode(rgb, "image/png", source_type="humanEdits", alpha=alpha)).small
    with Image.open(io.BytesIO(data)) as image:
        pixels = np.asarray(image.convert("RGBA"))
    edge = pixels[(pixels[..., 3] > 60) & (pixels[..., 3] < 250)]
    assert edge[:, 0].min() > 180, "the black of invisible pixels bled in"


def test_inspection_tells_what_a_file_is() -> None:
    found = inspect((DATA / "jar.png").read_bytes())
    assert (found.media_type, found.width, found.height, found.has_alpha) == ("image/png", 1024, 1024, True)
    assert found.source_type == "humanEdits"
    assert found.thumbs.width == 1024
