"""The words of letters about who is here, and of an invitation, which goes to an address that may have no account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from packshot.foundation.letters.contracts import Body, Way, Words, Writer
from packshot.foundation.letters.writing import day, mail, path, speaking
from packshot.foundation.organizations.tokens import address_of, token_of


@dataclass(frozen=True, slots=True)
class Invitation:
    """What `organizations_letter_v1` says of an invitation that waits for its mail."""

    id: UUID
    seed: UUID
    email: str
    role: str
    language: str
    organization: str
    invited_by: str
    expires_at: datetime


def invite(invitation: Invitation) -> None:
    """Send it, now, in the language of whoever invites; raises what the mail server's connection raises."""
    with speaking(invitation.language):
        message = mail(_invitation(invitation), invitation.email)
    message.send()


def _invitation(found: Invitation) -> Words:
    named = {
        "who": found.invited_by,
        "where": found.organization,
        "day": formats.date_format(found.expires_at, "DATE_FORMAT"),
    }
    return Words(
        subject=_("%(who)s invites you to %(where)s") % named,
        says=(_("%(who)s invites you to work in “%(where)s” on Packshot.") % named,),
        way=Way(
            _("Look at the invitation, and accept or decline it"), address_of(token_of(found.id, found.seed))
        ),
        also=(
            _("The link is good once, until %(day)s. Nothing happens until you accept.") % named,
            _("You do not know who this is? Then do nothing; nobody learns whether you have an account."),
        ),
    )


def _removed(body: Body) -> Words:
    named = {"where": body["workspace"]}
    return Words(
        subject=_("You are not a member of “%(where)s” any more") % named,
        says=(
            _("You were removed from “%(where)s”, and its boards are closed to you now.") % named,
            _("Your account stays, and so do your other workspaces. What you made there stays there."),
        ),
        also=(_("You think that is a mistake? Ask whoever runs that workspace to invite you again."),),
    )


def _transferred(body: Body) -> Words:
    named = {"where": body["workspace"], "old": body["from"], "new": body["to"]}
    return Words(
        subject=_("“%(where)s” has another owner") % named,
        says=(
            _("%(old)s has handed “%(where)s” over to %(new)s.") % named,
            _("%(new)s is an owner now, %(old)s an admin.") % named,
        ),
        way=Way(_("Members"), path(reverse("members"))),
    )


def _closing(body: Body) -> Words:
    named = {"where": body["workspace"], "who": body["by"], "day": day(body["at"])}
    return Words(
        subject=_("“%(where)s” will be deleted on %(day)s") % named,
        says=(
            _("%(who)s has asked for “%(where)s” to be deleted. It is erased on %(day)s.") % named,
            _("Until then everything goes on, and every owner can take that back or take all data out."),
        ),
        way=Way(_("Keep the workspace"), path(reverse("workspace"))),
    )


def _kept(body: Body) -> Words:
    named = {"where": body["workspace"], "who": body["by"]}
    return Words(
        subject=_("“%(where)s” stays") % named,
        says=(
            _("%(who)s has taken the deletion of “%(where)s” back. Nothing was lost.") % named,
            _("A plan that was cancelled with it can be taken up again under Plan and billing."),
        ),
        way=Way(_("Plan and billing"), path(reverse("billing"))),
    )


def _erased(body: Body) -> Words:
    named = {"where": body["workspace"]}
    return Words(
        subject=_("“%(where)s” is deleted") % named,
        says=(
            _("“%(where)s” is erased, with its boards, pictures and data.") % named,
            _("Its plan has ended and nothing is charged any more. Your account stays."),
        ),
    )


WRITERS: Final[Mapping[str, Writer]] = {
    "organizations.removed": _removed,
    "organizations.transferred": _transferred,
    "organizations.closing": _closing,
    "organizations.kept": _kept,
    "organizations.erased": _erased,
}
