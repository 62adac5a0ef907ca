"""Pictures without pixels: rows as the pipeline writes them, for tests of what is done with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.studio.boards import commands as boards
from packshot.studio.boards import queries as board_queries

# What `assets_add_v1` does not take: set behind its back.
_LATER = ("title", "alt", "tags", "favourite", "state", "reject_reason", "deleted_at", "created_at", "kind")


def add(admin: psycopg.Connection, organization_id: UUID, **changes: Any) -> UUID:
    """A picture that is ready; `changes` are columns."""
    row = {
        "organization_id": str(organization_id), "id": str(uuid7()), "job_id": str(uuid7()), "origin": "generated",
        "operation": "generate", "sha256": hashlib.sha256(uuid7().bytes).hexdigest(), "media_type": "image/jpeg",
        "bytes": 1234, "width": 1000, "height": 1000, "placeholder": "data:,", "name": "a.jpg",
        "source_type": "compositeSynthetic", "prompt": "", "seed": 7,
    }  # fmt: skip
    taken = {name: value for name, value in changes.items() if name not in _LATER}
    row |= {name: str(value) if isinstance(value, UUID) else value for name, value in taken.items()}
    found = admin.execute("select public.assets_add_v1(%s)", [json.dumps(row)]).fetchone()
    assert found is not None
    asset_id: UUID = found[0]
    for name in _LATER:
        if name in changes:
            admin.execute(
                f"update public.assets_asset set {name} = %s where organization_id = %s and id = %s",
                [changes[name], organization_id, asset_id],
            )
    return asset_id


def board(actor: Actor, title: str = "A board") -> UUID:
    """A new board of the actor's."""
    board_id = uuid7()
    boards.create(actor, board_id, title)
    return board_id


def inbox(actor: Actor) -> UUID:
    return next(each.id for each in board_queries.home(actor) if each.title == "Inbox")


def member(
    admin: psycopg.Connection, organization_id: UUID, new_tenant: Callable[[], Any], role: str = "member"
) -> Actor:
    """Another person in the organization."""
    person = new_tenant()
    admin.execute(
        "insert into public.organizations_membership (organization_id, user_id, role) values (%s, %s, %s)",
        [organization_id, person.user_id, role],
    )
    return Actor(person.user_id, organization_id)


def invite(
    admin: psycopg.Connection, organization_id: UUID, board_id: UUID, person: Actor, role: str
) -> None:
    """Make a board its members' alone, this person among them in this role."""
    admin.execute(
        "update public.boards_board set audience = 'invited' where organization_id = %s and id = %s",
        [organization_id, board_id],
    )
    admin.execute(
        "insert into public.boards_member (organization_id, board_id, user_id, role) values (%s, %s, %s, %s)"
        " on conflict (organization_id, board_id, user_id) do update set role = excluded.role",
        [organization_id, board_id, person.user_id, role],
    )


def column(admin: psycopg.Connection, asset_id: UUID, name: str) -> Any:
    found = admin.execute(f"select {name} from public.assets_asset where id = %s", [asset_id]).fetchone()
    assert found is not None
    return found[0]
