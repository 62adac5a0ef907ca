"""What crosses the border of this room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packshot.db.tenancy import Actor

VERSIONS = ("2026-11-01",)
"""The API's dated versions, oldest first; a new key speaks the last."""

SCOPES = (
    "account:read",
    "models:read",
    "generations:read",
    "generations:write",
    "assets:read",
    "assets:write",
    "boards:read",
    "boards:write",
    "credits:read",
)
"""What a key may be allowed. A scope of writing does not bring that of reading."""


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as the page shows it."""

    id: UUID
    name: str
    shown: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    made_by: UUID
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaced_by: UUID | None


@dataclass(frozen=True, slots=True)
class Made:
    """A new key; `secret` is known to nobody from here on but to whom it is shown."""

    id: UUID
    secret: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks with a key, and what the key lets them."""

    actor: Actor
    key_id: UUID
    name: str
    shown: str
    role: str
    scopes: frozenset[str]
    version: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Limit:
    """One bucket after this request. Seconds are rounded up."""

    name: str
    quota: int
    """Requests a minute."""
    remaining: int
    full_in_s: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of somebody at the door: a caller, or why there is none, and how much they may still ask."""

    caller: Caller | None
    refusal: str | None
    """`invalid_key`, `expired_key`, `revoked_key` or `address_not_allowed`."""
    limits: tuple[Limit, ...]
    retry_after_s: int | None
    """One of the buckets is empty: nothing may be answered before."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it was given the first time."""

    status: int
    body: str
