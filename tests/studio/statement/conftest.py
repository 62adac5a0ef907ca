"""Work that was asked for, done and charged, so that there is something to tell."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from django.test import Client
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from tests.conftest import Tenant
from tests.studio.credits.conftest import Ledger
from tests.studio.generation.hand import Hand

# Whatever imports a model is imported where it is used: this file is read before there is a database.


@pytest.fixture
def join(admin: psycopg.Connection) -> Callable[..., Actor]:
    """Let somebody new into a tenant's organization."""

    from packshot.foundation.accounts.models import User

    def make(tenant: Tenant, role: str = "member", name: str = "Mia Member") -> Actor:
        user = User.objects.create_user(f"person-{uuid7()}@example.com", "a long enough password", name=name)
        admin.execute(
            "insert into organizations_membership (organization_id, user_id, role) values (%s, %s, %s)",
            [tenant.organization_id, user.id, role],
        )
        return Actor(user.id, tenant.organization_id)

    return make


@pytest.fixture
def board() -> Callable[..., tuple[UUID, str]]:
    """A new board: its id and its address."""

    from packshot.studio.boards import commands as boards

    def make(actor: Actor, title: str = "Bottles") -> tuple[UUID, str]:
        board_id = uuid7()
        return board_id, boards.create(actor, board_id, title)

    return make


@pytest.fixture
def made(login) -> Callable[..., UUID]:
    """An order of two pictures on a board, of which `done` are made and charged; the batch."""
    from packshot.studio.generation import commands as generation
    from packshot.studio.generation import queries as work
    from packshot.studio.generation.contracts import Order

    hand = Hand(login("packshot_worker"))

    def make(
        actor: Actor, board_id: UUID, prompt: str = "on oak", *, variants: int = 2, done: int = 2
    ) -> UUID:
        order = Order(
            key=str(uuid7()),
            operation="generate",
            model="mock-scene",
            prompt=prompt,
            variants=variants,
            board_id=board_id,
        )
        batch_id = generation.submit(actor, order).batch_id
        jobs = [tile.job_id for tile in work.batch(actor, batch_id).tiles]
        claims = hand.claim(actor.organization_id, *jobs)
        if claims[:done]:
            hand.settle(claims[:done], assets=[])
        if claims[done:]:
            hand.settle(claims[done:], "failed", code="refused", message="The provider refused.")
        return batch_id

    return make


@pytest.fixture
def browse() -> Callable[[Actor], Client]:
    """A client that is signed in as an actor."""

    from packshot.foundation.accounts.models import User

    def client(actor: Actor) -> Client:
        found = Client(headers={"user-agent": "tests"})
        found.force_login(
            User.objects.get(id=actor.user_id), "allauth.account.auth_backends.AuthenticationBackend"
        )
        return found

    return client


@pytest.fixture
def ledger(login) -> Ledger:
    """The owner's connection: commands at a moment of the test's choosing."""
    return Ledger(login("packshot_owner"))
