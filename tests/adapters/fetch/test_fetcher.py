"""The fetcher against a real server: what arrives, what is refused, and that nothing is left behind after a failure."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from packshot.adapters.fetch import door
from packshot.adapters.fetch import fetcher as fetching
from packshot.adapters.fetch.fetcher import SafeFetcher
from packshot.adapters.mock.picture import clip, picture
from packshot.ports.fetch import FetchFailed, FetchRefused
from tests.adapters.fetch.internet import PUBLIC, Asked, Internet, internet, says, serving

PICTURE = picture(7, "1:1")[0]
HOST = "v3.fal.media"
HOSTS = ("fal.media", "*.fal.media")
HERE = f"https://{HOST}/a.png"


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Internet]:
    async with internet(tmp_path, [HOST, "fal.media", "other.example"]) as found:
        found.pages["/a.png"] = says(200, PICTURE, content_type="text/html")
        yield found


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "fetched"


async def fetch(web: Internet, into: Path, url: str = HERE, **changes: Any) -> Any:
    asked: dict[str, Any] = {"hosts": HOSTS, "max_bytes": 10_000_000, "timeout_s": 10.0} | changes
    return await SafeFetcher(tls=web.tls, resolve=web.resolve, wire=web.wire).fetch(url, into, **asked)


async def refused(web: Internet, into: Path, url: str = HERE, **changes: Any) -> str:
    with pytest.raises(FetchRefused) as found:
        await fetch(web, into, url, **changes)
    assert not into.exists()
    return str(found.value)


async def failed(web: Internet, into: Path, url: str = HERE, **changes: Any) -> str:
    with pytest.raises(FetchFailed) as found:
        await fetch(web, into, url, **changes)
    assert not into.exists()
    return str(found.value)


async def test_a_picture_arrives_over_tls_at_the_address_that_was_judged(web, into):
    found = await fetch(web, into, headers={"authorization": "Key secret"})
    assert into.read_bytes() == PICTURE
    assert (found.path, found.size, found.media_type) == (into, len(PICTURE), "image/png")
    assert found.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert web.dialled == [(PUBLIC, 443)]
    (asked,) = web.asked
    assert (asked.host, asked.headers["authorization"]) == (HOST, "Key secret")
    assert asked.headers["accept-encoding"] == "identity"
    assert "cookie" not in asked.headers


async def test_a_video_arrives_in_pieces_without_a_length(web, into):
    data = clip(7, 2)[0] + bytes(3 * fetching._PIECE)

    async def chunked(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for at in range(0, len(data), 500_000):
            part = data[at : at + 500_000]
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    web.pages["/a.png"] = chunked
    found = await fetch(web, into)
    assert (found.media_type, found.size) == ("video/webm", len(data))
    assert found.sha256 == hashlib.sha256(into.read_bytes()).hexdigest()


async def test_a_certificate_for_another_name_is_not_believed(web, into):
    assert "certificate" in (await failed(web, into, "https://foreign.example/a.png", hosts=None)).lower()
    assert web.asked == []


async def test_a_certificate_by_an_unknown_authority_is_not_believed(web, into):
    web.tls = ssl.create_default_context()
    assert "certificate" in (await failed(web, into)).lower()


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"], ["100.64.0.1"], ["::1"], ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["fe80::1%2"], ["224.0.0.1"], [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC], ["2606:4700::1111", "fd00::1"],
    ],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_never_dialled(web, into, answers):
    web.names[HOST] = [answers]
    assert f"{HOST} leads to" in await refused(web, into)
    assert web.dialled == []


async def test_a_name_that_answers_differently_the_next_time_gains_nothing(web, into):
    web.names[HOST] = [[PUBLIC], ["127.0.0.1"]]
    await fetch(web, into)
    assert web.dialled == [(PUBLIC, 443)], "resolved once, and dialled what was judged"
    into.unlink()
    web.pages["/turn"] = says(302, location="/a.png")
    web.names[HOST] = [[PUBLIC], ["127.0.0.1"]]
    assert "leads to 127.0.0.1" in await refused(web, into, f"https://{HOST}/turn")


async def test_the_next_address_is_tried_when_one_does_not_answer(web, into):
    web.names[HOST], web.unreachable = [["2606:4700::1111", PUBLIC]], {"2606:4700::1111"}
    await fetch(web, into)
    assert web.dialled == [("2606:4700::1111", 443), (PUBLIC, 443)]


async def test_a_name_that_does_not_resolve_may_be_asked_again(web, into):
    web.names[HOST] = [[]]
    await failed(web, into)


@pytest.mark.parametrize(
    "location",
    [
        "http://v3.fal.media/a.png", "https://169.254.169.254/latest", "https://127.0.0.1/a.png", "https://localhost/",
        "https://evil.example/a.png", "file:///etc/passwd", "//evil.example/a.png", "https://fal.media:8443/",
        "https://u:p@fal.media/", "https://inside.fal.media/a.png", "data:image/png;base64,AA", "https://[::1]/",
        "http://127.0.0.1:9000/a.png", "https://[broken/",
    ],
)  # fmt: skip
async def test_a_redirect_to_where_one_may_not_go_is_not_followed(web, into, location):
    web.pages["/turn"] = says(302, location=location)
    web.names["inside.fal.media"] = [["10.0.0.1"]]
    await refused(web, into, f"https://{HOST}/turn")
    assert [one.path for one in web.asked] == ["/turn"]


async def test_nobody_outside_sends_us_into_the_operators_network(web, into):
    async with serving() as (inside, port):
        inside.pages["/a.png"] = says(200, PICTURE)
        web.pages["/turn"] = says(302, location=f"http://127.0.0.1:{port}/a.png")
        one = SafeFetcher(tls=web.tls, resolve=web.resolve, wire=web.wire, trusted=[f"127.0.0.1:{port}"])
        with pytest.raises(FetchRefused):
            await one.fetch(f"https://{HOST}/turn", into, hosts=None, max_bytes=10_000_000, timeout_s=10)
        assert inside.asked == []


async def test_headers_do_not_go_along_to_another_host_and_do_not_come_back(web, into):
    web.pages["/turn"] = says(307, location="https://fal.media/back")
    web.pages["/back"] = says(301, location=HERE)
    await fetch(web, into, f"https://{HOST}/turn", headers={"x-goog-api-key": "secret"})
    assert [(one.host, "x-goog-api-key" in one.headers) for one in web.asked] == [
        (HOST, True),
        ("fal.media", False),
        (HOST, False),
    ]


async def test_three_redirects_are_followed_and_a_fourth_is_not(web, into):
    for number in range(4):
        web.pages[f"/{number}"] = says(302, location=f"/{number + 1}" if number < 3 else "/a.png")
    assert "redirects" in await refused(web, into, f"https://{HOST}/0")
    await fetch(web, into, f"https://{HOST}/1")


async def test_a_redirect_that_leads_nowhere(web, into):
    web.pages["/a.png"] = says(302)
    await refused(web, into)


@pytest.mark.parametrize("status", [204, 206, 300, 304, 400, 401, 403, 410, 451])
async def test_a_status_that_will_not_change(web, into, status):
    web.pages["/a.png"] = says(status)
    assert str(status) in await refused(web, into)


@pytest.mark.parametrize("status", [404, 408, 425, 429, 500, 502, 503, 504])
async def test_a_status_that_may_change(web, into, status):
    web.pages["/a.png"] = says(status)
    assert str(status) in await failed(web, into)


async def test_a_length_above_the_cap_is_refused_before_the_body(web, into):
    web.pages["/a.png"] = says(200, PICTURE, length=10_000_001)
    assert "10000001" in await refused(web, into)


async def test_a_body_above_the_cap_is_cut_off_whatever_it_claims(web, into):
    async def endless(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n" + PICTURE)
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            await asyncio.sleep(0)  # drain() lets nobody else on once the client has gone

    web.pages["/a.png"] = endless
    assert "more than" in await refused(web, into, max_bytes=3_000_000)


async def test_a_body_shorter_than_it_claims_may_be_asked_again(web, into):
    web.pages["/a.png"] = says(200, PICTURE, length=len(PICTURE) + 10)
    await failed(web, into)


async def test_a_body_longer_than_it_claims_is_what_it_claims(web, into):
    web.pages["/a.png"] = says(200, PICTURE + b"more", length=len(PICTURE))
    assert (await fetch(web, into)).size == len(PICTURE)


@pytest.mark.parametrize("length", ["abc", "-1", "1, 2"])
async def test_a_length_that_is_no_number(web, into, length):
    async def page(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n".encode() + PICTURE)

    web.pages["/a.png"] = page
    await failed(web, into)


async def test_a_bomb_is_not_unpacked(web, into):
    web.pages["/a.png"] = says(200, gzip.compress(bytes(50_000_000)), content_encoding="gzip")
    assert "packed" in await refused(web, into)


async def test_a_name_for_something_else_is_not_believed_either(web, into):
    web.pages["/a.png"] = says(200, b"<!doctype html>" + bytes(100), content_type="image/png")
    assert "neither a picture nor a video" in await refused(web, into)
    web.pages["/a.png"] = says(200, b"", content_type="image/png")
    assert "neither a picture nor a video" in await refused(web, into)


async def test_what_is_no_picture_is_not_downloaded_to_its_end(web, into):
    async def page(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n<html>" + bytes(100))
        await writer.drain()
        await asyncio.Event().wait()

    web.pages["/a.png"] = page
    await refused(web, into)


async def test_silence_ends_before_the_whole_time_is_over(web, into, monkeypatch):
    async def silent(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + PICTURE[:100])
        await asyncio.Event().wait()

    monkeypatch.setattr(door, "_IDLE_S", 0.2)
    web.pages["/a.png"] = silent
    assert "ReadTimeout" in await failed(web, into, timeout_s=60)


async def test_a_trickle_ends_with_the_whole_time(web, into):
    async def trickle(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(PICTURE)}\r\n\r\n".encode())
        for at in range(len(PICTURE)):
            writer.write(PICTURE[at : at + 1])
            await writer.drain()
            await asyncio.sleep(0.02)  # what a slow server does, not a wait of the test

    web.pages["/a.png"] = trickle
    assert "not here after 0.5 s" in await failed(web, into, timeout_s=0.5)


async def test_a_stopped_download_leaves_nothing(web, into):
    begun = asyncio.Event()

    async def slow(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n" + PICTURE[:100])
        await writer.drain()
        begun.set()
        await asyncio.Event().wait()

    web.pages["/a.png"] = slow
    task = asyncio.create_task(fetch(web, into))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not into.exists()


async def test_headers_without_end_are_cut_off(web, into):
    async def page(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-more: " + b"a" * 60_000 + b"\r\n")
            await writer.drain()

    web.pages["/a.png"] = page
    await failed(web, into)


async def test_the_environments_proxy_is_not_asked(web, into, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    await fetch(web, into)


async def test_a_file_that_is_there_is_left_alone(web, into):
    into.write_bytes(b"before")
    with pytest.raises(FileExistsError):
        await fetch(web, into)
    assert into.read_bytes() == b"before"


async def test_the_operators_own_server_is_asked_in_plain_and_by_the_real_network(into):
    async with serving() as (inside, port):
        inside.pages["/a.png"] = says(302, location="/b.png")
        inside.pages["/b.png"] = says(200, PICTURE)
        one = SafeFetcher(trusted=[f"localhost:{port}"])
        found = await one.fetch(
            f"http://localhost:{port}/a.png", into, hosts=HOSTS, max_bytes=10_000_000, timeout_s=10
        )
        assert into.read_bytes() == PICTURE
        assert found.media_type == "image/png"
        with pytest.raises(FetchRefused):
            await one.fetch(f"http://127.0.0.1:{port}/b.png", into, hosts=None, max_bytes=1, timeout_s=10)
