"""Who acts, and for which organization: the only way to a tenant's rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from packshot.db.errors import problems
from packshot.db.origin import claim, origin


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in an organization. Claims, not proof: the database checks the membership."""

    user_id: UUID
    organization_id: UUID


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """One durable transaction that acts as one member; the database decides what it sees and may do.

    Never a savepoint (`durable`): a claim set inside a savepoint would outlive its release. At the end the
    connection goes back to the pool, so that nobody waits for a provider with a connection in hand.
    """
    try:
        with problems(), transaction.atomic(durable=True):
            claim(
                {
                    "role": "packshot_member",
                    "app.user_id": str(actor.user_id),
                    "app.organization_id": str(actor.organization_id),
                    **origin().claims,
                }
            )
            yield
    finally:
        connection.close()


@contextmanager
def acting_alone(user_id: UUID) -> Iterator[None]:
    """One durable transaction of a person for themselves, of no organization: it stays the process's login, and what
    it calls asks `app.user_id()` who that is."""
    try:
        with problems(), transaction.atomic(durable=True):
            claim({"app.user_id": str(user_id), **origin().claims})
            yield
    finally:
        connection.close()
