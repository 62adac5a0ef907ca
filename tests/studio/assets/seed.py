"""Pictures in a number that nobody would upload, straight into the table."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg


def seed(
    admin: psycopg.Connection, tenant: Any, board_id: UUID, number: int, *, prompt: str = ""
) -> list[UUID]:
    """So many ready pictures on a board, oldest first. They share bytes that are not there."""
    organization_id = getattr(tenant, "organization_id", tenant)
    sha256 = "0" * 64
    admin.execute(
        "insert into assets_blob (organization_id, sha256, size, media_type)"
        " values (%s, %s, 10, 'image/jpeg') on conflict do nothing",
        [organization_id, sha256],
    )
    found = admin.execute(
        "insert into assets_asset (organization_id, id, board_id, origin, state, name, sha256, media_type, bytes,"
        " width, height, placeholder, source_type, prompt, colours)"
        " select %s, app.uuid7(), %s, 'upload', 'ready', 'photo-' || n || '.jpg', %s, 'image/jpeg', 10, 1200, 900,"
        " 'data:image/svg+xml,<svg xmlns=%%22http://www.w3.org/2000/svg%%22/>', 'digitalCapture', nullif(%s, ''),"
        " array['red'] from generate_series(1, %s) as n returning id",
        [organization_id, board_id, sha256, prompt, number],
    ).fetchall()
    return sorted(row[0] for row in found)
