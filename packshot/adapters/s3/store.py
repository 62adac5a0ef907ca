"""Blobs in a bucket: read and written by obstore, shown to browsers by signed addresses of the bucket's own."""

from __future__ import annotations

import io
import math
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Literal
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, GenericError
from obstore.store import S3Store

from packshot.adapters.s3.bucket import Bucket
from packshot.adapters.s3.signing import presigned
from packshot.imaging.magic import HEAD, UNKNOWN, media_type_of
from packshot.ports.blobs import BlobInfo, BlobMissing, BlobsUnavailable, Slot, is_key, parts
from packshot.ports.blobs import disposition as disposition_of

_CHUNK: Final = 256 * 1024
_QUANTUM_S: Final = 15 * 60
"""Addresses made within a quarter of an hour are the same, so that a browser finds its copy again."""
_VALID_S: Final = 5 * _QUANTUM_S
_SLOT_S: Final = 3600
_AT_ONCE: Final = 64 * 1024 * 1024
"""What is larger is written in parts, of which a server takes 10,000."""
_PART: Final = 16 * 1024 * 1024
_PROVEN_S: Final = 15.0
"""A balancer asks every second whether the store works; a bucket is asked this often at most."""
_FOREVER: Final = "private, max-age=31536000, immutable"


class S3Blobs:
    """Implements packshot.ports.blobs.BlobStore in one bucket; `now` tells the time in seconds.

    What an object is, is told by its first bytes when it is written, and by nobody else: anything but a picture or a
    film can only be saved. A bucket cannot be made to answer with nosniff; its files are on another site than our
    pages, and of types that do not run.
    """

    direct = True

    def __init__(self, bucket: Bucket, *, now: Callable[[], float]) -> None:
        self._bucket = bucket
        self._now = now
        self._conditional = True
        self._proven_at = -math.inf
        self._proving = threading.Lock()
        self._store = S3Store(
            bucket.name,
            endpoint=bucket.service if bucket.path_style else bucket.base,
            region=bucket.region,
            access_key_id=bucket.access_key_id,
            secret_access_key=bucket.secret_access_key.get_secret_value(),
            virtual_hosted_style_request=not bucket.path_style,
            client_options={
                "allow_http": bucket.service.startswith("http://"),
                "connect_timeout": "5s",
                "timeout": "120s",
            },
            retry_config={"max_retries": 3},
        )

    @property
    def origins(self) -> tuple[str, ...]:
        """Of this bucket alone: where it is named in the path, the path is part of it."""
        found = urlsplit(self._bucket.base)
        origin = f"{found.scheme}://{found.netloc}"
        return (f"{origin}{found.path}/" if self._bucket.path_style else origin,)

    def put(self, key: str, data: bytes) -> bool:
        parts(key)
        with _writing(key):
            return self._create(key, io.BytesIO(data), data[:HEAD])

    def put_file(self, key: str, path: Path) -> bool:
        """A file of more than 64 MB is sent in parts, which no server refuses where the key has come to be there since
        it was looked for: of two writers at once the last one is kept, not the first."""
        parts(key)
        with path.open("rb") as file, _writing(key):
            head = file.read(HEAD)
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            if size <= _AT_ONCE:
                return self._create(key, file, head)
            if self._is_there(key):
                return False
            obstore.put(
                self._store,
                key,
                file,
                attributes=_attributes(head),
                use_multipart=True,
                chunk_size=_PART,
                max_concurrency=4,
            )
            return True

    def get(self, key: str) -> bytes:
        parts(key)
        with _reading(key):
            return bytes(obstore.get(self._store, key).bytes())

    def open_range(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Asked for at once, read as it is consumed. Beyond the end there is nothing, and that is no error."""
        if start < 0 or (length is not None and length < 0):
            raise ValueError("a range starts at 0 or later and is not shorter than nothing")
        size = self.info(key).size
        end = size if length is None else min(size, start + length)
        if start >= end:
            return iter(())
        with _reading(key):
            found = obstore.get(self._store, key, options={"range": (start, end)})
        return _chunks(key, found)

    def info(self, key: str) -> BlobInfo:
        parts(key)
        with _reading(key):
            return _info(obstore.head(self._store, key))

    def walk(self) -> Iterator[BlobInfo]:
        """A thousand at a time. What is not of our form is another's, and passed over."""
        pages = iter(obstore.list(self._store, chunk_size=1000))
        while True:
            with _writing("a list"):
                page = next(pages, None)
            if page is None:
                return
            yield from (_info(found) for found in page if is_key(found["path"]))

    def delete(self, key: str) -> None:
        parts(key)
        try:
            with _reading(key):
                obstore.delete(self._store, key)
        except BlobMissing:
            return  # some servers answer so; AWS does not

    def url(self, key: str, *, filename: str | None = None, attachment: bool = False) -> str:
        """Valid for an hour to an hour and a quarter. With `attachment` it is saved as `filename`."""
        query = {}
        name = filename or (parts(key)[1] if attachment else None)
        if name is not None:
            query["response-content-disposition"] = disposition_of(
                "attachment" if attachment else "inline", name
            )
        parts(key)
        begun = math.floor(self._now() / _QUANTUM_S) * _QUANTUM_S
        return presigned("GET", self._bucket, key, at=begun, valid_s=_VALID_S, query=query)

    def slot(self, key: str, *, size: int, media_type: str) -> Slot:
        """Size and type are under the signature: a PUT of anything else is refused by the bucket."""
        parts(key)
        headers = {"content-type": media_type}
        url = presigned(
            "PUT",
            self._bucket,
            key,
            at=self._now(),
            valid_s=_SLOT_S,
            headers={**headers, "content-length": str(size)},
        )
        return Slot(url, headers)

    def check(self) -> None:
        """Write, read and remove a small object; what was proven within fifteen seconds is not proven again."""
        with self._proving:
            if self._now() - self._proven_at < _PROVEN_S:
                return
            key, content = f"checks/{secrets.token_hex(16)}", secrets.token_bytes(64)
            with _writing(key):
                obstore.put(self._store, key, content, use_multipart=False)
                try:
                    same = bytes(obstore.get(self._store, key).bytes()) == content
                finally:
                    obstore.delete(self._store, key)
            if not same:
                raise BlobsUnavailable(f"{self._bucket.base} does not give back what was written to it")
            self._proven_at = self._now()

    def _create(self, key: str, file: IO[bytes], head: bytes) -> bool:
        if self._conditional:
            try:
                self._put(key, file, head, mode="create")
            except AlreadyExistsError:
                return False
            except GenericError as error:
                if "501 Not Implemented" not in str(error):
                    raise
                self._conditional = False
                file.seek(0)
            else:
                return True
        # A server without If-None-Match: of two writers at once the last one is kept, not the first.
        if self._is_there(key):
            return False
        self._put(key, file, head, mode="overwrite")
        return True

    def _put(self, key: str, file: IO[bytes], head: bytes, *, mode: Literal["create", "overwrite"]) -> None:
        obstore.put(self._store, key, file, attributes=_attributes(head), mode=mode, use_multipart=False)

    def _is_there(self, key: str) -> bool:
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        return True


@contextmanager
def _writing(what: str) -> Iterator[None]:
    """The library's errors in the port's words. What is not found here is the bucket."""
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        raise BlobsUnavailable(f"{what}: {str(error).partition('Debug source')[0].strip()}") from error


@contextmanager
def _reading(key: str) -> Iterator[None]:
    """The same where the object is not found: a bucket that is gone looks like an empty one, but to `check`."""
    with _writing(key):
        try:
            yield
        except FileNotFoundError:
            raise BlobMissing(key) from None


def _chunks(key: str, found: Any) -> Iterator[bytes]:
    stream = iter(found.stream(min_chunk_size=_CHUNK))
    while True:
        with _reading(key):
            chunk = next(stream, None)
        if chunk is None:
            return
        yield bytes(chunk)


def _info(found: Any) -> BlobInfo:
    return BlobInfo(found["path"], found["size"], found["last_modified"])


def _attributes(head: bytes) -> dict[Any, str]:
    media_type = media_type_of(head)
    kind = "attachment" if media_type == UNKNOWN else "inline"
    return {"Content-Type": media_type, "Content-Disposition": kind, "Cache-Control": _FOREVER}
