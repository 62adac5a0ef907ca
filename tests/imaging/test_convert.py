"""One picture as another file: what it may lose, what it must keep, and what it always says."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from packshot.adapters.local.work import FUNCTIONS
from packshot.imaging.decode import decode
from packshot.imaging.errors import BadPicture
from packshot.imaging.export import FORMS, Converted, convert, encode, read_source_type
from packshot.imaging.sources import UnknownSourceType

DATA = Path(__file__).parents[1] / "data"
PIXELS = np.random.Generator(np.random.PCG64(3)).integers(0, 256, (48, 64, 3)).astype(np.uint8)
COPYRIGHT = "© 2026 Ä & Söhne"


def _photo(**more: Any) -> bytes:
    """A JPEG that was turned, with a camera, a place and an owner."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x8298] = "Secret Camera", 6, "(c) Somebody"
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    Image.fromarray(np.repeat(np.repeat(PIXELS, 4, 0), 4, 1)).save(out, "JPEG", exif=exif, **more)
    return out.getvalue()


def _described(data: bytes) -> dict[str, str]:
    """What the file's XMP says, read by an XML parser."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    text = packet.decode() if isinstance(packet, bytes) else str(packet)
    root = ET.fromstring(text.partition("?>")[2].rpartition("<?")[0])
    (about,) = root.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    return {child.tag.partition("}")[2]: "".join(child.itertext()) for child in about}


def _exif(data: bytes) -> Image.Exif:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.getexif()


@pytest.mark.parametrize("form", FORMS)
def test_it_is_what_was_asked_for(form: str) -> None:
    made = convert(_photo(), form=form, source_type="humanEdits", longest=100, quality=80)
    picture = decode(made.data)
    assert (picture.width, picture.height) == (made.width, made.height) == (75, 100), "turned, then shrunk"
    assert picture.media_type == made.media_type == FORMS[form]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("metadata", ["strip", "keep"])
def test_what_it_says_is_there_in_every_form(form: str, metadata: Any) -> None:
    made = convert(
        _photo(),
        form=form,
        source_type="compositeSynthetic",
        metadata=metadata,
        title="Mug <1>",
        alt='A "mug" é 🫖',
    )
    said = _described(made.data)
    assert said.pop("DigitalSourceType").endswith("/compositeSynthetic")
    assert said.pop("title") == "Mug <1>"
    assert said.pop("AltTextAccessibility") == 'A "mug" é 🫖'
    assert said == ({"rights": "(c) Somebody"} if metadata == "keep" else {})
    assert read_source_type(made.data) == "compositeSynthetic"


@pytest.mark.parametrize("form", FORMS)
def test_stripped_means_that_nothing_of_the_camera_is_left(form: str) -> None:
    made = convert(_photo(comment=b"Secret comment"), form=form, source_type="digitalCapture")
    assert not dict(_exif(made.data))
    assert b"Secret" not in made.data
    assert set(_described(made.data)) == {"DigitalSourceType"}


@pytest.mark.parametrize("form", FORMS)
def test_kept_means_all_but_the_orientation(form: str) -> None:
    exif = _exif(convert(_photo(), form=form, source_type="digitalCapture", metadata="keep").data)
    assert (exif[0x010F], exif[0x8298]) == ("Secret Camera", "(c) Somebody")
    assert exif.get_ifd(0x8825)[1] == "N"
    assert 0x0112 not in exif


@pytest.mark.parametrize("form", FORMS)
def test_a_copyright_that_only_the_xmp_holds_is_kept(form: str) -> None:
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:rights><rdf:Alt>'
        f'<rdf:li xml:lang="x-default">{COPYRIGHT.replace("&", "&amp;")}</rdf:li>'
        "</rdf:Alt></dc:rights></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, "WEBP", xmp=packet.encode())
    made = convert(out.getvalue(), form=form, source_type="digitalCapture", metadata="keep")
    assert _described(made.data)["rights"] == COPYRIGHT


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_ever_enlarged(form: str) -> None:
    small = encode(PIXELS, "image/png", source_type="digitalCapture")
    for longest in (None, 64, 65, 9000):
        made = convert(small, form=form, source_type="digitalCapture", longest=longest)
        assert (made.width, made.height) == (64, 48)
    thin = encode(np.zeros((2, 900, 3), np.uint8), "image/png", source_type="digitalCapture")
    assert convert(thin, form=form, source_type="digitalCapture", longest=90).height == 1


def test_transparency_lies_on_white_in_a_jpeg_and_stays_elsewhere() -> None:
    rgb = np.zeros((400, 400, 3), np.uint8)
    rgb[:, 200:] = (250, 200, 30)
    alpha = np.zeros((400, 400), np.uint8)
    alpha[:, 201:] = 255
    cut = encode(rgb, "image/png", source_type="humanEdits", alpha=alpha)
    flat = decode(convert(cut, form="jpeg", source_type="humanEdits", longest=100, quality=95).data)
    assert flat.alpha is None
    assert flat.rgb[:, :48].min() > 245
    for form in ("png", "webp", "avif"):
        kept = decode(convert(cut, form=form, source_type="humanEdits", longest=100, quality=95).data)
        assert kept.alpha is not None
        assert kept.alpha[:, :48].max() < 10
        edge = kept.rgb[:, 51:54]
        assert edge[..., 0].min() > 200, "the black of invisible pixels bled in"


def test_a_file_in_srgb_leaves_its_profile_behind() -> None:
    out = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(np.full((40, 40, 3), (200, 60, 60), np.uint8)).save(out, "PNG", icc_profile=profile)
    made = convert(out.getvalue(), form="png", source_type="digitalCapture")
    assert np.abs(decode(made.data).rgb.astype(int) - (200, 60, 60)).max() <= 1
    with Image.open(io.BytesIO(made.data)) as image:
        assert "icc_profile" not in image.info, "sRGB needs no profile"


def test_quality_is_felt() -> None:
    photo = (DATA / "mug.jpg").read_bytes()
    for form in ("jpeg", "webp", "avif"):
        small, large = (
            len(convert(photo, form=form, source_type="digitalCapture", longest=300, quality=quality).data)
            for quality in (40, 95)
        )
        assert small < 0.6 * large


@pytest.mark.parametrize("more", [{"form": "gif"}, {"longest": 0}, {"longest": -3}, {"metadata": "some"}])
def test_what_cannot_be_done_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        convert(_photo(), **({"form": "png", "source_type": "digitalCapture"} | more))
    with pytest.raises(UnknownSourceType):
        convert(_photo(), form="png", source_type="magic")


def test_hostile_files_are_bad_pictures() -> None:
    for data in (b"", b"GIF89a", _photo()[:200], b"\xff\xd8\xff" + bytes(500)):
        with pytest.raises(BadPicture):
            convert(data, form="png", source_type="digitalCapture", metadata="keep")


def test_long_words_are_cut_and_do_not_break_a_jpeg() -> None:
    made = convert(_photo(), form="jpeg", source_type="digitalCapture", alt="é" * 90_000, title="<" * 90_000)
    assert len(_described(made.data)["AltTextAccessibility"]) < 90_000


@given(
    alt=st.text(st.characters(exclude_categories=()), max_size=60),
    title=st.text(st.characters(exclude_categories=()), max_size=60),
)
def test_no_words_break_the_packet(alt: str, title: str) -> None:
    small = encode(PIXELS[:4, :4], "image/png", source_type="digitalCapture")
    made = convert(small, form="png", source_type="digitalCapture", alt=alt, title=title)
    assert "DigitalSourceType" in _described(made.data)


def test_the_pool_knows_it() -> None:
    made = FUNCTIONS["convert"](
        lambda _percent: None, _photo(), {"form": "webp", "source_type": "humanEdits"}
    )
    assert isinstance(made, Converted)
    assert made.media_type == "image/webp"
