"""Workspaces with people in them, joined as people join: by the token of an invitation."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from packshot.db.tenancy import Actor
from packshot.foundation.billing.states import dump
from packshot.foundation.organizations import commands
from packshot.foundation.organizations.tokens import token_of
from packshot.ports.payment_states import SubscriptionState
from tests.conformance.shops import price
from tests.conftest import Tenant


@dataclass(frozen=True)
class Company:
    """A workspace with its owner and a plan of ten seats; `hire` invites somebody new who accepts."""

    boss: Tenant
    admin: psycopg.Connection
    new_tenant: Callable[[], Tenant]

    def __post_init__(self) -> None:
        self.seats(10)

    @property
    def owner(self) -> Actor:
        return self.boss.actor

    @property
    def id(self) -> UUID:
        return self.boss.organization_id

    def token(self, email: str) -> str:
        """Of the newest invitation of an address, as its mail has it."""
        row = self.admin.execute(
            "select id, seed from organizations_invitation where organization_id = %s and email = %s"
            " order by id desc limit 1",
            [self.id, email],
        ).fetchone()
        assert row is not None
        return token_of(*row)

    def hire(self, role: str = "member") -> Actor:
        person = self.new_tenant()
        commands.invite(self.owner, [person.email], "member" if role == "owner" else role)
        commands.accept(person.user_id, self.token(person.email))
        if role == "owner":
            commands.change_role(self.owner, person.user_id, role)
        return Actor(person.user_id, self.id)

    def roles(self) -> dict[UUID, str]:
        found = self.admin.execute(
            "select user_id, role from organizations_membership where organization_id = %s order by created_at",
            [self.id],
        )
        return dict(found.fetchall())

    def log(self) -> list[tuple[str, UUID | None, str]]:
        """What was noted, oldest first: action, actor, target."""
        found = self.admin.execute(
            "select action, actor_id, target from audit_event where organization_id = %s order by id",
            [self.id],
        )
        return list(found.fetchall())

    def seats(self, number: int) -> None:
        """A plan with so many seats, for this workspace."""
        plan(self.id, number)


def subscription(organization_id: UUID, quantity: int) -> SubscriptionState:
    """The team's plan with so many seats, in its first month."""
    now = datetime.now(UTC)
    return SubscriptionState(
        ref=f"sub-{organization_id}",
        customer=f"cu-{organization_id}",
        order=None,
        status="active",
        price=price("team"),
        quantity=quantity,
        anchor=now,
        period_start=now,
        period_end=now + timedelta(days=30),
        trial_end=None,
        past_due_since=None,
        cancel_at=None,
        ended_at=None,
        scheduled=None,
        card=None,
    )


def plan(organization_id: UUID, seats: int, url: str | None = None) -> None:
    """The team's plan with so many seats, as a provider would have told of it; `url`: in another database."""
    told = subscription(organization_id, seats)
    with psycopg.connect(url or os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(
            "insert into billing_record values (%s, 'mock', 'subscription', %s, now(), %s)"
            " on conflict (organization_id, provider, kind, ref) do update set state = excluded.state",
            [organization_id, told.ref, Jsonb(dump(told))],
        )
