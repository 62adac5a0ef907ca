"""Workspaces with people in them, joined as people join: by the token of an invitation."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import psycopg

from packshot.db.tenancy import Actor
from packshot.foundation.organizations import commands
from packshot.foundation.organizations.tokens import token_of
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
            "select user_id, role from organizations_membership where organization_id = %s", [self.id]
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


def plan(organization_id: UUID, seats: int) -> None:
    """So many seats for a workspace, whatever it pays for."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute("select pg_advisory_lock(8730099)")  # of several threads one makes the table
        made = admin.execute("select to_regclass('test_plans.plan')").fetchone()
        if made is None or made[0] is None:
            admin.execute(_PLANS)
        admin.execute(
            "insert into test_plans.plan values (%s, %s) on conflict (organization_id)"
            " do update set seats = excluded.seats",
            [organization_id, seats],
        )


# Stands in for the plans' own answer, which the one function that asks for it would pass on.
_PLANS = """
    create schema if not exists test_plans;
    grant usage on schema test_plans to packshot_owner;
    create table if not exists test_plans.plan (organization_id uuid primary key, seats integer not null);
    grant select on test_plans.plan to packshot_owner;
    create or replace function public.organizations_seats_v1(p_organization uuid) returns integer
    language plpgsql stable security definer set search_path = ''
    as $$
    begin
        return coalesce((select p.seats from test_plans.plan as p where p.organization_id = p_organization), 3);
    end
    $$
"""
