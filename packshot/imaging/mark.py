"""Write the digital source type into a file as it is: containers are taken apart, no pixel is touched."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator

from packshot.imaging.decode import sniff
from packshot.imaging.errors import BadPicture
from packshot.imaging.export import xmp_packet
from packshot.imaging.sources import VOCABULARY, read_source_type, uri

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_JPEG_SEGMENT = 65_533  # what a segment's two length bytes can say, less themselves
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_PNG_XMP = b"XML:com.adobe.xmp\x00"
_PLAIN_TEXT = b"\x00\x00\x00\x00"  # not compressed; no language; no translated keyword
_VP8X_XMP, _VP8X_ALPHA = 0x04, 0x10
_TERM = re.compile(re.escape(VOCABULARY.encode()) + rb"[A-Za-z]+")
_ABOUT = re.compile(rb"rdf:about=(\"[^\"<]*\"|'[^'<]*')")


class CannotMark(Exception):
    """This file has no room for the mark; the text is for a person."""


def mark(data: bytes, source_type: str) -> bytes:
    """The same file, saying where its picture comes from; unchanged where it says so already.

    What a readable XMP packet said before it says still. Raises CannotMark for AVIF and for files that leave no room,
    BadPicture for what cannot be taken apart, sources.UnknownSourceType.
    """
    uri(source_type)
    if read_source_type(data) == source_type:
        return data
    write = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp}.get(sniff(data) or "")
    if write is None:
        raise CannotMark("Only a JPEG, PNG or WebP can be marked. Download the original instead.")
    try:
        return write(data, lambda packet: _packet(packet, source_type))
    except (IndexError, ValueError) as error:
        raise BadPicture("damaged", "The picture is damaged or incomplete and cannot be marked.") from error


Merge = Callable[[bytes | None], bytes]


def _packet(found: bytes | None, source_type: str) -> bytes:
    """A packet with the type, keeping what was in the one that was found."""
    end = -1 if found is None else found.rfind(b"</rdf:RDF>")
    if found is None or end < 0:
        return xmp_packet(source_type)
    term = uri(source_type).encode()
    if _TERM.search(found):
        return _TERM.sub(term, found)
    about = _ABOUT.search(found)
    said = (
        b'<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        b'Iptc4xmpExt:DigitalSourceType="%s" rdf:about=%s/>'
    ) % (term, about.group(1) if about else b'""')
    return found[:end] + said + found[end:]


def _jpeg(data: bytes, merge: Merge) -> bytes:
    segments = list(_jpeg_segments(data))
    place, old = 0, None
    for number, (marker, start, _stop) in enumerate(segments):
        if marker in (0xE0, 0xE1):
            place = number + 1  # JFIF and EXIF want to be first
        if marker == 0xE1 and data.startswith(_JPEG_XMP, start + 4):
            old = number
    if old is not None:
        _, start, stop = segments[old]
        packet = merge(data[start + 4 + len(_JPEG_XMP) : stop])
    else:
        start = stop = segments[place - 1][2] if place else 2
        packet = merge(None)
    body = _JPEG_XMP + packet
    if len(body) > _JPEG_SEGMENT:
        raise CannotMark("The picture's own description leaves no room for the mark. Download the original.")
    return data[:start] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[stop:]


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment before the pixels."""
    at = 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        if data[at + 1] == 0xFF:  # padding
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(data):
            raise ValueError("a segment ends outside of the file")
        yield data[at + 1], at, at + 2 + length
        at += 2 + length


def _png(data: bytes, merge: Merge) -> bytes:
    start = stop = 33  # behind the header chunk, which is always first and always as long
    packet = None
    at = len(_PNG_HEAD)
    while data[at + 4 : at + 8] != b"IDAT":
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end >= len(data):
            raise ValueError("a chunk ends outside of the file")
        if data[at + 4 : at + 8] == b"iTXt" and data.startswith(_PNG_XMP, at + 8):
            start, stop = at, end
            text = data[at + 8 + len(_PNG_XMP) : end - 4]
            packet = text[4:] if text.startswith(_PLAIN_TEXT) else None
        at = end
    body = b"iTXt" + _PNG_XMP + _PLAIN_TEXT + merge(packet)
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return data[:start] + chunk + data[stop:]


def _webp(data: bytes, merge: Merge) -> bytes:
    chunks = list(_webp_chunks(data))
    if chunks[0][0] != b"VP8X":
        chunks.insert(0, (b"VP8X", _webp_header(*chunks[0])))
    old = [body for name, body in chunks if name == b"XMP "]
    kept = [(name, body) for name, body in chunks if name != b"XMP "]
    head = kept[0][1]
    kept[0] = (b"VP8X", bytes([head[0] | _VP8X_XMP]) + head[1:])
    kept.append((b"XMP ", merge(old[0] if old else None)))
    body = b"WEBP" + b"".join(
        name + len(part).to_bytes(4, "little") + part + b"\x00" * (len(part) % 2) for name, part in kept
    )
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at + 8 <= end:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > end:
            raise ValueError("a chunk ends outside of the file")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _webp_header(name: bytes, body: bytes) -> bytes:
    """The extended header that a simple file has to have before it may say anything else."""
    if name == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
    elif name == b"VP8 ":
        width = (int.from_bytes(body[6:8], "little") & 0x3FFF) - 1
        height = (int.from_bytes(body[8:10], "little") & 0x3FFF) - 1
        alpha = 0
    else:
        raise ValueError("the file does not begin with a picture")
    flags = bytes([_VP8X_ALPHA if alpha else 0, 0, 0, 0])
    return flags + width.to_bytes(3, "little") + height.to_bytes(3, "little")
