"""What organizations tell whoever listens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OrganizationOpened:
    """A new organization exists; its owner is a member already."""

    organization_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """Somebody accepted an invitation and is a member."""

    organization_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class MemberRemoved:
    """Somebody is a member no more: was removed, or has left. Their seats on boards are gone with the membership."""

    organization_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class OrganizationClosing:
    """An owner wants the organization deleted: it is erased at `erase_at`, unless that is taken back before."""

    organization_id: UUID
    user_id: UUID
    erase_at: datetime


@dataclass(frozen=True, slots=True)
class OrganizationKept:
    """The deletion was taken back."""

    organization_id: UUID
    user_id: UUID
