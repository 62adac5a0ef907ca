"""Every read on accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packshot.foundation.accounts.models import User


@dataclass(frozen=True, slots=True)
class Person:
    """One account as its own settings page shows it."""

    id: UUID
    email: str
    name: str
    joined_at: datetime
    terms_version: str
    terms_accepted_at: datetime | None


def person(user_id: UUID) -> Person:
    """The account of a person who is signed in; raises User.DoesNotExist."""
    user = User.objects.get(id=user_id)
    return Person(
        id=user.id,
        email=user.email,
        name=user.name,
        joined_at=user.joined_at,
        terms_version=user.terms_version,
        terms_accepted_at=user.terms_accepted_at,
    )
