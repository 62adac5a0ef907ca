"""The mock's messages as they travel: signed, with their time, and read again."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from packshot.ports.payment_states import Kind, Notice
from packshot.ports.payments import Forged

TOLERANCE = timedelta(minutes=5)
VERSION = "1"
ACCOUNT = "mock"


def whole(body: Mapping[str, Any]) -> dict[str, Any]:
    """A message with whose it is and in which format."""
    return {**body, "account": ACCOUNT, "livemode": False, "version": VERSION}


def signed(key: bytes, message: Mapping[str, Any], at: datetime) -> tuple[dict[str, str], bytes]:
    """Its headers and its body."""
    body, stamp = json.dumps(message).encode(), str(int(at.timestamp()))
    return {"mock-timestamp": stamp, "mock-signature": _mark(key, stamp, body)}, body


def read(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
    """What it says, where one of the keys has signed it within five minutes. Raises Forged."""
    at, mark = headers.get("mock-timestamp", ""), headers.get("mock-signature", "")
    if not at.isascii() or not at.isdigit() or len(at) > 12:
        raise Forged("there is no time on it")
    if not any(hmac.compare_digest(_mark(key, at, body).encode(), mark.encode()) for key in keys):
        raise Forged("the signature is not ours")
    if abs(now - datetime.fromtimestamp(int(at), UTC)) > TOLERANCE:
        raise Forged("it is too old or too new")
    try:
        return notice(json.loads(body))
    except (ValueError, KeyError, TypeError) as error:
        raise Forged("it cannot be read") from error


def notice(said: Mapping[str, Any]) -> Notice:
    """The same for the port. Raises KeyError, ValueError and TypeError for what is no message."""
    kind = said["kind"]
    return Notice(
        id=str(said["id"]),
        type=str(said["type"]),
        kind=Kind(kind) if kind in set(Kind) else None,
        ref=said["ref"],
        created_at=datetime.fromisoformat(said["created_at"]),
        account=said["account"],
        livemode=bool(said["livemode"]),
        version=said["version"],
    )


def _mark(key: bytes, at: str, body: bytes) -> str:
    return hmac.new(key, at.encode() + b"." + body, hashlib.sha256).hexdigest()
