"""Every read on organizations."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from packshot.db.sql import rows
from packshot.db.tenancy import Actor, acting_as


@dataclass(frozen=True, slots=True)
class OrganizationOf:
    """One organization of a person, and what that person is in it."""

    organization_id: UUID
    name: str
    role: str


def organizations_of(user_id: UUID) -> list[OrganizationOf]:
    """The organizations a person may act for, oldest first."""
    return [OrganizationOf(**row) for row in rows("organizations_of_v1", user_id)]


@dataclass(frozen=True, slots=True)
class Person:
    """A member of an organization as the others see them."""

    user_id: UUID
    name: str
    email: str
    role: str

    @property
    def called(self) -> str:
        """The name, or the address of somebody who has given none."""
        return self.name or self.email

    @property
    def initials(self) -> str:
        """One or two letters for a sign of the size of a thumb."""
        words = (self.name or self.email.partition("@")[0].replace(".", " ")).split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def people(actor: Actor) -> list[Person]:
    """Everybody in the actor's organization, those with more rights first."""
    with acting_as(actor):
        return [Person(**row) for row in rows("organizations_people_v1")]
