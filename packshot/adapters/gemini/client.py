"""One request, one answer: nothing is sent twice by itself, and what came of it is told exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from packshot.adapters.gemini.access import Access

LARGEST_ANSWER = 96 * 1024 * 1024
"""Bytes of JSON: a file of 64 MB in base64, and room for what stands around it."""
_CONNECT_S = 10.0
_LOOK_S = 20.0


class NotSent(Exception):
    """The request never left this machine whole: it can be sent again without harm."""


class Unanswered(Exception):
    """It was sent and no whole answer came: what was asked for may have begun, and may be billed."""


class TookTooLong(Unanswered):
    """No answer in the time there was."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. `body` is None where it was no JSON."""

    status: int
    body: Any = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


class Client:
    """Speaks with one host; what gives access is sent to no other."""

    def __init__(self, base_url: str, access: Access) -> None:
        self._base_url = base_url.rstrip("/")
        self._access = access
        # No proxy and no .netrc from the environment, no redirect followed: a redirect would carry the key along.
        self._http = httpx.AsyncClient(
            trust_env=False, limits=httpx.Limits(max_connections=None, max_keepalive_connections=20)
        )

    @property
    def host(self) -> str:
        return urlsplit(self._base_url).hostname or ""

    async def close(self) -> None:
        await self._http.aclose()

    async def access(self) -> Mapping[str, str]:
        """Raises NoAccess."""
        return await self._access.headers()

    def owns(self, url: str) -> bool:
        """Whether an address is at this very host, and may be shown what gives access."""
        ours, theirs = urlsplit(self._base_url), urlsplit(url)
        return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)

    def address(self, path: str) -> str:
        return self._base_url + path

    async def post(self, path: str, body: Mapping[str, Any], *, timeout_s: float) -> Reply:
        """Raises NoAccess, NotSent, Unanswered."""
        return await self._ask("POST", path, body, timeout_s)

    async def look(self, path: str) -> Reply:
        """GET, which changes nothing. Raises like post."""
        return await self._ask("GET", path, None, _LOOK_S)

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None, timeout_s: float) -> Reply:
        headers = {**await self.access(), "x-server-timeout": str(max(1, int(timeout_s)))}
        timeout = httpx.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s))
        try:
            async with self._http.stream(
                method, self.address(path), json=body, headers=headers, timeout=timeout
            ) as response:
                return Reply(response.status_code, _json(await _whole(response)), response.headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(type(error).__name__) from error
        except httpx.TimeoutException as error:
            raise TookTooLong(type(error).__name__) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Unanswered(type(error).__name__) from error


async def _whole(response: httpx.Response) -> bytes:
    """The body, unpacked, up to the cap. Raises Unanswered beyond it."""
    found = bytearray()
    async for piece in response.aiter_bytes():
        found += piece
        if len(found) > LARGEST_ANSWER:
            raise Unanswered("the answer is too large")
    return bytes(found)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:  # a front end's page, or bytes that are no text
        return None
