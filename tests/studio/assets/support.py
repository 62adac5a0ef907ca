"""Pictures without pixels: rows as the pipeline writes them, for tests of what is done with them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
from PIL import Image
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.studio.assets import storage
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


def many(admin: psycopg.Connection, tenant: Any, number: int, board_id: UUID) -> None:
    """Rows of pictures that all show the same bytes."""
    admin.execute(
        "insert into public.assets_blob (organization_id, sha256, size, media_type)"
        " values (%s, repeat('0', 64), 100, 'image/png') on conflict do nothing",
        [tenant.organization_id],
    )
    admin.execute(
        "insert into public.assets_asset (organization_id, id, board_id, origin, state, name, sha256, media_type,"
        " bytes, width, height, placeholder, source_type)"
        " select %s, app.uuid7(), %s, 'upload', 'ready', 'n' || n, repeat('0', 64), 'image/png', 100, 10, 10,"
        " 'data:,', 'digitalCapture' from generate_series(1, %s) as n",
        [tenant.organization_id, board_id, number],
    )


def stored(admin: psycopg.Connection, tenant: Any, colour: int, **changes: Any) -> UUID:
    """A picture with its bytes."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (colour, 10, 10)).save(out, "PNG")
    data = out.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    storage.blobs().put(storage.key(tenant.organization_id, sha256), data)
    facts = {"sha256": sha256, "bytes": len(data), "width": 64, "height": 48, "media_type": "image/png"}
    return add(admin, tenant.organization_id, **(facts | changes))
