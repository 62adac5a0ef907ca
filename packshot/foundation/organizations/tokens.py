"""The token of an invitation: derived from its seed and the studio's secret key, so that neither the database nor the
queue ever holds it, and a copy of both opens nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

from packshot.settings import settings


def token_of(invitation_id: UUID, seed: UUID) -> str:
    """43 letters that stand in the mailed link."""
    message = f"invitation:{invitation_id}:{seed}".encode()
    mark = hmac.new(settings().secret().encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mark).decode().rstrip("=")


def hash_of(token: str) -> str:
    """What the database knows it by."""
    return hashlib.sha256(token.encode()).hexdigest()


def address_of(token: str) -> str:
    """The link, as urls.py has it: workers mail it without loading the pages."""
    return f"{settings().address}/invitations/{token}"
