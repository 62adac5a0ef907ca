"""The files' own answers over ASGI: ranges, copies in the browser, names, and hostile requests."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from packshot.adapters.disk import DiskBlobs
from packshot.adapters.mock.picture import clip
from packshot.web.blobs import respond

ORGANIZATION = "01939f2a-0000-7000-8000-000000000001"
NOW = 1_700_000_000.0


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


def png() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((700, 700), 60).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "blobs", sign_key=b"secret", base_url="", now=lambda: NOW)


def stored(store: DiskBlobs, data: bytes, suffix: str = "") -> str:
    key = f"{ORGANIZATION}/{hashlib.sha256(data).hexdigest()}{suffix}"
    store.put(key, data)
    return key


async def ask(
    store: DiskBlobs,
    url: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    query: bytes | None = None,
) -> Reply:
    path, _, rest = url.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "query_string": rest.encode("ascii") if query is None else query,
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in (headers or {}).items()],
    }
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await respond(store, scope, send)
    start, *bodies = sent
    assert start["type"] == "http.response.start"
    assert [m.get("more_body", False) for m in bodies] == [True] * (len(bodies) - 1) + [False]
    fields = {k.decode("latin-1"): v.decode("latin-1") for k, v in start["headers"]}
    assert len(fields) == len(start["headers"])
    assert not any("\r" in v or "\n" in v for v in fields.values())
    return Reply(start["status"], fields, b"".join(m["body"] for m in bodies))


async def test_a_picture_comes_whole_and_may_be_kept(store):
    key = stored(store, data := png())
    reply = await ask(store, store.url(key, filename="mug.png"))
    assert (reply.status, reply.body) == (200, data)
    assert reply.headers == {
        "content-type": "image/png",
        "content-length": str(len(data)),
        "content-disposition": "inline; filename=\"mug.png\"; filename*=UTF-8''mug.png",
        "cache-control": "private, max-age=31536000, immutable",
        "accept-ranges": "bytes",
        "etag": f'"{key.rpartition("/")[2]}"',
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
    }
    head = await ask(store, store.url(key, filename="mug.png"), method="HEAD")
    assert (head.status, head.body, head.headers) == (200, b"", reply.headers)


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [("bytes=0-99", 0, 99), ("bytes=100-", 100, None), ("bytes=-50", -50, None), ("bytes=0-", 0, None),
     ("bytes=5-5", 5, 5), ("bytes=10-999999999", 10, None), ("bytes=-999999999", 0, None), ("Bytes=1-2", 1, 2)],
)  # fmt: skip
async def test_one_range_is_a_part(store, header, first, last):
    key = stored(store, data := png())
    reply = await ask(store, store.url(key), headers={"range": header})
    begin = first % len(data) if first < 0 else first
    end = len(data) - 1 if last is None else last
    assert (reply.status, reply.body) == (206, data[begin : end + 1])
    assert reply.headers["content-range"] == f"bytes {begin}-{end}/{len(data)}"
    assert reply.headers["content-length"] == str(end - begin + 1)


async def test_a_video_is_shown_in_parts(store):
    """A browser asks for the end of a film first, and for parts of it while somebody drags its slider."""
    data, _, _ = clip(7, 1)
    key = stored(store, data)
    first = await ask(store, store.url(key), headers={"range": "bytes=0-"})
    assert (first.status, first.body) == (206, data)
    assert first.headers["content-type"] == "video/webm"
    assert first.headers["content-disposition"] == "inline"
    assert first.headers["accept-ranges"] == "bytes"
    end = await ask(store, store.url(key), headers={"range": "bytes=-100", "if-range": first.headers["etag"]})
    assert (end.status, end.body) == (206, data[-100:])


@pytest.mark.parametrize(
    "header",
    ["bytes=0-1,4-5", "bytes=5-2", "bytes=-", "lines=0-3", "bytes=0-9" + "9" * 5000, "bytes=٠-٣", "nonsense"],
)
async def test_other_ranges_are_the_whole_file(store, header):
    key = stored(store, data := png())
    if not header.isascii():
        header = header.encode().decode("latin-1")
    reply = await ask(store, store.url(key), headers={"range": header})
    assert (reply.status, reply.body) == (200, data)


@pytest.mark.parametrize("header", ["bytes=999999999-", "bytes=-0", "bytes=99999999999999-99999999999999"])
async def test_a_range_outside_is_416(store, header):
    key = stored(store, data := png())
    reply = await ask(store, store.url(key), headers={"range": header})
    assert (reply.status, reply.headers["content-range"]) == (416, f"bytes */{len(data)}")


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    header=st.text(st.characters(max_codepoint=255), max_size=30)
    | st.from_regex(r"\Abytes=[0-9]{0,20}-[0-9]{0,20}\Z")
)
async def test_no_range_breaks_it(store, header):
    key = stored(store, data := b"\xff\xd8\xff" + bytes(1000))
    reply = await ask(store, store.url(key), headers={"range": header})
    assert reply.status in (200, 206, 416)
    assert reply.status == 416 or len(reply.body) == int(reply.headers["content-length"])
    assert reply.status != 200 or reply.body == data


async def test_a_browser_that_has_it_is_told_so(store):
    key = stored(store, png())
    etag = (await ask(store, store.url(key))).headers["etag"]
    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        reply = await ask(store, store.url(key), headers={"if-none-match": header, "range": "bytes=0-1"})
        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", etag)
    assert (await ask(store, store.url(key), headers={"if-none-match": '"other"'})).status == 200


async def test_a_part_is_only_given_of_the_file_that_is_meant(store):
    key = stored(store, png())
    etag = (await ask(store, store.url(key))).headers["etag"]
    same = await ask(store, store.url(key), headers={"range": "bytes=0-9", "if-range": etag})
    other = await ask(store, store.url(key), headers={"range": "bytes=0-9", "if-range": '"other"'})
    assert (same.status, other.status) == (206, 200)


@pytest.mark.parametrize(
    ("data", "media_type", "kind"),
    [
        (b"\xff\xd8\xff\xe0 jpeg", "image/jpeg", "inline"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", "inline"),
        (b"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00mif1", "image/avif", "inline"),
        (b"\x00\x00\x00\x20ftypisom\x00\x00\x00\x00mp41", "video/mp4", "inline"),
        (b"\x1a\x45\xdf\xa3webm", "video/webm", "inline"),
        (b"<html><script>alert(1)</script>", "application/octet-stream", "attachment"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "application/octet-stream", "attachment"),
        (b"%PDF-1.7", "application/octet-stream", "attachment"),
    ],
)
async def test_bytes_tell_what_they_are_and_a_name_does_not(store, data, media_type, kind):
    reply = await ask(store, store.url(stored(store, data), filename="picture.html"))
    assert reply.headers["content-type"] == media_type
    assert reply.headers["content-disposition"].startswith(f"{kind}; ")


@pytest.mark.parametrize(
    "name", ["Tasse „grün“.jpg", 'a"b;c\\d.jpg', "a\r\nSet-Cookie: x=1", "☕" * 60, "\ud800.jpg"]
)
async def test_a_download_has_the_name_it_was_given(store, name):
    reply = await ask(store, store.url(stored(store, png()), filename=name, attachment=True))
    kind, plain, real = reply.headers["content-disposition"].split("; ", 2)
    assert (reply.status, kind) == (200, "attachment")
    assert plain.isascii()
    assert unquote(real.removeprefix("filename*=UTF-8''")) == name.encode(errors="replace").decode()


async def test_whoever_was_not_given_the_address_learns_nothing(store):
    key, missing = stored(store, png()), f"{ORGANIZATION}/{'0' * 64}"
    good = store.url(key).partition("?")[2]
    for path, query in (
        (key, ""),
        (missing, ""),
        (missing, good),
        (key, good + "&x=1"),
        (key, good + "&e=9999999999"),
        (key, good[:-1]),
        (key, good.replace("e=", "e=9")),
        ("../../secret_key", good),
        ("%2e%2e/secret_key", good),
        (f"{ORGANIZATION}/..%2f..", good),
        ("\udcff", good),
        ("", ""),
    ):
        reply = await ask(store, f"/blobs/{path}", query=query.encode())
        assert reply.status == 403, (path, query)
        assert reply.body.endswith(b"\n")
        assert reply.body.count(b"\n") == 1
        assert reply.headers["cache-control"] == "no-store"


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(path=st.text(max_size=60), query=st.binary(max_size=200))
async def test_no_request_breaks_it(store, path, query):
    assert (await ask(store, "/blobs/", query=query)).status == 403
    scope = {"type": "http", "method": "GET", "path": f"/blobs/{path}", "query_string": query, "headers": []}
    statuses: list[int] = []

    async def send(message: dict[str, Any]) -> None:
        statuses.append(message.get("status", 0))

    await respond(store, scope, send)
    assert statuses[0] == 403


async def test_an_address_expires(tmp_path):
    time = [NOW]
    store = DiskBlobs(tmp_path, sign_key=b"secret", base_url="", now=lambda: time[0])
    url = store.url(stored(store, png()))
    time[0] += 3600
    assert (await ask(store, url)).status == 200
    time[0] += 900
    assert (await ask(store, url)).status == 403


async def test_a_file_that_went_is_404_and_writing_is_405(store):
    key = stored(store, png())
    url = store.url(key)
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        reply = await ask(store, url, method=method)
        assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")
    store.delete(key)
    assert (await ask(store, url)).status == 404
    assert (await ask(store, url, method="HEAD")).body == b""


async def test_a_large_file_is_not_read_into_memory(store):
    data = b"\xff\xd8\xff" + os.urandom(3_000_000)
    url = store.url(stored(store, data))
    path, _, query = url.partition("?")
    sizes: list[int] = []

    async def send(message: dict[str, Any]) -> None:
        sizes.append(len(message.get("body", b"")))

    await respond(store, {"method": "GET", "path": path, "query_string": query.encode(), "headers": []}, send)
    assert sum(sizes) == len(data)
    assert max(sizes) <= 256 * 1024
