"""Pixels to files, and files to other files. The digital source type is always written; of the original's other
metadata only survives what was asked for."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any, Literal
from xml.sax.saxutils import escape, unescape

import numpy as np
from PIL import Image, PngImagePlugin

from packshot.imaging import sources
from packshot.imaging.decode import decode
from packshot.imaging.errors import BadPicture
from packshot.imaging.sources import read_source_type
from packshot.imaging.types import Bytes2D

__all__ = ["FORMS", "MEDIA_TYPES", "Converted", "convert", "encode", "read_source_type", "xmp_packet"]

MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "image/avif")
FORMS = {media_type.removeprefix("image/"): media_type for media_type in MEDIA_TYPES}
Metadata = Literal["strip", "keep"]
_ORIENTATION, _COPYRIGHT = 0x0112, 0x8298
_ROOM = 4_000
"""Characters of each text: a JPEG has room for three of these whatever they are."""
_RIGHTS = re.compile(r"<dc:rights\b[^>]*>.*?<rdf:li\b[^>]*>(.*?)</rdf:li>", re.DOTALL)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Converted:
    """A finished file and its size in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


def convert(
    data: bytes,
    *,
    form: str,
    source_type: str,
    longest: int | None = None,
    quality: int = 90,
    metadata: Metadata = "strip",
    title: str | None = None,
    alt: str | None = None,
) -> Converted:
    """The same picture as a JPEG, PNG, WebP or AVIF, in sRGB and upright.

    `longest` is the most that its long side may have in pixels (None: as it is); nothing is ever enlarged.
    `strip` leaves the digital source type, the title and the description, `keep` also EXIF and the copyright.
    Raises BadPicture, ValueError for an unknown form or a size below 1, sources.UnknownSourceType.
    """
    if form not in FORMS or metadata not in ("strip", "keep") or (longest is not None and longest < 1):
        raise ValueError(f"cannot convert to {form}, {longest} pixels, metadata {metadata}")
    picture = decode(data)
    pixels = picture.rgb if picture.alpha is None else np.dstack((picture.rgb, picture.alpha))
    image = _at_most(Image.fromarray(pixels), longest)
    exif, rights = _kept(data) if metadata == "keep" else (b"", None)
    xmp = xmp_packet(source_type, alt, title=title, rights=rights)
    made = _write(image, FORMS[form], quality, xmp, exif)
    if xmp not in made:
        raise RuntimeError(f"the {form} does not carry its description")
    return Converted(made, FORMS[form], image.width, image.height)


def _at_most(image: Image.Image, longest: int | None) -> Image.Image:
    scale = 1.0 if longest is None else longest / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # Pillow weighs colours by alpha here, so that invisible ones do not bleed in.
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _kept(data: bytes) -> tuple[bytes, str | None]:
    """(EXIF without the orientation, which was applied, and the copyright) of a file that decodes."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP", "AVIF"]) as image:
            image.load()
            exif = image.getexif()
            exif.pop(_ORIENTATION, None)
            rights = _rights(image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b"")
            return (exif.tobytes() if exif else b""), rights or _text(exif.get(_COPYRIGHT))
    except Exception as error:
        # What was decoded a moment ago has odd metadata only; they raise nearly anything.
        raise BadPicture(
            "bad_metadata", "The metadata of this picture is damaged. Export it without metadata."
        ) from error


def _rights(packet: bytes | str) -> str | None:
    text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else packet
    found = _RIGHTS.search(text)
    return _text(unescape(found.group(1), {"&quot;": '"', "&apos;": "'"})) if found else None


def _text(value: object) -> str | None:
    return value.strip("\0 \n")[:_ROOM] or None if isinstance(value, str) else None


def encode(
    rgb: Bytes2D,
    media_type: str,
    *,
    source_type: str,
    alpha: Bytes2D | None = None,
    alt_text: str | None = None,
    quality: int = 92,
) -> bytes:
    """Encode sRGB pixels as JPEG, PNG, WebP or AVIF. `quality` 1..100 is for the lossy three.

    JPEG has no transparency: alpha is laid on white. Raises ValueError for another media type,
    sources.UnknownSourceType for a term outside the vocabulary.
    """
    xmp = xmp_packet(source_type, alt_text)
    image = Image.fromarray(rgb if alpha is None else np.dstack((rgb, alpha)))
    return _write(image, media_type, quality, xmp)


def _write(image: Image.Image, media_type: str, quality: int, xmp: bytes, exif: bytes = b"") -> bytes:
    if media_type == "image/jpeg" and image.mode == "RGBA":
        pixels = np.asarray(image)
        image = Image.fromarray(_on_white(pixels[..., :3], pixels[..., 3]))
    options = _options(media_type, quality, xmp)
    if exif:
        options["exif"] = exif
    out = io.BytesIO()
    try:
        image.save(out, **options)
    except ValueError as error:
        if not exif:
            raise
        raise BadPicture(
            "bad_metadata", "The metadata of this picture is too large. Export it without metadata."
        ) from error
    return out.getvalue()


def _options(media_type: str, quality: int, xmp: bytes) -> dict[str, Any]:
    if media_type == "image/jpeg":
        return {"format": "JPEG", "quality": quality, "subsampling": "4:4:4", "optimize": True, "xmp": xmp}
    if media_type == "image/png":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8"))
        return {"format": "PNG", "pnginfo": info, "compress_level": 4}
    if media_type == "image/webp":
        return {"format": "WEBP", "quality": quality, "method": 4, "xmp": xmp, "exact": False}
    if media_type == "image/avif":
        return {"format": "AVIF", "quality": quality, "speed": 7, "max_threads": 1, "xmp": xmp}
    raise ValueError(f"cannot write {media_type}")


def _on_white(rgb: Bytes2D, alpha: Bytes2D) -> Bytes2D:
    share = alpha[..., None].astype(np.float32) / 255
    return np.rint(rgb * share + 255 * (1 - share)).astype(np.uint8)


def xmp_packet(
    source_type: str, alt_text: str | None = None, *, title: str | None = None, rights: str | None = None
) -> bytes:
    """An XMP packet: the IPTC digital source type, and if given accessible description, title and copyright."""
    described = "".join(
        f'<{tag}><rdf:Alt><rdf:li xml:lang="x-default">{escape(_NOT_XML.sub("", text[:_ROOM]))}</rdf:li>'
        f"</rdf:Alt></{tag}>"
        for tag, text in (
            ("dc:title", title),
            ("dc:rights", rights),
            ("Iptc4xmpCore:AltTextAccessibility", alt_text),
        )
        if text
    )
    dublin = ' xmlns:dc="http://purl.org/dc/elements/1.1/"' if title or rights else ""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about=""{dublin}'
        ' xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f"<Iptc4xmpExt:DigitalSourceType>{sources.uri(source_type)}</Iptc4xmpExt:DigitalSourceType>"
        f"{described}</rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    ).encode()
