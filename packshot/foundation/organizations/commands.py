"""Every write on organizations."""

from __future__ import annotations

from uuid import UUID

from packshot.db.sql import call
from packshot.facts import publish
from packshot.foundation.organizations.facts import OrganizationOpened


def open_personal(user_id: UUID, name: str) -> UUID:
    """Open a person's own organization; runs inside the sign-up's transaction, listeners included."""
    organization_id: UUID = call("organizations_open_v1", user_id, name)
    publish(OrganizationOpened(organization_id=organization_id, user_id=user_id))
    return organization_id
