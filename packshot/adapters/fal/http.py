"""The queue of fal over HTTP: one request, one answer; nothing is sent twice that may have arrived."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import SecretStr

_LARGEST = 4 * 1024 * 1024
"""Bytes of an answer: it tells where files are and holds none."""
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_KEPT_S = 24 * 3600
"""How long fal shall keep the files it made; without this it keeps them for ever, open to whoever knows the address."""


class BadAnswer(Exception):
    """fal's answer is larger than any that it should give."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers = field(repr=False)
    body: Mapping[str, Any]
    """The JSON object, or {} for whatever else there was."""

    @property
    def retry_after_s(self) -> float | None:
        said = self.headers.get("retry-after", "")
        return float(said) if said.isascii() and said.isdigit() else None


class Queue:
    """Raises httpx.HTTPError and BadAnswer. `base` is the queue's address."""

    def __init__(self, key: SecretStr, base: str) -> None:
        self.base = base.rstrip("/")
        self._key = key
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=_TIMEOUT,
            # `retries` are of connecting alone: what has been sent once is never sent again.
            transport=httpx.AsyncHTTPTransport(
                retries=2,
                trust_env=False,
                # As many as jobs ask for: a request that waits here for its turn is one that is not sent.
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            ),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def submit(
        self, path: str, arguments: Mapping[str, Any], *, callback_url: str | None, start_within_s: float
    ) -> Answer:
        """Order; fal shall not begin what it has not begun in time."""
        headers = {
            "X-Fal-Request-Timeout": str(max(1, int(start_within_s))),
            "X-Fal-Object-Lifecycle-Preference": json.dumps({"expiration_duration_seconds": _KEPT_S}),
        }
        asked = {} if callback_url is None else {"fal_webhook": callback_url}
        return await self._ask("POST", f"{self.base}/{path}", headers=headers, params=asked, json=arguments)

    async def status(self, url: str) -> Answer:
        return await self._ask("GET", url)

    async def result(self, url: str) -> Answer:
        return await self._ask("GET", url)

    async def cancel(self, url: str) -> Answer:
        return await self._ask("PUT", url)

    async def _ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Answer:
        sent = {**(headers or {}), "Authorization": f"Key {self._key.get_secret_value()}"}
        async with self._client.stream(method, url, headers=sent, **more) as response:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > _LARGEST:
                    raise BadAnswer(f"more than {_LARGEST} bytes from {response.url.path}")
        return Answer(response.status_code, response.headers, _object(bytes(body)))


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
