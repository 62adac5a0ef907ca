"""The door itself: one request to one checked target. What is asked and what becomes of the answer is the caller's."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

import httpcore

from packshot.adapters.fetch import targets
from packshot.adapters.fetch.network import PinnedNetwork, Resolve, system_resolve
from packshot.adapters.fetch.targets import Target

_CONNECT_S = 5.0
_IDLE_S = 15.0
_ASK = {"Accept-Encoding": "identity", "User-Agent": "Packshot"}


class Door:
    """`trusted` are `host:port` of the operator's own network.

    Each request has connections of its own: no cookies, no proxy from the environment, nothing remembered. `tls`,
    `resolve` and `wire` are the certificates, the resolver and the network that are used; tests give their own.
    """

    def __init__(
        self,
        *,
        trusted: Collection[str] = (),
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = system_resolve,
        wire: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self.trusted = frozenset(each.lower() for each in trusted)
        self._tls = tls or ssl.create_default_context()
        self._network = PinnedNetwork(
            resolve=resolve,
            trusted=frozenset(_host_and_port(each) for each in self.trusted),
            wire=wire or httpcore.AnyIOBackend(),
        )

    def target(self, url: str, *, hosts: Sequence[str] | None) -> Target:
        """Where an address leads. Raises FetchRefused."""
        return targets.read(url, hosts=hosts, trusted=self.trusted)

    @asynccontextmanager
    async def asked(
        self, method: str, target: Target, headers: Mapping[str, str], content: bytes | None = None
    ) -> AsyncIterator[httpcore.Response]:
        """The answer, its body still to be read. Connecting may take 5 s, silence 15 s. Raises FetchRefused for a host
        that leads inside, else what httpcore raises."""
        url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
        timeout = {"connect": _CONNECT_S, "read": _IDLE_S, "write": _IDLE_S, "pool": _CONNECT_S}
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls, network_backend=self._network, max_connections=1
            ) as pool,
            pool.stream(
                method,
                url,
                headers=list({**headers, **_ASK}.items()),
                content=content,
                extensions={"timeout": timeout},
            ) as answer,
        ):
            yield answer


def header(answer: httpcore.Response, name: bytes) -> str | None:
    """The first header of a name, in small letters."""
    found = [value for key, value in answer.headers if key.lower() == name]
    return found[0].decode("latin-1").strip() if found else None


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
