"""The digital source type in files as they are: found again, nothing else changed, no pixel touched."""

from __future__ import annotations

import contextlib
import io
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from packshot.imaging.errors import BadPicture
from packshot.imaging.mark import CannotMark, mark
from packshot.imaging.sources import UnknownSourceType, read_source_type

OWN_XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="uuid:7" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="the old camera"/></rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)


def saved(form: str, mode: str = "RGB", **options: Any) -> bytes:
    noise = np.random.default_rng(7).integers(0, 256, (37, 53, len(mode)), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x010F] = "A Maker"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    out = io.BytesIO()
    Image.fromarray(noise, mode).save(out, form, **{"exif": exif, "icc_profile": profile} | options)
    return out.getvalue()


def _png_with_xmp() -> bytes:
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", OWN_XMP.decode())
    return saved("PNG", pnginfo=info)


FILES = {
    "jpeg": saved("JPEG"),
    "plain jpeg": saved("JPEG", exif=b"", icc_profile=None),
    "progressive jpeg": saved("JPEG", progressive=True),
    "jpeg with xmp": saved("JPEG", xmp=OWN_XMP),
    "png": saved("PNG"),
    "png with alpha": saved("PNG", "RGBA"),
    "png with xmp": _png_with_xmp(),
    "webp": saved("WEBP"),
    "simple webp": saved("WEBP", exif=b"", icc_profile=None),
    "simple lossless webp": saved("WEBP", exif=b"", icc_profile=None, lossless=True),
    "simple lossless webp with alpha": saved("WEBP", "RGBA", exif=b"", icc_profile=None, lossless=True),
    "webp with alpha": saved("WEBP", "RGBA"),
    "webp with xmp": saved("WEBP", xmp=OWN_XMP),
}


def _said(image: Image.Image) -> list[str]:
    """Every digital source type that an XML reader finds about the file's picture."""
    packet = image.info.get("xmp") or image.info["XML:com.adobe.xmp"]
    root = ET.fromstring(packet if isinstance(packet, bytes) else packet.encode())
    name = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    descriptions = list(root.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"))
    assert len({d.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about") for d in descriptions}) == 1
    return [str(e.text) for e in root.iter(name)] + [d.attrib[name] for d in descriptions if name in d.attrib]


@pytest.mark.parametrize("name", FILES)
def test_a_marked_file_says_where_it_comes_from_and_is_else_the_same(name):
    before = FILES[name]
    after = mark(before, "digitalCapture")
    assert read_source_type(before) is None
    assert read_source_type(after) == "digitalCapture"
    assert mark(after, "digitalCapture") == after
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        assert (new.format, new.mode, new.size) == (old.format, old.mode, old.size)
        assert new.tobytes() == old.tobytes()
        assert dict(new.getexif()) == dict(old.getexif())
        assert new.info.get("icc_profile") == old.info.get("icc_profile")
        assert _said(new) == ["http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"]
        assert ("the old camera" in str(new.info["xmp"])) == ("xmp" in name)


@pytest.mark.parametrize("name", FILES)
def test_a_marked_file_can_be_marked_as_something_stronger(name):
    twice = mark(mark(FILES[name], "digitalCapture"), "compositeSynthetic")
    assert read_source_type(twice) == "compositeSynthetic"
    with Image.open(io.BytesIO(twice)) as image:
        image.load()
        assert _said(image) == ["http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"]


def test_an_avif_and_a_full_packet_cannot_be_marked():
    with pytest.raises(CannotMark, match="original"):
        mark(saved("AVIF"), "digitalCapture")
    long = OWN_XMP.replace(b"the old camera", b"x" * (65_500 - len(OWN_XMP)))
    with pytest.raises(CannotMark, match="no room"):
        mark(saved("JPEG", xmp=long), "digitalCapture")


def test_a_word_of_our_own_making_is_refused():
    with pytest.raises(UnknownSourceType):
        mark(FILES["jpeg"], "madeUp")


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(sorted(FILES)),
    cut=st.integers(0, 4000),
    at=st.integers(0, 400),
    byte=st.integers(0, 255),
)
def test_damaged_files_are_refused_and_never_break_it(name, cut, at, byte):
    data = bytearray(FILES[name][: len(FILES[name]) - cut])
    if at < len(data):
        data[at] = byte
    with contextlib.suppress(BadPicture, CannotMark):
        mark(bytes(data), "digitalCapture")
