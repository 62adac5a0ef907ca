"""Colleagues for tests: people are invited by a later room, so the database takes them in directly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import psycopg

from packshot.db.tenancy import Actor
from tests.conftest import Tenant


@dataclass(frozen=True)
class Office:
    """An organization with more than its owner."""

    boss: Tenant
    admin: psycopg.Connection
    new_tenant: Callable[[], Tenant]

    @property
    def owner(self) -> Actor:
        return self.boss.actor

    def hire(self, role: str = "member") -> Actor:
        """Another person of this organization."""
        user_id = self.new_tenant().user_id
        self.take_in(user_id, role)
        return Actor(user_id, self.boss.organization_id)

    def take_in(self, user_id: UUID, role: str = "member") -> None:
        self.admin.execute(
            "insert into organizations_membership (organization_id, user_id, role) values (%s, %s, %s)",
            [self.boss.organization_id, user_id, role],
        )

    def dismiss(self, actor: Actor) -> None:
        """End a membership with the locks that its own command takes, in their order."""
        with self.admin.transaction():
            self.admin.execute(
                "select from organizations_organization where id = %s for no key update",
                [self.boss.organization_id],
            )
            self.admin.execute(
                "delete from organizations_membership where organization_id = %s and user_id = %s",
                [self.boss.organization_id, actor.user_id],
            )

    def owners(self, board_id: UUID) -> set[UUID]:
        found = self.admin.execute(
            "select user_id from boards_member where organization_id = %s and board_id = %s and role = 'owner'",
            [self.boss.organization_id, board_id],
        )
        return {row[0] for row in found}
