"""Every write on keys, and the way in with one."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from uuid_utils.compat import uuid7

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Invalid
from packshot.foundation.apikeys import tokens
from packshot.foundation.apikeys.contracts import (
    SCOPES,
    VERSIONS,
    Answered,
    Caller,
    Entry,
    Limit,
    Made,
)
from packshot.foundation.apikeys.errors import IdempotencyKeyReused

OVERLAPS = (0, 1, 24, 168)
"""Hours that a rotated key may go on working."""
_NAME_LENGTH = 80
_MOST_NETWORKS = 50


def make(
    actor: Actor,
    *,
    name: str,
    scopes: Sequence[str],
    networks: Sequence[str] = (),
    expires_at: datetime | None = None,
    key_id: UUID | None = None,
) -> Made:
    """Make a key that acts as the actor; the same `key_id` again makes none.

    Raises Forbidden (owners and admins make keys), Invalid and Conflict (made already, or there are 100).
    """
    name = " ".join(name.replace("\0", "").split())
    if not 1 <= len(name) <= _NAME_LENGTH:
        raise Invalid("Give the key a name of 1 to 80 characters.", field="name")
    if not scopes or set(scopes) - set(SCOPES):
        raise Invalid("Choose what the key may do.", field="scopes")
    token, key_id = tokens.new(), key_id or uuid7()
    row = {
        "id": str(key_id),
        "name": name,
        "shown": token.shown,
        "hash": token.hash,
        "scopes": [scope for scope in SCOPES if scope in scopes],
        "networks": _networks(networks),
        "version": VERSIONS[-1],
        "expires_at": expires_at and expires_at.isoformat(),
    }
    with acting_as(actor):
        call("apikeys_make_v1", row)
    return Made(key_id, token.secret)


def rotate(actor: Actor, key_id: UUID, *, overlap_h: int) -> Made:
    """A new key in place of one of the actor's own, which works on for `overlap_h` hours.

    Raises NotFound, Forbidden (somebody else's), Conflict (it does not work any more) and Invalid.
    """
    if overlap_h not in OVERLAPS:
        raise Invalid("Choose how long the old key goes on working.", field="overlap")
    token, new_id = tokens.new(), uuid7()
    row = {"id": str(new_id), "shown": token.shown, "hash": token.hash}
    with acting_as(actor):
        call("apikeys_rotate_v1", key_id, row, overlap_h)
    return Made(new_id, token.secret)


def revoke(actor: Actor, key_id: UUID) -> None:
    """End a key at once and for good. Raises NotFound, Forbidden."""
    with acting_as(actor):
        call("apikeys_revoke_v1", key_id)


def enter(secret: str | None, address: str, quotas: Mapping[str, int]) -> Entry:
    """Who asks with this key, and whether they may ask now; one round trip. None: they ask for what is open to all.

    `quotas` are requests a minute for `key`, `organization`, `address` and `bad-key`. Outside of `acting_as`.
    """
    token = None if secret is None else tokens.read(secret)
    given = None if secret is None else token.hash if token else ""
    try:
        found = call("apikeys_enter_v1", given, _plain(address), dict(quotas))
    finally:
        connection.close()
    return Entry(
        caller=None if found["caller"] is None else _caller(found["caller"]),
        refusal=found["refusal"],
        limits=tuple(
            Limit(each["name"], each["quota"], each["remaining"], each["full_in"]) for each in found["limits"]
        ),
        retry_after_s=found["retry_after"],
    )


def begin(actor: Actor, key: str, fingerprint: str) -> Answered | None:
    """Bind an idempotency key to a request; the answer, where there was one. Raises IdempotencyKeyReused."""
    with acting_as(actor):
        found = call("apikeys_begin_v1", key, fingerprint)
    if found["state"] == "other":
        raise IdempotencyKeyReused(
            "This Idempotency-Key was used for another request. Nothing was done: send this one under a key of its own."
        )
    return Answered(found["status"], found["body"]) if found["state"] == "answered" else None


def finish(actor: Actor, key: str, fingerprint: str, answered: Answered) -> Answered:
    """Keep an answer; the one that was kept first, where there is one."""
    with acting_as(actor):
        return Answered(**call("apikeys_finish_v1", key, fingerprint, answered.status, answered.body))


def let_go(actor: Actor, key: str, fingerprint: str) -> None:
    """Free an idempotency key whose request was refused."""
    with acting_as(actor):
        call("apikeys_let_go_v1", key, fingerprint)


def _networks(given: Sequence[str]) -> list[str]:
    """Addresses and networks as CIDR. Raises Invalid."""
    if len(given) > _MOST_NETWORKS:
        raise Invalid("At most 50 addresses.", field="networks")
    try:
        return [str(ipaddress.ip_network(each.strip(), strict=False)) for each in given]
    except ValueError as error:
        raise Invalid(
            "An address looks like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.", field="networks"
        ) from error


def _plain(address: str) -> str:
    """As the database reads it: IPv4 in its own form, no zone. What is no address is nobody's in particular."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "::"
    return str(getattr(found, "ipv4_mapped", None) or found)


def _caller(found: dict[str, Any]) -> Caller:
    ends = found["expires_at"]
    return Caller(
        actor=Actor(UUID(found["user"]), UUID(found["organization"])),
        key_id=UUID(found["id"]),
        name=found["name"],
        shown=found["shown"],
        role=found["role"],
        scopes=frozenset(found["scopes"]),
        version=found["version"],
        expires_at=None if ends is None else datetime.fromisoformat(ends),
    )
