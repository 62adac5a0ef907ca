"""Endpoints, and events as the rooms above would tell them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.foundation.webhooks import commands, registry
from packshot.foundation.webhooks.commands import Wanted

EVENTS = {"thing.made": "A thing was made", "thing.lost": "A thing was lost"}


@pytest.fixture
def anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address may be posted to, and the events are the tests' own."""
    monkeypatch.setattr(registry, "_check", lambda _url: None)
    monkeypatch.setattr(registry, "_events", lambda: EVENTS)


Make = Callable[..., UUID]


@pytest.fixture
def endpoint(anywhere: None) -> Make:
    """Make an endpoint; its id."""

    def make(actor: Actor, url: str = "https://hooks.example.com/", *types: str) -> UUID:
        endpoint_id = uuid7()
        commands.create(actor, endpoint_id, Wanted(url, types=types))
        return endpoint_id

    return make


@pytest.fixture
def emit(admin: psycopg.Connection) -> Callable[..., UUID]:
    """Tell an event; the id of what it is about."""

    def tell(
        organization_id: UUID, type_: str = "thing.made", about: UUID | None = None, **data: Any
    ) -> UUID:
        about = about or uuid7()
        admin.execute(
            "select public.webhooks_emit_v1(%s, %s, %s, %s)", [organization_id, type_, about, Jsonb(data)]
        )
        return about

    return tell


class Poster:
    """A worker's part in slow motion, over a connection of the worker's own."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def claim(self, limit: int = 50, lease_s: float = 60.0) -> list[dict[str, Any]]:
        cursor = self._connection.execute("select * from public.webhooks_claim_v1(%s, %s)", [limit, lease_s])
        names = [each.name for each in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def tried(
        self,
        claimed: dict[str, Any],
        status: int | None = 200,
        error: str | None = None,
        retry_after_s: int | None = None,
    ) -> str:
        row = self._connection.execute(
            "select public.webhooks_tried_v1(%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                claimed["organization_id"],
                claimed["id"],
                claimed["token"],
                status,
                5,
                "",
                error,
                retry_after_s,
            ],
        ).fetchone()
        assert row is not None
        return str(row[0])


@pytest.fixture
def poster(login: Callable[[str], psycopg.Connection]) -> Poster:
    return Poster(login("packshot_worker"))
