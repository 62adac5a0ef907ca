"""The poster against a real server: what is sent, how much of the answer is taken, and where it never goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from packshot.adapters.fetch.poster import SafePoster
from packshot.ports.fetch import FetchFailed, FetchRefused, FetchTimedOut, Posted
from tests.adapters.fetch.internet import PUBLIC, Asked, Internet, internet, says
from tests.fakes.hooks import Receiver

HOST = "hooks.example.com"
HERE = f"https://{HOST}/in"


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Internet]:
    async with internet(tmp_path, [HOST]) as found:
        found.pages["/in"] = says(200, b"thanks", retry_after="7")
        yield found


async def post(web: Internet, url: str = HERE, **changes: Any) -> Posted:
    asked: dict[str, Any] = {"headers": {}, "timeout_s": 5.0, "max_bytes": 1024} | changes
    poster = SafePoster(tls=web.tls, resolve=web.resolve, wire=web.wire)
    return await poster.post(url, b'{"a":1}', **asked)


async def test_a_message_goes_over_tls_to_the_address_that_was_judged(web):
    found = await post(web, headers={"webhook-id": "evt_1"})
    assert (found.status, found.head, found.retry_after) == (200, b"thanks", "7")
    assert web.dialled == [(PUBLIC, 443)]
    (asked,) = web.asked
    assert (asked.headers["content-length"], asked.headers["webhook-id"]) == ("7", "evt_1")
    assert "cookie" not in asked.headers


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_an_answer_and_is_not_followed(web, status):
    web.pages["/in"] = says(status, location="https://hooks.example.com/elsewhere")
    assert (await post(web)).status == status
    assert [each.path for each in web.asked] == ["/in"]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/in",
        "https://hooks.example.com:8443/in",
        "https://127.0.0.1/in",
        "https://[::1]/in",
        "https://localhost/in",
        "https://2130706433/in",
        "https://user@hooks.example.com/in",
        "https://hooks.example.com\\@127.0.0.1/in",
        "ftp://hooks.example.com/in",
        "file:///etc/passwd",
        "",
    ],
)
async def test_an_address_that_leads_elsewhere_is_refused_before_anything_is_dialled(web, url):
    with pytest.raises(FetchRefused):
        SafePoster().check(url)
    with pytest.raises(FetchRefused):
        await post(web, url)
    assert web.dialled == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"],
)
async def test_a_name_that_leads_inside_is_refused(web, address):
    web.names[HOST] = [[PUBLIC, address]]
    with pytest.raises(FetchRefused):
        await post(web)
    assert web.dialled == []


async def test_a_name_that_changes_its_mind_gains_nothing(web):
    """Rebinding: judged and dialled is the same answer."""
    web.names[HOST] = [[PUBLIC], ["127.0.0.1"]]
    assert (await post(web)).status == 200
    assert web.dialled == [(PUBLIC, 443)]
    with pytest.raises(FetchRefused):
        await post(web)
    assert web.dialled == [(PUBLIC, 443)]


async def test_of_a_huge_answer_the_beginning_is_read(web):
    async def endless(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    web.pages["/in"] = endless
    assert (await post(web)).head == b"x" * 1024


async def test_who_keeps_silent_or_drips_is_left(web):
    async def drips(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    web.pages["/in"] = drips
    with pytest.raises(FetchTimedOut):
        await post(web, timeout_s=0.4)


async def test_a_closed_connection_and_a_wrong_certificate_are_failures(web):
    async def closes(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    web.pages["/in"] = closes
    with pytest.raises(FetchFailed):
        await post(web)
    with pytest.raises(FetchFailed):
        await post(web, "https://other.example.com/in")


async def test_a_trusted_place_may_be_private_and_without_tls():
    with Receiver() as receiver:
        poster = SafePoster(trusted=[receiver.place])
        found = await poster.post(receiver.url("/x"), b"{}", headers={}, timeout_s=5, max_bytes=10)
        with pytest.raises(FetchRefused):
            await SafePoster().post(receiver.url("/x"), b"{}", headers={}, timeout_s=5, max_bytes=10)
        assert (found.status, [each.path for each in receiver.got]) == (200, ["/x"])
