"""Server-sent events: one LISTEN connection a process, fanned out in memory to the browsers of each tenant.

A message says only that something of a kind has changed; the page reads it again through its ordinary,
authorized address. So nothing is lost when a message is: after every (re)connect, of the browser to us or of us
to the database, the page is told to `resync`, and reads what it shows once more.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from http.cookies import CookieError, SimpleCookie
from typing import Any
from uuid import UUID

import psycopg
import structlog

from packshot.api.waiting import Wait
from packshot.db.addresses import parameters
from packshot.settings import Settings
from packshot.telemetry import metrics
from packshot.web.sessions import organization_of_session

CHANNEL = "packshot_events"
PING_S = 15.0
_PER_SUBSCRIBER = 200

log = structlog.get_logger("packshot.web.events")

Message = tuple[str, str]
RESYNC: Message = ("resync", "")


class Subscriber:
    """One open stream. What waits to be sent is a set: ten changes of one batch are one message."""

    def __init__(self) -> None:
        self._waiting: dict[Message, None] = {RESYNC: None}
        self._ready = asyncio.Event()
        self._ready.set()

    def add(self, message: Message) -> None:
        if len(self._waiting) >= _PER_SUBSCRIBER:
            self._waiting = {RESYNC: None}
        else:
            self._waiting[message] = None
        self._ready.set()

    async def take(self, seconds: float = PING_S) -> list[Message]:
        """What has gathered, or nothing after so long: the time of a ping."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), seconds)
        taken, self._waiting = list(self._waiting), {}
        self._ready.clear()
        return taken


class Events:
    """The `/events` endpoint and the connection that feeds it."""

    def __init__(self, settings: Settings, threads: Executor) -> None:
        self._settings = settings
        self._threads = threads
        self._subscribers: defaultdict[UUID, set[Subscriber]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._listener = loop.create_task(self._listen(), name="events")

    async def stop(self) -> None:
        """End the streams, so that a server that stops does not wait for browsers that never leave."""
        self._stopping.set()
        for group in self._subscribers.values():
            for subscriber in group:
                subscriber.add(RESYNC)
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener

    async def serve(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        cookies = _cookies(scope)
        organization = await self._organization(cookies)
        if organization is None:
            # 204 tells an EventSource to stop asking.
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        headers = [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})
        subscriber = Subscriber()
        self._subscribers[organization].add(subscriber)
        metrics.events_clients.inc()
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await self._stream(subscriber, organization, cookies, send, gone)
        finally:
            gone.cancel()
            metrics.events_clients.dec()
            self._forget(organization, subscriber)

    async def hold(self, wait: Wait, body: bytes) -> bytes:
        """The body of an answer that waits for its subject: on no thread, looked at again after each event about it."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + wait.seconds
        subscriber = Subscriber()
        self._subscribers[wait.organization_id].add(subscriber)
        try:
            while not self._stopping.is_set():
                messages = await subscriber.take(max(0.0, ends - loop.time()))
                if not messages:
                    return body
                if any(kind == RESYNC[0] or id_ == str(wait.subject) for kind, id_ in messages):
                    look = await loop.run_in_executor(self._threads, wait.look)
                    body = look.body
                    if look.final:
                        return body
        except Exception as error:  # noqa: BLE001  (what was asked for is done: the answer is what was known of it)
            log.warning("not waited for", error=str(error))
        finally:
            self._forget(wait.organization_id, subscriber)
        return body

    def _forget(self, organization: UUID, subscriber: Subscriber) -> None:
        self._subscribers[organization].discard(subscriber)
        if not self._subscribers[organization]:
            del self._subscribers[organization]

    async def _stream(
        self,
        subscriber: Subscriber,
        organization: UUID,
        cookies: dict[str, str],
        send: Callable[[dict[str, Any]], Awaitable[None]],
        gone: asyncio.Future[None],
    ) -> None:
        while not self._stopping.is_set() and not gone.done():
            taking = asyncio.ensure_future(subscriber.take())
            either: set[asyncio.Future[Any]] = {taking, gone}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not taking.done():
                taking.cancel()
                return
            messages = taking.result()
            if not messages and await self._organization(cookies) != organization:
                break  # signed out, revoked, or no longer a member: asked again with every ping
            text = (
                "".join(f"data: {json.dumps({'k': kind, 'i': id_})}\n\n" for kind, id_ in messages)
                or ": ping\n\n"
            )
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _organization(self, cookies: dict[str, str]) -> UUID | None:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, organization_of_session, cookies)
        except Exception as error:  # noqa: BLE001  (the database is away: the browser comes back by itself)
            log.warning("session not readable", error=str(error))
            return None

    async def _listen(self) -> None:
        """Hold the LISTEN connection for good; after a break, tell every page to read again."""
        delay = 0.2
        assert self._settings.database_url is not None
        address = parameters(self._settings.database_url, login="packshot_web")
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**address, autocommit=True) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    delay = 0.2
                    for organization in list(self._subscribers):
                        self._tell(organization, RESYNC)
                    async for notice in connection.notifies():
                        self._receive(notice.payload)
            except psycopg.Error as error:
                log.warning("events interrupted", error=str(error), again_in_s=round(delay, 1))
            await asyncio.sleep(delay * random.uniform(0.7, 1.3))
            delay = min(delay * 2, 5.0)

    def _receive(self, payload: str) -> None:
        event = json.loads(payload)
        self._tell(UUID(event["o"]), (str(event["k"]), str(event["i"])))

    def _tell(self, organization: UUID, message: Message) -> None:
        for subscriber in self._subscribers.get(organization, ()):
            subscriber.add(message)


async def _disconnected(receive: Callable[[], Awaitable[dict[str, Any]]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _cookies(scope: MutableMapping[str, Any]) -> dict[str, str]:
    found: SimpleCookie = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            with contextlib.suppress(CookieError):
                found.load(value.decode("latin-1"))
    return {name: morsel.value for name, morsel in found.items()}
