"""What is kept encrypted in the database: a copy of it alone opens nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet

from packshot.settings import settings


def box(purpose: str) -> Fernet:
    """What seals and opens for one purpose, by a key of its own that comes from the studio's secret key.

    Its `decrypt` raises InvalidToken where another secret key has sealed.
    """
    key = hmac.new(settings().secret().encode(), purpose.encode(), hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))
