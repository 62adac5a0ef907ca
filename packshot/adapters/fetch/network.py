"""The socket's seam: a name is resolved once, all of its addresses must be public, and one of those is dialled.

Whatever happens above (redirects, retries, pools) opens its connections here, so a name that answers differently the
next time gains nothing. TLS goes on above, with the name: certificates are checked against it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

import httpcore

from packshot.adapters.fetch.addresses import not_public
from packshot.ports.fetch import FetchRefused

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""All addresses of a host, in the order in which they are to be tried. Raises OSError."""
_TRIED = 3


async def system_resolve(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class PinnedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections to public addresses, and to the `trusted` (host, port) wherever those are."""

    def __init__(
        self,
        *,
        resolve: Resolve,
        trusted: Collection[tuple[str, int]],
        wire: httpcore.AsyncNetworkBackend,
    ) -> None:
        self._resolve = resolve
        self._trusted = trusted
        self._wire = wire

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's own signature)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises FetchRefused for a host with any address that is not public, else as httpcore does."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._addresses(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"{host} was not resolved in time") from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
        share = None if timeout is None else timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._wire.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # the next address; the last one's failure is the host's
        return await self._wire.connect_tcp(addresses[-1], port, share, local_address, socket_options)

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise FetchRefused(f"a socket of this machine: {path}")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        found = await self._resolve(host, port)
        if not found:
            raise OSError("it has no address")
        if (host, port) not in self._trusted:
            # One answer among public ones is enough for a trap: all must be public.
            for address in found:
                if (why := not_public(address)) is not None:
                    raise FetchRefused(f"{host} leads to {address}: {why}")
        return found[:_TRIED]
