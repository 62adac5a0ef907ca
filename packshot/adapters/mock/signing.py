"""How the mock signs its callbacks: HMAC-SHA256 over the time and the body, as Standard Webhooks do."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from packshot.ports.generation import BadCallback, Callback

TOLERANCE_S = 300.0


def signed(key: bytes, body: bytes, at: float) -> dict[str, str]:
    """The headers of a callback."""
    return {"mock-timestamp": str(int(at)), "mock-signature": _mark(key, body, str(int(at)))}


def read(key: bytes, headers: Mapping[str, str], body: bytes, now: float) -> Callback:
    """Verify and read. Raises BadCallback."""
    found = {name.lower(): value for name, value in headers.items()}
    at, mark = found.get("mock-timestamp", ""), found.get("mock-signature", "")
    if not at.isascii() or not at.isdigit():
        raise BadCallback("there is no time on it")
    if not hmac.compare_digest(_mark(key, body, at).encode(), mark.encode()):
        raise BadCallback("the signature is not ours")
    if abs(now - int(at)) > TOLERANCE_S:
        raise BadCallback("it is too old or too new")
    try:
        said = json.loads(body)
        return Callback(ref=str(said["ref"]), event_id=str(said["event"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BadCallback("it cannot be read") from error


def _mark(key: bytes, body: bytes, at: str) -> str:
    return hmac.new(key, at.encode() + b"." + body, hashlib.sha256).hexdigest()
