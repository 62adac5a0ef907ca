"""The event stream: for whom it is, what it says, and that nothing is lost for good."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.test import Client

from packshot.settings import settings
from packshot.web import events as module
from packshot.web.events import Events


@asynccontextmanager
async def running():
    with ThreadPoolExecutor(4) as threads:
        events = Events(settings(), threads)
        events.start(asyncio.get_running_loop())
        try:
            yield events
        finally:
            await events.stop()


class Stream:
    """One browser's stream, read as an EventSource reads it."""

    def __init__(self, events: Events, cookies: str) -> None:
        self.status = 0
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        scope = {"headers": [(b"cookie", cookies.encode())]}
        self._task = asyncio.ensure_future(events.serve(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            if message["body"]:
                await self._chunks.put(message["body"])
            if not message.get("more_body"):
                await self._chunks.put(None)

    async def next(self) -> Any:
        """The next message, None at the end of the stream; comments and `retry` are passed over."""
        while True:
            chunk = await asyncio.wait_for(self._chunks.get(), 60)
            if chunk is None:
                return None
            if chunk.startswith(b"data: "):
                return [json.loads(part[6:]) for part in chunk.decode().strip().split("\n\n")]

    async def close(self) -> None:
        self._gone.set()
        await self._task


def _cookies(tenant) -> str:
    from packshot.foundation.accounts.models import User

    client = Client()
    client.force_login(User.objects.get(id=tenant.user_id))
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def _notify(admin: psycopg.Connection, organization: UUID, kind: str, id_: str) -> None:
    admin.execute("select app.notify(%s, %s, %s)", [organization, kind, id_])


BATCH = "0190b8a0-0000-7000-8000-00000000000a"


async def test_nobody_gets_no_stream_and_is_told_not_to_ask_again():
    async with running() as events:
        for cookies in ("", "packshot_session=forged", "\x00=;;="):
            stream = Stream(events, cookies)
            assert await stream.next() is None
            assert stream.status == 204


async def test_a_stream_starts_with_resync_then_tells_its_own_tenants_changes_only(new_tenant, admin):
    mine, other = await asyncio.to_thread(new_tenant), await asyncio.to_thread(new_tenant)
    cookies = await asyncio.to_thread(_cookies, mine)
    async with running() as events:
        stream = Stream(events, cookies)
        assert await stream.next() == [{"k": "resync", "i": ""}]
        _notify(admin, other.organization_id, "batch", BATCH)
        _notify(admin, mine.organization_id, "balance", BATCH)
        told = await stream.next()
        while told == [{"k": "resync", "i": ""}]:  # the listener may have connected after the browser did
            _notify(admin, mine.organization_id, "balance", BATCH)
            told = await stream.next()
        assert told == [{"k": "balance", "i": BATCH}]
        await stream.close()


async def test_after_the_listening_connection_was_cut_every_page_is_told_to_read_again(tenant, admin):
    cookies = await asyncio.to_thread(_cookies, tenant)
    async with running() as events:
        stream = Stream(events, cookies)
        assert await stream.next() == [{"k": "resync", "i": ""}]
        find = (
            "select pid from pg_stat_activity"
            " where datname = current_database() and query = 'listen packshot_events'"
        )
        while not (found := admin.execute(find).fetchall()):
            await asyncio.sleep(0.02)
        for (pid,) in found:
            admin.execute("select pg_terminate_backend(%s)", [pid])
        assert await stream.next() == [{"k": "resync", "i": ""}]
        await stream.close()


async def test_a_stream_ends_when_its_session_does(tenant, monkeypatch):
    monkeypatch.setattr(module, "PING_S", 0.05)
    cookies = await asyncio.to_thread(_cookies, tenant)
    async with running() as events:
        stream = Stream(events, cookies)
        assert await stream.next() == [{"k": "resync", "i": ""}]

        def sign_out() -> None:
            from django.contrib.sessions.models import Session
            from django.db import connection

            key = dict(part.split("=", 1) for part in cookies.split("; "))["packshot_session"]
            Session.objects.filter(session_key=key).delete()
            connection.close()

        await asyncio.to_thread(sign_out)
        told = await stream.next()
        while told == [{"k": "resync", "i": ""}]:
            told = await stream.next()
        assert told is None


async def test_a_browser_that_reads_too_slowly_is_told_to_read_again_instead_of_filling_memory():
    subscriber = module.Subscriber()
    assert await subscriber.take() == [("resync", "")]
    for n in range(10_000):
        subscriber.add(("batch", str(n)))
    taken = await subscriber.take()
    assert len(taken) <= 201
    assert taken[0] == ("resync", "")


async def test_many_changes_of_one_thing_are_one_message():
    subscriber = module.Subscriber()
    await subscriber.take()
    for _ in range(50):
        subscriber.add(("batch", BATCH))
    assert await subscriber.take() == [("batch", BATCH)]


async def test_stopping_ends_open_streams(tenant):
    cookies = await asyncio.to_thread(_cookies, tenant)
    async with running() as events:
        stream = Stream(events, cookies)
        assert await stream.next() == [{"k": "resync", "i": ""}]
        await events.stop()
        told = await stream.next()
        while told is not None:
            told = await stream.next()
        assert told is None


@pytest.fixture(autouse=True)
def _no_connection_left():
    yield
    from django.db import connections

    connections.close_all()
