"""How exported files are called, and how many of them become one ZIP."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import RawIOBase
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from packshot.errors import Invalid
from packshot.studio.assets.contracts import FORMS, ExportSpec

TOKENS = ("name", "board", "n", "w", "h", "seed", "date", "hash8", "product")
"""What a file-name template may hold, in braces."""
TEMPLATE_LENGTH = 120
LARGEST_SIDE = 16_384
_STEM_LENGTH = 100
_ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/avif": "avif",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
_QUALITIES = {"jpeg": 90, "webp": 86, "avif": 70}
"""Of lossy forms when nobody said another: hardly to be told from the original by eye."""
_TOKEN = re.compile(r"\{([^{}]*)\}")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
# What Windows keeps for itself, with any ending.
_TAKEN = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)
_MOMENT = (1980, 1, 1, 0, 0, 0)
"""A ZIP's files have no day of their own: the same pictures are the same bytes."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is known of a picture that is packed."""

    id: UUID
    sha256: str
    media_type: str
    bytes: int
    name: str
    origin: str
    source_type: str
    width: int
    height: int
    seed: int | None
    title: str
    alt: str
    product: str
    board: str
    created_on: str

    @property
    def is_video(self) -> bool:
        return self.media_type.startswith("video/")


def item_of(row: dict[str, Any]) -> Item:
    """From what the SQL functions of exports say of a picture."""
    facts = {name: row[name] for name in ("sha256", "media_type", "bytes", "name", "origin", "source_type")}
    facts |= {name: row[name] for name in ("width", "height", "seed", "title", "alt", "product")}
    return Item(id=UUID(row["id"]), board=row["board"] or "", created_on=row["created_at"], **facts)


def checked(spec: ExportSpec) -> ExportSpec:
    """The spec, when it means something. Raises Invalid."""
    if spec.form not in FORMS:
        raise Invalid(_("The form is one of %(forms)s.") % {"forms": ", ".join(FORMS)}, field="form")
    if spec.metadata not in ("keep", "strip"):
        raise Invalid(_("Metadata are kept or stripped."), field="metadata")
    if spec.form == "original" and (spec.longest is not None or spec.quality is not None):
        raise Invalid(_("The original is exported as it is. Choose a form to change its size."), field="form")
    if spec.longest is not None and not 1 <= spec.longest <= LARGEST_SIDE:
        raise Invalid(_("The longer side has 1 to 16,384 pixels."), field="longest")
    if spec.quality is not None and not 1 <= spec.quality <= 100:
        raise Invalid(_("The quality is a number from 1 to 100."), field="quality")
    if not 1 <= len(spec.name) <= TEMPLATE_LENGTH:
        raise Invalid(_("A file-name template has 1 to 120 characters."), field="name")
    for token in _TOKEN.findall(spec.name):
        if token not in TOKENS:
            raise Invalid(_("There is no {%(token)s} in a file name.") % {"token": token}, field="name")
    return spec


def conversion(spec: ExportSpec, item: Item) -> dict[str, Any] | None:
    """What packshot.imaging.export.convert is asked for; None where the stored bytes are exported as they are."""
    if spec.form == "original" or item.is_video:
        return None
    return {
        "form": spec.form,
        "longest": spec.longest,
        "quality": spec.quality or _QUALITIES.get(spec.form, 90),
        "metadata": spec.metadata,
        "source_type": item.source_type,
        "title": item.title or None,
        "alt": item.alt or None,
    }


class Names:
    """File names of one export: safe on every system, each once whatever its letters' case."""

    def __init__(self, spec: ExportSpec) -> None:
        self._spec = spec
        self._seen: set[str] = set()
        self._number = 0

    def next(self, item: Item, *, width: int | None = None, height: int | None = None) -> str:
        """Of the next file; its size where that is not the picture's own any more."""
        self._number += 1
        stem = safe(self._filled(item, width or item.width, height or item.height)) or "picture"
        ending = self._ending(item)
        name, count = f"{stem}.{ending}", 1
        while _folded(name) in self._seen:
            count += 1
            name = f"{stem}-{count}.{ending}"
        self._seen.add(_folded(name))
        return name

    def _filled(self, item: Item, width: int, height: int) -> str:
        values = {
            "name": item.title or PurePosixPath(item.name).stem,
            "board": item.board,
            "n": str(self._number),
            "w": str(width),
            "h": str(height),
            "seed": "" if item.seed is None else str(item.seed),
            "date": item.created_on,
            "hash8": item.sha256[:8],
            "product": item.product,
        }
        return _TOKEN.sub(lambda found: values[found.group(1)], self._spec.name)

    def _ending(self, item: Item) -> str:
        if self._spec.form == "original" or item.is_video:
            return _ENDINGS.get(item.media_type, "bin")
        return {"jpeg": "jpg"}.get(self._spec.form, self._spec.form)


def safe(text: str) -> str:
    """A file name's stem without what some system cannot take; may be empty."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    text = " ".join(_UNSAFE.sub("-", text).split()).strip(" .-")
    # A system counts bytes: no name is longer than it can keep.
    text = text.encode()[: 2 * _STEM_LENGTH].decode(errors="ignore")[:_STEM_LENGTH].rstrip(" .-")
    return f"_{text}" if _TAKEN.fullmatch(text.partition(".")[0]) else text


def whole_name(items: Iterable[Item], day: str) -> str:
    """Of a ZIP that was asked for on this day: the board's, where all come from one."""
    boards = {item.board for item in items}
    stem = safe(boards.pop()) if len(boards) == 1 else ""
    return f"{stem or 'pictures'}-{day}.zip"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def entry(name: str) -> zipfile.ZipInfo:
    """A file of a ZIP: stored, since pictures are packed already, under a name in UTF-8."""
    info = zipfile.ZipInfo(name, _MOMENT)
    info.external_attr = 0o644 << 16
    return info


def zipped(files: Iterable[tuple[str, int, Callable[[], Iterator[bytes]]]]) -> Iterator[bytes]:
    """The bytes of a ZIP of these files (name, size, bytes), made as they are read; no more than a piece in memory."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as packed:
        for name, size, chunks in files:
            info = entry(name)
            info.file_size = size
            with packed.open(info, "w", force_zip64=size > zipfile.ZIP64_LIMIT // 2) as file:
                for chunk in chunks():
                    file.write(chunk)
                    yield from sink.taken()
            yield from sink.taken()
    yield from sink.taken()


def files_of(
    spec: ExportSpec, items: Iterable[Item], read: Callable[[Item], Iterator[bytes]]
) -> Iterator[tuple[str, int, Callable[[], Iterator[bytes]]]]:
    """What `zipped` takes, of pictures that are exported as they are stored."""
    names = Names(spec)
    for item in items:
        yield names.next(item), item.bytes, partial(read, item)


class _Sink(RawIOBase):
    """Where a ZIP is written to that is read at the same time; it cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._chunks.append(bytes(data))
        return len(data)

    def taken(self) -> Iterator[bytes]:
        chunks, self._chunks = self._chunks, []
        yield from chunks
