"""Every read on organizations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.utils import timezone

from packshot.db.sql import call, rows
from packshot.db.tenancy import Actor, acting_as
from packshot.foundation.organizations.models import Invitation, Organization, Takeout
from packshot.foundation.organizations.tokens import hash_of


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
    joined_at: datetime | None = None
    """Known on the members page alone."""

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


@dataclass(frozen=True, slots=True)
class Workspace:
    """The actor's organization as its settings show it."""

    organization_id: UUID
    name: str
    role: str
    erase_at: datetime | None
    """When it is erased, where an owner has asked for that."""

    @property
    def owned(self) -> bool:
        return self.role == "owner"

    @property
    def run(self) -> bool:
        """Whether the actor runs it from day to day."""
        return self.role in ("owner", "admin")


def workspace(actor: Actor) -> Workspace:
    """The actor's organization. Raises Organization.DoesNotExist for somebody who is no member."""
    with acting_as(actor):
        found = Organization.objects.get()
        role = call("app.role")
    return Workspace(found.id, found.name, role, found.erase_at)


@dataclass(frozen=True, slots=True)
class Seats:
    """How many there are, and how many members and open invitations take."""

    seats: int
    used: int

    @property
    def free(self) -> int:
        return max(0, self.seats - self.used)


def seats(actor: Actor) -> Seats:
    with acting_as(actor):
        return Seats(**rows("organizations_my_seats_v1")[0])


def known_addresses(actor: Actor) -> set[str]:
    """Of everybody who is a member or has an open invitation: inviting them takes no seat more."""
    invited = {each.email for each in invitations(actor) if each.state == "open"}
    return invited | {each.email for each in roster(actor)}


def roster(actor: Actor) -> list[Person]:
    """Everybody in the actor's organization with when they came, those with more rights first."""
    with acting_as(actor):
        return [Person(**row) for row in rows("organizations_roster_v1")]


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation as those who run the organization see it."""

    id: UUID
    email: str
    role: str
    state: Literal["open", "declined", "revoked", "expired"]
    mail: Literal["waiting", "sent", "failed"]
    created_at: datetime
    expires_at: datetime


def invitations(actor: Actor) -> list[InvitationView]:
    """Those without a yes, the latest first; empty for members, who do not see them."""
    fields = ("id", "email", "role", "state", "created_at", "expires_at", "mailed_at", "mail_failed")
    with acting_as(actor):
        found = list(Invitation.objects.exclude(state="accepted").order_by("-id").values(*fields))
    return [_invitation(row) for row in found]


def _invitation(row: dict[str, Any]) -> InvitationView:
    mailed_at, failed = row.pop("mailed_at"), row.pop("mail_failed")
    if row["state"] == "open" and row["expires_at"] <= timezone.now():
        row["state"] = "expired"
    mail: Literal["waiting", "sent", "failed"] = (
        "failed" if failed else "waiting" if mailed_at is None else "sent"
    )
    return InvitationView(mail=mail, **row)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the token of an invitation is for."""

    organization_id: UUID
    organization: str
    invited_by: str
    email: str
    role: str
    expires_at: datetime


def offer(token: str) -> Offer | None:
    """What a token is for; None where it is good for nothing, whatever the reason. Needs nobody to be signed in."""
    found = rows("organizations_invitation_v1", hash_of(token))
    return Offer(**found[0]) if found else None


@dataclass(frozen=True, slots=True)
class TakeoutView:
    """A ZIP of everything, on its way or there."""

    id: UUID
    state: Literal["working", "ready", "failed", "expired"]
    done: int
    bytes: int | None
    created_at: datetime


def takeouts(actor: Actor, limit: int = 5) -> list[TakeoutView]:
    """The latest first; empty for whoever is not an owner."""
    fields = ("id", "state", "done", "bytes", "created_at")
    with acting_as(actor):
        return [TakeoutView(**row) for row in Takeout.objects.order_by("-id").values(*fields)[:limit]]
