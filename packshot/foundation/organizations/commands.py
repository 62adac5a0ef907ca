"""Every write on organizations. Rights are checked by the SQL functions, after they hold what they decide by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from packshot.db.origin import claim, origin
from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_alone, acting_as
from packshot.facts import publish
from packshot.foundation.organizations.errors import SeatsExhausted
from packshot.foundation.organizations.facts import (
    MemberJoined,
    MemberRemoved,
    OrganizationClosing,
    OrganizationKept,
    OrganizationOpened,
)
from packshot.foundation.organizations.queries import organizations_of
from packshot.foundation.organizations.tokens import hash_of, token_of

Role = Literal["owner", "admin", "member"]


@dataclass(frozen=True, slots=True)
class Invited:
    """What became of one address that was to be invited."""

    email: str
    outcome: Literal["invited", "member", "open"]
    """`member`: is one; `open`: an invitation waits for an answer already."""


def open_personal(user_id: UUID, name: str) -> UUID:
    """Open a person's own organization; runs inside the sign-up's transaction, listeners included."""
    claim(origin().claims)
    organization_id: UUID = call("organizations_open_v1", user_id, name)
    publish(OrganizationOpened(organization_id=organization_id, user_id=user_id))
    return organization_id


def open_another(user_id: UUID, name: str) -> UUID:
    """An organization for somebody who is a member of none; who has one gets that, the oldest."""
    with acting_alone(user_id):
        call("organizations_hold_person_v1")
        found = organizations_of(user_id)
        return found[0].organization_id if found else open_personal(user_id, name)


def rename(actor: Actor, name: str) -> str:
    """Give the organization another name; the one before. Raises Forbidden, Invalid."""
    with acting_as(actor):
        before: str = call("organizations_rename_v1", name)
    return before


def change_role(actor: Actor, user_id: UUID, role: str) -> Role:
    """Give a member another role; the one before. Raises NotFound, Forbidden, Invalid, Conflict for the last owner."""
    with acting_as(actor):
        before: Role = call("organizations_role_v1", user_id, role)
    return before


def transfer(actor: Actor, user_id: UUID) -> None:
    """Make somebody else the owner and oneself an admin. Raises NotFound, Forbidden, Invalid."""
    with acting_as(actor):
        call("organizations_transfer_v1", user_id)


def remove(actor: Actor, user_id: UUID) -> None:
    """End a membership, also one's own. Raises NotFound, Forbidden, and Conflict for the last owner."""
    with acting_as(actor):
        call("organizations_remove_v1", user_id)
        publish(MemberRemoved(actor.organization_id, user_id))


def leave(actor: Actor) -> None:
    """End one's own membership. Raises Conflict for the last owner."""
    remove(actor, actor.user_id)


def invite(actor: Actor, emails: Sequence[str], role: str) -> list[Invited]:
    """Invite these addresses; where a seat is missing, none of them. Whether one has an account changes nothing.

    Raises Forbidden, Invalid, Conflict, SeatsExhausted, UpgradeNeeded.
    """
    with acting_as(actor):
        return invite_here(emails, role, get_language() or "en")


def invite_here(emails: Sequence[str], role: str, language: str) -> list[Invited]:
    """`invite` as a part of the caller's transaction, inside `acting_as`; the mails are in `language`."""
    asked = []
    for email in dict.fromkeys(email.strip().lower() for email in emails):
        invitation_id, seed = uuid7(), uuid4()
        hashed = hash_of(token_of(invitation_id, seed))
        asked.append({"id": str(invitation_id), "email": email, "seed": str(seed), "hash": hashed})
    order = {"role": role, "language": language, "people": asked}
    answer = _seated(call("organizations_invite_v1", order))
    return [Invited(**each) for each in answer["people"]]  # type: ignore[arg-type]  # as the function says


def revoke(actor: Actor, invitation_id: UUID) -> None:
    """Take an invitation back. Raises NotFound, Forbidden, Conflict where it was answered."""
    with acting_as(actor):
        call("organizations_revoke_v1", invitation_id)


def resend(actor: Actor, invitation_id: UUID) -> None:
    """Open an invitation under a new token and mail that; the link mailed before is good for nothing then.

    Raises NotFound, Forbidden, Conflict, SeatsExhausted.
    """
    seed = uuid4()
    with acting_as(actor):
        _seated(call("organizations_resend_v1", invitation_id, seed, hash_of(token_of(invitation_id, seed))))


def accept(user_id: UUID, token: str) -> UUID:
    """Join by the token of an invitation; the organization. Raises NotFound where it is good for nothing, Conflict."""
    with acting_alone(user_id):
        organization_id: UUID = call("organizations_accept_v1", hash_of(token))
        publish(MemberJoined(organization_id, user_id))
    return organization_id


def decline(user_id: UUID, token: str) -> None:
    """Say no to an invitation. Raises NotFound."""
    with acting_alone(user_id):
        call("organizations_decline_v1", hash_of(token))


def close(actor: Actor) -> datetime:
    """Have the organization erased after the delay; when. Raises Forbidden."""
    with acting_as(actor):
        erase_at: datetime = call("organizations_close_v1")
        publish(OrganizationClosing(actor.organization_id, actor.user_id, erase_at))
    return erase_at


def keep(actor: Actor) -> None:
    """Take the deletion back. Raises Forbidden, and Conflict once it is being erased."""
    with acting_as(actor):
        if call("organizations_keep_v1"):
            publish(OrganizationKept(actor.organization_id, actor.user_id))


def take_out(actor: Actor) -> UUID:
    """Have a ZIP of everything made; its id, also of one that is being made. Raises Forbidden."""
    with acting_as(actor):
        takeout_id: UUID = call("organizations_take_out_v1")
    return takeout_id


def _seated(answer: dict[str, object]) -> dict[str, list[dict[str, str]]]:
    """The answer, when there were seats."""
    if answer["outcome"] == "full":
        raise SeatsExhausted(
            _("%(used)s of %(seats)s seats are taken. Nobody was invited.")
            % {"used": answer["used"], "seats": answer["seats"]},
            seats=answer["seats"],
            used=answer["used"],
        )
    return answer  # type: ignore[return-value]  # what the function says it answers
