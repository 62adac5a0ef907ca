"""Signing secrets: shown once, and kept sealed."""

from __future__ import annotations

import base64
import secrets

from packshot.sealing import box

_PURPOSE = "webhooks"
_BYTES = 32
"""The specification asks for 24 to 64."""


def fresh() -> str:
    """A new secret as its owner keeps it: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def seal(secret: str) -> str:
    return box(_PURPOSE).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises InvalidToken where the studio's secret key is not the one that sealed."""
    return box(_PURPOSE).decrypt(sealed.encode()).decode()
