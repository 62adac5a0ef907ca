"""Whether the process lives (`/healthz`) and whether it can do its work (`/readyz`)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any

import structlog
from django.db import Error, connection

from packshot import wiring
from packshot.db.sql import call

Send = Callable[[dict[str, Any]], Awaitable[None]]
log = structlog.get_logger("packshot.web")

_last: dict[str, str] = {}
"""What the log has said of each part: a balancer that asks every second must not fill it."""


async def health(send: Send) -> None:
    """The event loop turns: that is all."""
    await _answer(send, 200, {"status": "ok"})


async def readiness(send: Send, threads: Executor) -> None:
    """200 when the database, the queue and the blobs answer; 503 and which of them does not, otherwise."""
    found = await asyncio.get_running_loop().run_in_executor(threads, check)
    ready = all(value == "ok" for value in found.values())
    await _answer(send, 200 if ready else 503, {"status": "ready" if ready else "not ready", **found})


def check() -> dict[str, str]:
    """Each part's state in a word; the reason goes to the log, not to strangers."""
    return {
        "database": _try("database", lambda: call("pg_catalog.version")),
        "queue": _try("queue", lambda: call("generation_queue_depth_v1")),
        "blobs": _try("blobs", lambda: wiring.blobs().check()),
    }


def _try(part: str, act: Callable[[], object]) -> str:
    state, reason = "ok", ""
    try:
        act()
    except (Error, OSError) as error:
        state, reason = "unavailable", str(error)
    finally:
        connection.close()
    if _last.get(part, "ok") != state:
        log.warning("readiness changed", part=part, state=state, reason=reason)
    _last[part] = state
    return state


async def _answer(send: Send, status: int, value: dict[str, str]) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(value).encode()})
