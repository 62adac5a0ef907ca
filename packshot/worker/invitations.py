"""Mails of invitations: sent by whichever worker is told of one, marked when they are on their way."""

from __future__ import annotations

import asyncio
from uuid import UUID

from packshot.foundation.organizations.letters import Invitation, invite
from packshot.worker.database import Database


async def send(database: Database, organization_id: UUID, invitation_id: UUID) -> None:
    """Mail an invitation that waits for it. What the mail server says passes: the caller tries again.

    Twice at worst, when a worker dies between the two steps; never once too few.
    """
    found = await database.fetch(
        "select * from public.organizations_letter_v1($1, $2)", organization_id, invitation_id
    )
    if found:
        invitation = Invitation(**found[0])
        await asyncio.to_thread(invite, invitation)
        await _mark(database, organization_id, invitation, sent=True)


async def give_up(database: Database, organization_id: UUID, invitation_id: UUID) -> None:
    """The mail server has refused it for good: whoever invited is told."""
    found = await database.fetch(
        "select * from public.organizations_letter_v1($1, $2)", organization_id, invitation_id
    )
    if found:
        await _mark(database, organization_id, Invitation(**found[0]), sent=False)


async def _mark(database: Database, organization_id: UUID, invitation: Invitation, *, sent: bool) -> None:
    await database.call("organizations_mailed_v1", organization_id, invitation.id, invitation.seed, sent)
