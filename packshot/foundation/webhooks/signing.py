"""The signature of a message, by the Standard Webhooks specification."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID


def message_id(event_id: UUID) -> str:
    """As receivers know an event; the same at every try and every replay, so that they can tell."""
    return f"evt_{event_id.hex}"


def headers(event_id: UUID, body: bytes, secrets: Sequence[str], at: int) -> dict[str, str]:
    """The headers of a message that is sent `at`, in seconds of Unix, with a signature by each of the secrets."""
    name = message_id(event_id)
    content = f"{name}.{at}.".encode() + body
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(_signature(secret, content) for secret in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
