"""A whole HTTP request to Django's WSGI handler and its whole response back: one hop each way."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import quote

import structlog
from uuid_utils.compat import uuid7
from whitenoise import WhiteNoise

from packshot.api.waiting import Wait, held
from packshot.settings import Settings
from packshot.web.paths import STATIC

BODY_LIMIT = 42 * 1024 * 1024  # an upload of 40 MB and the form around it
CALLBACK_LIMIT = 5 * 1024 * 1024  # a provider's message tells of files and holds none
API_LIMIT = 1024 * 1024  # of a call without a file
_MEGABYTES = {BODY_LIMIT: 40, CALLBACK_LIMIT: 5}  # as people are told
_IN_MEMORY = 1024 * 1024
_QUIET = ("/static/",)
_API = "/v1/"

log = structlog.get_logger("packshot.web")


_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


@dataclass
class _Response:
    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    organization: str | None = None
    """For whom the page was made, as far as it got to know."""


class Pages:
    """Django's pages and the static files, as an ASGI endpoint."""

    def __init__(
        self,
        handler: Callable[..., Iterable[bytes]],
        settings: Settings,
        hold: Callable[[Wait, bytes], Awaitable[bytes]] | None = None,
    ) -> None:
        """`hold` waits for what an answer of the API waits for, and gives its body; without it nothing waits."""
        self._hold = hold or _at_once
        self._handler = WhiteNoise(
            handler,
            root=STATIC,
            prefix="static/",
            autorefresh=settings.debug,
            immutable_file_test=lambda _path, url: "/dist/" in url,
        )
        self._https = settings.address.startswith("https://")
        self._proxies = settings.trusted_proxies

    async def serve(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
        threads: Executor,
    ) -> None:
        started = time.perf_counter()
        request_id = _request_id(scope)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as body:
            limit = _limit(scope["path"])
            complete = await _read(scope, receive, body, limit)
            if complete is None:
                return  # the client has gone
            if complete or scope["path"].startswith(_API):
                environ = self._environ(scope, body, request_id)
                environ[
                    "packshot.too_large"
                ] = not complete  # the API says so itself, in a document of its own
                loop = asyncio.get_running_loop()
                response = await loop.run_in_executor(threads, self._respond, environ, request_id)
                if not complete:
                    response.headers.append((b"connection", b"close"))  # the rest of it is not read
                wait = held(environ)
                if wait is not None:
                    response.body = await self._hold(wait, response.body)
            else:
                response = _too_large(limit)
        response.headers.append((b"x-request-id", request_id.encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        await send({"type": "http.response.body", "body": response.body})
        if not scope["path"].startswith(_QUIET):
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=response.status,
                ms=milliseconds,
                request_id=request_id,
                organization=response.organization,
            )

    def _respond(self, environ: dict[str, Any], request_id: str) -> _Response:
        response = _Response()

        def start(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
            response.status = int(status.split(" ", 1)[0])
            response.headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers]

        structlog.contextvars.clear_contextvars()  # the thread has answered others before
        structlog.contextvars.bind_contextvars(request_id=request_id)
        result = self._handler(environ, start)
        try:
            response.body = b"".join(result)
        finally:
            # Closing gives the connection back to the pool (Django's request_finished).
            if hasattr(result, "close"):
                result.close()
        response.organization = structlog.contextvars.get_contextvars().get("organization")
        return response

    def _environ(self, scope: MutableMapping[str, Any], body: IO[bytes], request_id: str) -> dict[str, Any]:
        """The request as WSGI (PEP 3333) wants it."""
        size = body.tell()
        body.seek(0)
        server = scope.get("server") or ("localhost", 0)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": scope["method"],
            "SCRIPT_NAME": "",
            "PATH_INFO": scope["path"].encode("utf-8").decode("latin-1"),
            "RAW_URI": (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1"),
            "QUERY_STRING": scope["query_string"].decode("latin-1"),
            "SERVER_NAME": str(server[0]),
            "SERVER_PORT": str(server[1] or 80),
            "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if self._https else scope.get("scheme", "http"),
            "wsgi.input": body,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "packshot.request_id": request_id,
        }
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            if "_" in name:
                continue  # `x_real_ip` would pass for `x-real-ip`
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = f"HTTP_{key}"
            joint = "; " if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
        environ["CONTENT_LENGTH"] = str(size)  # chunked bodies come without
        environ["REMOTE_ADDR"] = self._client(scope, environ)
        return environ

    def _client(self, scope: MutableMapping[str, Any], environ: dict[str, Any]) -> str:
        """The address that rate limits count: the connection's, or what our own proxies say of it."""
        connected = str((scope.get("client") or ("127.0.0.1",))[0])
        if not self._proxies:
            return connected
        chain = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        return chain[-self._proxies] if len(chain) >= self._proxies else connected


async def _at_once(_wait: Wait, body: bytes) -> bytes:
    return body


def _limit(path: str) -> int:
    if path.startswith("/hooks/"):
        return CALLBACK_LIMIT
    return API_LIMIT if path.startswith(_API) and path != "/v1/uploads" else BODY_LIMIT


async def _read(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    body: IO[bytes],
    limit: int,
) -> bool | None:
    """Read the request's body; False when it is too large, None when the client went away."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or int(length) > limit:
        return False
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            return False
        body.write(chunk)
        if not message.get("more_body", False):
            return True


def _request_id(scope: MutableMapping[str, Any]) -> str:
    """The caller's own, where it is one that cannot be taken for anything else in a log; else a new one."""
    given: bytes = dict(scope["headers"]).get(b"x-request-id", b"")
    found = _REQUEST_ID.fullmatch(given.decode("latin-1"))
    return found.group() if found else uuid7().hex


def _too_large(limit: int) -> _Response:
    text = (
        f"That is larger than {_MEGABYTES[limit]} MB, the most we take. Nothing was stored."
        " Make it smaller and send it again."
    )
    return _Response(
        413, [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")], text.encode()
    )
