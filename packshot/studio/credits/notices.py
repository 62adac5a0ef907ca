"""Mails to owners and admins: the balance has fallen below their mark, or a top-up has stopped.

The ledger writes each down in the transaction that caused it; a worker claims it, then sends it. A worker that dies
in between leaves it unsent (the pages say the same), so none is ever sent twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from smtplib import SMTPConnectError
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings as django_settings
from django.core.mail import EmailMessage
from django.db import connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.settings import settings
from packshot.studio.credits.queries import Balance, balance_of

log = structlog.get_logger(__name__)

_NOTHING_WAS_SENT = (ConnectionRefusedError, SMTPConnectError)
"""Errors before a word of the mail has left this machine: only then it may be tried again."""
_AGAIN_S = 60


@dataclass(frozen=True, slots=True)
class Watch:
    """The mark below which the organization is told, in micro-credits, and whether it is below now."""

    below: int
    low: bool


def watch(actor: Actor) -> Watch | None:
    """None where nobody asked to be told."""
    with acting_as(actor):
        return _watch()


def balance_and_watch(actor: Actor) -> tuple[Balance, Watch | None]:
    """Both, of one moment: every page asks for them."""
    with acting_as(actor):
        return balance_of(call("credits_balance_v1")), _watch()


def set_watch(actor: Actor, below: int | None, *, language: str) -> None:
    """Be told, in this language, once whenever less than `below` micro-credits are left; None: never.

    Raises Forbidden (neither owner nor admin) and Invalid.
    """
    with acting_as(actor):
        call("credits_set_watch_v1", below, language)


def _watch() -> Watch | None:
    found = call("credits_watch_v1")
    return None if found is None else Watch(**found)


def deliver() -> int:
    """Send every mail that is due; how many were sent."""
    sent, tried = 0, set[str]()
    try:
        while (notice := call("credits_notice_claim_v1")) is not None and notice["id"] not in tried:
            tried.add(notice["id"])
            sent += _send(notice)
    finally:
        connection.close()
    return sent


def _send(notice: dict[str, Any]) -> int:
    organization_id, notice_id = UUID(notice["organization"]), UUID(notice["id"])
    connection.close()  # a mail server may be slow
    try:
        if notice["to"]:
            _message(notice).send()
    except _NOTHING_WAS_SENT:
        log.warning("mail server away", notice=str(notice_id), exc_info=True)
        call("credits_notice_told_v1", organization_id, notice_id, False, _AGAIN_S)
        return 0
    except Exception:  # it may have been sent: rather not told by mail than told twice
        log.exception("notice perhaps not mailed", organization=str(organization_id), notice=str(notice_id))
        return 0
    call("credits_notice_told_v1", organization_id, notice_id, True, None)
    return 1


def _message(notice: dict[str, Any]) -> EmailMessage:
    kind = notice["kind"]
    with override(notice["language"]):
        context = {
            **notice["detail"],
            "name": notice["name"],
            "page": settings().address + reverse("settings-credits"),
            "rules": settings().address + reverse("settings-credits-rules"),
        }
        subject = render_to_string(f"credits/mail/{kind}_subject.txt", context).strip()
        body = render_to_string(f"credits/mail/{kind}.txt", context).strip()
    headers = {"Message-ID": f"<credits-{notice['id']}@packshot>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(
        subject, body + "\n", django_settings.DEFAULT_FROM_EMAIL, notice["to"], headers=headers
    )
