"""What organizations tell whoever listens."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OrganizationOpened:
    """A new organization exists; its owner is a member already."""

    organization_id: UUID
    user_id: UUID
