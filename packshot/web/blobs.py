"""Files of the disk at their signed addresses: `/blobs/<key>?e=...&s=...`, without Django and without a session.

The signature is the permission. Everything about a file that is not signed for, its existence too, answers 403
alike. Bytes at a key never change, so a browser may keep them; what they are is told by their first bytes and
never by a name, and nothing that comes from here may run as a page of ours.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

from packshot.imaging.magic import UNKNOWN, media_type_of
from packshot.ports.blobs import BlobMissing, BlobStore, disposition

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_PREFIX = "/blobs/"
_HEAD = 512
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.IGNORECASE)
_FOREVER = "private, max-age=31536000, immutable"


class SignedStore(BlobStore, Protocol):
    """A store whose addresses lead back to us."""

    def verify(self, key: str, asked: Mapping[str, str]) -> bool:
        """Whether these query parameters are of an address that the store made and that still holds."""
        ...


async def serve(scope: Scope, _receive: Receive, send: Send) -> None:
    """The ASGI application at `/blobs/`, on the disk: also while pictures move from there to a bucket."""
    from packshot import wiring

    await respond(wiring.disk_blobs(), scope, send)


async def respond(store: SignedStore, scope: Scope, send: Send) -> None:
    """Answer one request from this store. The disk is read in threads, a piece at a time."""
    method: str = scope["method"]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    answer = await asyncio.to_thread(_answer, store, method, scope["path"], scope["query_string"], headers)
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": fields})
    if method == "HEAD":
        await send({"type": "http.response.body", "body": b""})
        return
    left = answer.length
    while True:
        chunk = await asyncio.to_thread(next, answer.chunks, b"") if left else b""
        left -= len(chunk)
        if left and not chunk:
            raise OSError(f"the file under {scope['path']} is shorter than it was a moment ago")
        await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
        if not left:
            return


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    length: int = 0
    chunks: Iterator[bytes] = field(default_factory=lambda: iter(()))


def _answer(store: SignedStore, method: str, path: str, query: bytes, headers: Mapping[str, str]) -> _Answer:
    if method not in ("GET", "HEAD"):
        return _refusal(405, "Files are only read here.", {"allow": "GET, HEAD"})
    key = path.removeprefix(_PREFIX)
    asked = _parameters(query)
    if asked is None or not store.verify(key, asked):
        return _refusal(
            403, "This address has expired or is not complete. Open the page again for a fresh one."
        )
    try:
        return _file(store, key, asked, headers if method == "GET" else {**headers, "range": ""})
    except BlobMissing:
        return _refusal(404, "There is no such file any more.")


def _file(store: SignedStore, key: str, asked: Mapping[str, str], headers: Mapping[str, str]) -> _Answer:
    size = store.info(key).size
    etag = f'"{key.rpartition("/")[2]}"'
    if _matches(headers.get("if-none-match", ""), etag):
        return _Answer(304, {"etag": etag, "cache-control": _FOREVER})
    fields = _file_fields(b"".join(store.open_range(key, 0, _HEAD)), asked) | {"etag": etag}
    whole = headers.get("if-range", etag) != etag
    try:
        part = None if whole else _range(headers.get("range", ""), size)
    except _NoSuchPartError:
        return _refusal(416, "The file has no such part.", {"content-range": f"bytes */{size}"})
    if part is None:
        return _Answer(200, fields | {"content-length": str(size)}, size, store.open_range(key))
    length = part[1] - part[0] + 1
    fields |= {"content-length": str(length), "content-range": f"bytes {part[0]}-{part[1]}/{size}"}
    return _Answer(206, fields, length, store.open_range(key, part[0], length))


def _file_fields(head: bytes, asked: Mapping[str, str]) -> dict[str, str]:
    media_type = media_type_of(head)
    shown = "d" not in asked and media_type != UNKNOWN
    return {
        "content-type": media_type,
        "content-disposition": disposition(
            "inline" if shown else "attachment", asked.get("d") or asked.get("n")
        ),
        "cache-control": _FOREVER,
        "accept-ranges": "bytes",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
    }


def _parameters(query: bytes) -> dict[str, str] | None:
    """The query's parameters; None where they could be read in two ways."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=8)
    except ValueError:
        return None
    return dict(pairs) if len(dict(pairs)) == len(pairs) else None


def _matches(header: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return etag in tags or tags == ["*"]


class _NoSuchPartError(Exception):
    """The range lies outside of the file."""


def _range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte asked for; None, which is all of it, for a header that is not one plain range."""
    found = _RANGE.fullmatch(header.strip())
    first, last = found.groups() if found else ("", "")
    if first and last and int(last) < int(first):
        return None
    if first:
        start, end = int(first), min(int(last or size), size - 1)
    elif last:
        start, end = max(0, size - int(last)), size - 1
    else:
        return None
    if start > end:
        raise _NoSuchPartError
    return start, end


def _refusal(status: int, sentence: str, more: Mapping[str, str] | None = None) -> _Answer:
    body = f"{sentence}\n".encode()
    fields = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        **(more or {}),
    }
    return _Answer(status, fields, len(body), iter((body,)))
