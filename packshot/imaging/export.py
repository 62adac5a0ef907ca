"""Pixels to files. Nothing of the original's metadata survives; the digital source type is always written."""

from __future__ import annotations

import io
import re
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image, PngImagePlugin

from packshot.imaging import sources
from packshot.imaging.sources import read_source_type
from packshot.imaging.types import Bytes2D

__all__ = ["MEDIA_TYPES", "encode", "read_source_type", "xmp_packet"]

MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "image/avif")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
    out = io.BytesIO()
    if media_type == "image/jpeg":
        image = Image.fromarray(rgb if alpha is None else _on_white(rgb, alpha))
        image.save(out, "JPEG", quality=quality, subsampling="4:4:4", optimize=True, xmp=xmp)
        return out.getvalue()
    image = Image.fromarray(rgb if alpha is None else np.dstack((rgb, alpha)))
    image.save(out, **_options(media_type, quality, xmp))
    return out.getvalue()


def _options(media_type: str, quality: int, xmp: bytes) -> dict[str, Any]:
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


def xmp_packet(source_type: str, alt_text: str | None = None) -> bytes:
    """An XMP packet with the IPTC digital source type and, if given, the accessible description."""
    described = ""
    if alt_text:
        text = escape(_NOT_XML.sub("", alt_text))
        described = (
            "<Iptc4xmpCore:AltTextAccessibility><rdf:Alt>"
            f'<rdf:li xml:lang="x-default">{text}</rdf:li>'
            "</rdf:Alt></Iptc4xmpCore:AltTextAccessibility>"
        )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about=""'
        ' xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f"<Iptc4xmpExt:DigitalSourceType>{sources.uri(source_type)}</Iptc4xmpExt:DigitalSourceType>"
        f"{described}</rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    ).encode()
