"""Every read on organizations."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from packshot.db.sql import rows


@dataclass(frozen=True, slots=True)
class OrganizationOf:
    """One organization of a person, and what that person is in it."""

    organization_id: UUID
    name: str
    role: str


def organizations_of(user_id: UUID) -> list[OrganizationOf]:
    """The organizations a person may act for, oldest first."""
    return [OrganizationOf(**row) for row in rows("organizations_of_v1", user_id)]
