"""The poster: one request with a body, to where it was sent and nowhere else, and the beginning of what is answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import httpcore

from packshot.adapters.fetch.door import Door, header
from packshot.ports.fetch import FetchFailed, FetchTimedOut, Posted


class SafePoster(Door):
    """Implements packshot.ports.fetch.Poster."""

    def check(self, url: str) -> None:
        """See the port."""
        self.target(url, hosts=None)

    async def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str], timeout_s: float, max_bytes: int
    ) -> Posted:
        """See the port."""
        target = self.target(url, hosts=None)
        began = time.monotonic()
        try:
            async with (
                asyncio.timeout(timeout_s),
                self.asked("POST", target, {**headers, "Content-Length": str(len(body))}, body) as answer,
            ):
                head = await _head(answer, max_bytes)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise FetchTimedOut(f"no answer after {timeout_s:g} s") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise FetchFailed(f"{type(error).__name__}: {error}") from error
        took_ms = round((time.monotonic() - began) * 1000)
        return Posted(answer.status, head, header(answer, b"retry-after"), took_ms)


async def _head(answer: httpcore.Response, max_bytes: int) -> bytes:
    """The first bytes; whatever comes behind them is left where it is."""
    found = b""
    async for chunk in answer.aiter_stream():
        found += chunk
        if len(found) >= max_bytes:
            break
    return found[:max_bytes]
