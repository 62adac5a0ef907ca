"""From the text of an address to where a request may go: read once, strictly, and by no second parser."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from packshot.ports.fetch import FetchRefused

_LONGEST = 8192
_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
"""A name of the public DNS: at least two labels, the last of which no parser takes for a number."""
_AS_IT_IS = "/%:=&?~+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to go. `trusted` was named by the operator: it may be private, and without TLS."""

    scheme: str
    host: str
    port: int
    path: str
    """Path and query, in ASCII."""
    trusted: bool

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


def read(url: str, *, hosts: Sequence[str] | None, trusted: Collection[str]) -> Target:
    """The target of an address that may be asked. `trusted` are the operator's own `host:port`.

    Raises FetchRefused with the reason.
    """
    parts = _split(url)
    host = (parts.hostname or "").lower()
    port = _port(parts)
    path = quote(parts.path or "/", safe=_AS_IT_IS) + (
        f"?{quote(parts.query, safe=_AS_IT_IS)}" if parts.query else ""
    )
    if parts.scheme in ("http", "https") and f"{f'[{host}]' if ':' in host else host}:{port}" in trusted:
        return Target(parts.scheme, host, port, path, trusted=True)
    if parts.scheme != "https":
        raise FetchRefused(f"an address with {parts.scheme or 'no'} scheme instead of https")
    if port != 443:
        raise FetchRefused(f"port {port} instead of 443")
    if "[" in parts.netloc or _NAME.fullmatch(host) is None:
        raise FetchRefused(f"{host!r:.80} is not the name of a public host")
    if hosts is not None and not any(_covers(pattern, host) for pattern in hosts):
        raise FetchRefused(f"{host} is not among the hosts that this comes from")
    return Target("https", host, port, path, trusted=False)


def _split(url: str) -> SplitResult:
    # Python drops tabs and line breaks, browsers turn a backslash into a slash: nothing here is mended.
    if len(url) > _LONGEST or any(ord(sign) < 0x20 or ord(sign) == 0x7F or sign == "\\" for sign in url):
        raise FetchRefused("an address that is too long, or with signs that no address has")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise FetchRefused(f"an address that cannot be read: {error}") from None
    if "@" in parts.netloc:
        raise FetchRefused("an address with a user's name in it")
    if url != url.strip() or not parts.netloc.isascii() or "%" in parts.netloc or " " in parts.netloc:
        raise FetchRefused("an address whose host is not written plainly")
    return parts


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        raise FetchRefused("an address whose port is no port") from None
    if port is None:
        return 80 if parts.scheme == "http" else 443
    return port


def _covers(pattern: str, host: str) -> bool:
    """`*.` in front means below, not the name itself."""
    if pattern.startswith("*."):
        return host.endswith(pattern[1:].lower())
    return host == pattern.lower()
