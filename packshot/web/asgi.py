"""One port: server-sent events, files and probes on the event loop; pages on Django, in a few threads.

Django runs synchronously behind this bridge because its own ASGI path costs ten times as much an empty request
(docs/adr/0002-sync-django-behind-a-bridge.md). The bridge reads the whole request, hands it to Django's WSGI
handler on a fixed pool of threads, and sends the whole response: nothing streams through it, files go by
`/blobs/`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

from packshot import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "packshot.web.conf")
logs.configure()
django.setup()

# All of these need the set-up above.
from django.core.wsgi import get_wsgi_application  # noqa: E402  (needs the set-up above)

from packshot.settings import settings  # noqa: E402  (the same)
from packshot.telemetry import traces  # noqa: E402  (the same)
from packshot.telemetry.start import start as start_telemetry  # noqa: E402  (the same)
from packshot.web import probes, wsgi  # noqa: E402  (the same)
from packshot.web.blobs import serve as serve_blob  # noqa: E402  (the same)
from packshot.web.events import Events  # noqa: E402  (the same)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Application:
    """The ASGI application of `packshot web`, and of `packshot api`, which answers calls, files and probes alone."""

    def __init__(self) -> None:
        found = settings()
        self._threads = ThreadPoolExecutor(found.web_threads, thread_name_prefix="page")
        self._events = Events(found, self._threads)
        self._pages = wsgi.Pages(get_wsgi_application(), found, self._events.hold)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path == "/events" and not settings().api_only:
            await self._events.serve(scope, receive, send)
        elif path.startswith("/blobs/"):
            await serve_blob(scope, receive, send)
        elif path == "/healthz":
            await probes.health(send)
        elif path == "/readyz":
            await probes.readiness(send, self._threads)
        else:
            await self._pages.serve(scope, receive, send, self._threads)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The server's start and stop: the listening connection is opened with the one, closed with the other."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                start_telemetry("web")
                self._events.start(asyncio.get_running_loop())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._events.stop()
                self._threads.shutdown(wait=True)
                traces.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


application = Application()
