"""Wallets on a simulated clock, driven through the owner's functions that take the time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest


class Ledger:
    """A connection as the owner: commands at a moment of the test's choosing."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def one(self, query: str, *args: Any) -> Any:
        row = self.connection.execute(query, args, prepare=True).fetchone()
        return row[0] if row else None

    def open(self, now: datetime) -> UUID:
        """An organization with a wallet, opened at `now`."""
        wallet = self.one(
            "insert into organizations_organization (id, name, personal) values (app.uuid7(), 'A', true) returning id"
        )
        self.one("select credits_open_wallet_at_v1(%s, %s)", wallet, now)
        return wallet

    def apply(self, now: datetime | None, *commands: dict[str, Any]) -> list[dict[str, Any]]:
        return self.one("select credits_apply_at_v1(%s, %s)", json.dumps(commands), now)

    def balance(self, wallet: UUID, now: datetime) -> dict[str, Any]:
        return self.one("select credits_balance_at_v1(%s, %s)", wallet, now)

    def rows(self, query: str, *args: Any) -> list[dict[str, Any]]:
        cursor = self.connection.execute(query, args, prepare=True)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture
def ledger(login: Callable[[str], psycopg.Connection]) -> Iterator[Ledger]:
    return Ledger(login("packshot_owner"))


@pytest.fixture
def join(admin: psycopg.Connection) -> Callable[..., Any]:
    """Let somebody new into a tenant's organization: `join(tenant, "admin")` gives the actor."""
    from uuid_utils.compat import uuid7

    from packshot.db.tenancy import Actor
    from packshot.foundation.accounts.models import User

    def make(tenant: Any, role: str = "member") -> Actor:
        user = User.objects.create_user(f"person-{uuid7()}@example.com", "a long enough password", name="M")
        admin.execute(
            "insert into organizations_membership (organization_id, user_id, role) values (%s, %s, %s)",
            [tenant.organization_id, user.id, role],
        )
        return Actor(user.id, tenant.organization_id)

    return make
