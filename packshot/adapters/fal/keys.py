"""fal's public keys: fetched when they are first needed, kept for a day, and asked for again when none of them fits."""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from packshot.ports.generation import CallbackUnchecked

log = structlog.get_logger(__name__)

_FRESH_S = 24 * 3600
_STALE_S = 48 * 3600
"""Until then old keys serve while new ones cannot be had."""
_PAUSE_S = 60
"""Between two fetches: messages that nobody signed shall not make us ask all the time."""
_TIMEOUT_S = 5.0
_LARGEST = 64 * 1024


class Keys:
    """Asked by the threads of a web process. `now` tells the time in seconds."""

    def __init__(self, url: str, now: Callable[[], float]) -> None:
        self._url = url
        self._now = now
        self._fetching = threading.Lock()
        self._keys: Sequence[Ed25519PublicKey] = ()
        self._fetched: float = float("-inf")
        self._tried: float = float("-inf")

    def current(self) -> Sequence[Ed25519PublicKey]:
        """Keys to verify with. Raises CallbackUnchecked when there are none and none can be had."""
        if self._now() - self._fetched > _FRESH_S:
            self._refresh()
        if self._now() - self._fetched > _STALE_S:
            raise CallbackUnchecked("the provider's public keys cannot be had")
        return self._keys

    def newer(self, known: Sequence[Ed25519PublicKey]) -> Sequence[Ed25519PublicKey]:
        """Keys that came after these; none when there are none, or when it is too soon to ask."""
        if self._keys is known:
            self._refresh()
        return () if self._keys is known else self._keys

    def _refresh(self) -> None:
        """Fetch, at most once a minute and by one thread, while the others go on with what there is."""
        if not self._fetching.acquire(blocking=False):
            return
        try:
            if self._now() - self._tried >= _PAUSE_S:
                self._tried = self._now()
                self._keys = _keys(_fetch(self._url))
                self._fetched = self._tried
        except (httpx.HTTPError, ValueError) as error:
            log.warning("public keys not fetched", url=self._url, error=f"{type(error).__name__}: {error}")
        finally:
            self._fetching.release()


def _fetch(url: str) -> Any:
    """The document. Raises httpx.HTTPError, and ValueError when it is none."""
    deadline = time.monotonic() + _TIMEOUT_S
    body = bytearray()
    with (
        httpx.Client(trust_env=False, follow_redirects=False, timeout=_TIMEOUT_S) as client,
        client.stream("GET", url) as response,
    ):
        if response.status_code != 200:
            raise ValueError(f"status {response.status_code}")
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _LARGEST or time.monotonic() > deadline:
                raise ValueError("the document is too large or too slow")
    return json.loads(bytes(body))


def _keys(document: Any) -> Sequence[Ed25519PublicKey]:
    """The Ed25519 keys of a JWKS; those of other kinds are passed over. Raises ValueError when there is none."""
    found = []
    for key in document.get("keys", ()) if isinstance(document, dict) else ():
        try:
            x = str(key["x"])
            raw = base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))
            found.append(Ed25519PublicKey.from_public_bytes(raw))
        except (KeyError, TypeError, ValueError, binascii.Error):
            continue
    if not found:
        raise ValueError("no key in it")
    return tuple(found)
