"""Blobs on their way from one store to another, while the studio goes on."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from packshot.ports.blobs import BlobInfo, BlobMissing, BlobStore, Slot


class MovingBlobs:
    """Implements packshot.ports.blobs.BlobStore over `new`, which is written, and `old`, which is read where `new` has
    nothing yet.

    An address is made a hundred times a page, so it asks no network: `nearer` is the one of the two that can be asked
    for nothing, and whatever it has is shown from there.
    """

    def __init__(self, new: BlobStore, old: BlobStore, *, nearer: BlobStore) -> None:
        self._new = new
        self._old = old
        self._nearer, self._farther = (new, old) if nearer is new else (old, new)

    @property
    def origins(self) -> tuple[str, ...]:
        return self._new.origins + self._old.origins

    @property
    def direct(self) -> bool:
        return self._new.direct

    def put(self, key: str, data: bytes) -> bool:
        return self._new.put(key, data)

    def put_file(self, key: str, path: Path) -> bool:
        return self._new.put_file(key, path)

    def get(self, key: str) -> bytes:
        try:
            return self._new.get(key)
        except BlobMissing:
            return self._old.get(key)

    def open_range(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        try:
            return self._new.open_range(key, start, length)
        except BlobMissing:
            return self._old.open_range(key, start, length)

    def info(self, key: str) -> BlobInfo:
        try:
            return self._new.info(key)
        except BlobMissing:
            return self._old.info(key)

    def walk(self) -> Iterator[BlobInfo]:
        """Of both, a key that is in both once: as the new store has it."""
        last = ""
        for found in heapq.merge(self._new.walk(), self._old.walk(), key=lambda found: found.key):
            if found.key != last:
                yield found
            last = found.key

    def delete(self, key: str) -> None:
        self._new.delete(key)
        self._old.delete(key)

    def url(self, key: str, *, filename: str | None = None, attachment: bool = False) -> str:
        shown = self._farther
        with suppress(BlobMissing):
            self._nearer.info(key)
            shown = self._nearer
        return shown.url(key, filename=filename, attachment=attachment)

    def slot(self, key: str, *, size: int, media_type: str) -> Slot | None:
        return self._new.slot(key, size=size, media_type=media_type)

    def check(self) -> None:
        self._new.check()
        self._old.check()
