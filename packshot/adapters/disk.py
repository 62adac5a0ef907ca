"""Blobs on a disk that all processes share: files written whole or not at all, read by signed address."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, Final
from urllib.parse import urlencode

from packshot.ports.blobs import BlobInfo, BlobMissing, is_key, parts

_CHUNK: Final = 256 * 1024
_QUANTUM_S: Final = 15 * 60
"""Addresses made within a quarter of an hour are the same, so that a browser finds its copy again."""
_VALID_S: Final = 4 * _QUANTUM_S
_FORGOTTEN_S: Final = 24 * 3600


class DiskBlobs:
    """Implements packshot.ports.blobs.BlobStore in the folder `root`; `now` tells the time in seconds.

    Files lie in `root/<organization>/<first two letters>/`; they come there by a hard link from a file that is complete
    and on the disk, so a reader sees all of the bytes or no file, and of several writers one is first.
    """

    origins: tuple[str, ...] = ()
    direct = False

    def __init__(self, root: Path, *, sign_key: bytes, base_url: str, now: Callable[[], float]) -> None:
        self._root = root
        self._sign_key = sign_key
        self._base_url = base_url.rstrip("/")
        self._now = now

    def put(self, key: str, data: bytes) -> bool:
        """Store if absent; True when these bytes are now the key's, False when it had its own."""
        return self._store(self.path(key), lambda file: file.write(data))

    def put_file(self, key: str, path: Path) -> bool:
        """The same from a file, which is copied."""

        def copy(file: IO[bytes]) -> None:
            with path.open("rb") as source:
                shutil.copyfileobj(source, file, _CHUNK)

        return self._store(self.path(key), copy)

    def get(self, key: str) -> bytes:
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError:
            raise BlobMissing(key) from None

    def open_range(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Opened at once, read as it is consumed. Beyond the end there is nothing, and that is no error."""
        if start < 0 or (length is not None and length < 0):
            raise ValueError("a range starts at 0 or later and is not shorter than nothing")
        try:
            file = self.path(key).open("rb")
        except FileNotFoundError:
            raise BlobMissing(key) from None
        return _chunks(file, start, length)

    def info(self, key: str) -> BlobInfo:
        try:
            return _info(key, self.path(key))
        except FileNotFoundError:
            raise BlobMissing(key) from None

    def walk(self) -> Iterator[BlobInfo]:
        """A folder at a time: its names are read whole, which are some thousands in the largest studio."""
        for organization in _names(self._root):
            for shelf in _names(self._root / organization):
                for name in _names(self._root / organization / shelf):
                    key = f"{organization}/{name}"
                    if not is_key(key):
                        continue
                    try:
                        yield _info(key, self.path(key))
                    except FileNotFoundError:
                        continue  # deleted since its folder was read

    def delete(self, key: str) -> None:
        self.path(key).unlink(missing_ok=True)

    def url(self, key: str, *, filename: str | None = None, attachment: bool = False) -> str:
        """Valid for an hour to an hour and a quarter. With `attachment` it is saved as `filename`."""
        self.path(key)
        expiry = (math.floor(self._now() / _QUANTUM_S) + 1) * _QUANTUM_S + _VALID_S
        asked = {"e": str(expiry)}
        if attachment or filename is not None:
            name = filename or key.rpartition("/")[2]
            # Half a character, which a file system may hand out, cannot be put into an address.
            asked["d" if attachment else "n"] = name.encode(errors="replace").decode()
        asked["s"] = self._signature(key, asked)
        return f"{self._base_url}/blobs/{key}?{urlencode(asked)}"

    def slot(self, key: str, *, size: int, media_type: str) -> None:  # noqa: ARG002  (the port's)
        """None: what a browser brings, it sends to the studio."""
        self.path(key)

    def verify(self, key: str, asked: Mapping[str, str]) -> bool:
        """Whether these query parameters are of an address that we made and that has not expired."""
        if not is_key(key):
            return False
        rest = {name: value for name, value in asked.items() if name != "s"}
        given = asked.get("s", "").encode(errors="replace")
        if not hmac.compare_digest(given, self._signature(key, rest).encode()):
            return False
        return int(rest["e"]) > self._now()

    def check(self) -> None:
        """Write, link, read and remove a small file; clears away what killed writers left behind."""
        folder = self._drafts()
        probe, content = folder / f"check-{secrets.token_hex(8)}", secrets.token_bytes(64)
        try:
            self._store(probe, lambda file: file.write(content))
            if probe.read_bytes() != content:
                raise OSError(f"{folder} does not give back what was written to it")
        finally:
            probe.unlink(missing_ok=True)
        for draft in folder.iterdir():
            try:
                if draft.stat().st_mtime < self._now() - _FORGOTTEN_S:
                    draft.unlink()
            except FileNotFoundError:
                continue  # its writer has just finished

    def path(self, key: str) -> Path:
        """Where the key's bytes lie, if there are any. Raises ValueError for a key not of our form."""
        organization, name = parts(key)
        return self._root / organization / name[:2] / name

    def _signature(self, key: str, asked: Mapping[str, str]) -> str:
        # urlencode makes the text unambiguous: no value can pretend to be another parameter.
        text = f"{key}?{urlencode(sorted(asked.items()))}"
        digest = hmac.new(self._sign_key, text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()

    def _drafts(self) -> Path:
        folder = self._root / "drafts"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _store(self, target: Path, write: Callable[[IO[bytes]], object]) -> bool:
        """When this returns, the key's bytes survive a power cut, whoever wrote them."""
        fresh = False
        if not target.exists():
            _make_folder(target.parent, self._root)
            draft = self._drafts() / secrets.token_hex(16)
            try:
                with draft.open("xb") as file:
                    write(file)
                    file.flush()
                    os.fsync(file.fileno())
                fresh = _link(draft, target)
            finally:
                draft.unlink(missing_ok=True)
        _flush_folder(target.parent)
        return fresh


def _info(key: str, path: Path) -> BlobInfo:
    found = path.stat()
    return BlobInfo(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _names(folder: Path) -> list[str]:
    """What lies in a folder, in order; nothing where there is no folder."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _link(draft: Path, target: Path) -> bool:
    try:
        os.link(draft, target)
    except FileExistsError:
        return False
    return True


def _make_folder(folder: Path, root: Path) -> None:
    """The folder is there, and so is, after a power cut, each folder above it that had to be made."""
    if folder.exists():
        return
    _make_folder(folder.parent, root) if folder != root else folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _chunks(file: BinaryIO, start: int, length: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = length
        while left is None or left > 0:
            chunk = file.read(_CHUNK if left is None else min(_CHUNK, left))
            if not chunk:
                return
            if left is not None:
                left -= len(chunk)
            yield chunk
