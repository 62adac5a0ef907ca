"""The port to where files lie. Keys are chosen by `studio.assets`; a key's bytes never change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class BlobMissing(LookupError):
    """No bytes are stored under this key."""


@dataclass(frozen=True, slots=True)
class BlobInfo:
    key: str
    size: int


class BlobStore(Protocol):
    """Immutable bytes by key. Every method may be called from any thread."""

    def put(self, key: str, data: bytes) -> bool:
        """Store if absent, atomically and durably; False when the key was already there (that is success)."""
        ...

    def put_file(self, key: str, path: Path) -> bool:
        """Like `put`, from a file on the same machine, which stays where it is."""
        ...

    def get(self, key: str) -> bytes:
        """All bytes; raises BlobMissing."""
        ...

    def open_range(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Bytes in chunks, from `start`, at most `length`; raises BlobMissing."""
        ...

    def info(self, key: str) -> BlobInfo:
        """Size without reading; raises BlobMissing."""
        ...

    def delete(self, key: str) -> None:
        """Forget the bytes; no error when there are none."""
        ...

    def url(self, key: str, *, filename: str | None = None, attachment: bool = False) -> str:
        """An address a browser may read for a while, and nobody can make up."""
        ...

    def check(self) -> None:
        """Prove by a small write and read that the store works; raises OSError when it does not."""
        ...
