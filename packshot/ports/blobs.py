"""The port to where files lie. Keys are chosen by `studio.assets`; a key's bytes never change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

# <organization>/<sha256 of the content>, and what was made of it behind a dot. Nothing that a path or an address
# could misunderstand can be said in these letters.
_KEY: Final = re.compile(
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9a-f]{64}(?:\.[0-9a-z]{1,12}){0,3})"
)
_PLAIN: Final = re.compile(r"[^A-Za-z0-9 ._-]")


class BlobMissing(LookupError):
    """No bytes are stored under this key."""


class BlobsUnavailable(OSError):
    """The store does not answer, or refuses us; nothing is known of what was asked."""


@dataclass(frozen=True, slots=True)
class BlobInfo:
    key: str
    size: int
    modified: datetime
    """When the bytes came there, by the store's clock."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a browser may put the bytes of one key itself, by one PUT with exactly these headers."""

    url: str
    headers: Mapping[str, str]


class BlobStore(Protocol):
    """Immutable bytes by key. Every method may be called from any thread; a key that is not of our form is a ValueError
    everywhere, and a store that does not answer an OSError."""

    @property
    def origins(self) -> tuple[str, ...]:
        """Where browsers are led to for files, beside the studio's own origin; as a content security policy says it."""
        ...

    @property
    def direct(self) -> bool:
        """Whether browsers bring bytes themselves: `slot` gives one."""
        ...

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
        """Size and age without reading; raises BlobMissing."""
        ...

    def walk(self) -> Iterator[BlobInfo]:
        """Every key of our form, in ascending order, read a page at a time; what comes or goes meanwhile may be
        among them or not."""
        ...

    def delete(self, key: str) -> None:
        """Forget the bytes; no error when there are none."""
        ...

    def url(self, key: str, *, filename: str | None = None, attachment: bool = False) -> str:
        """An address a browser may read for a while, and nobody can make up."""
        ...

    def slot(self, key: str, *, size: int, media_type: str) -> Slot | None:
        """Where a browser may put exactly `size` bytes of this type for an hour; None: they are sent to the studio."""
        ...

    def check(self) -> None:
        """Prove by a small write and read that the store works; raises OSError when it does not."""
        ...


def parts(key: str) -> tuple[str, str]:
    """A key's organization and the name in it. Raises ValueError for what is no key."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise ValueError(f"not a blob's key: {key!r:.120}")
    return found.group(1), found.group(2)


def is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def disposition(kind: str, name: str | None) -> str:
    """Content-Disposition as RFC 6266 has it: a plain name for old readers, the real one in percent signs."""
    if not name:
        return kind
    # Half a character, which a file system may hand out, cannot be put into an address.
    name = name.encode(errors="replace").decode()
    return f"{kind}; filename=\"{_PLAIN.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe='')}"
