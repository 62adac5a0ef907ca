"""Letters are posted where something happens, and sent here."""

from __future__ import annotations

from smtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPHeloError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
)
from socket import gaierror
from typing import Any, Literal
from uuid import UUID

import structlog
from django.db import connection

from packshot.db.sql import call
from packshot.foundation.letters.writing import mail, speaking, write

log = structlog.get_logger(__name__)

MANAGERS = ["owner", "admin"]
"""Who looks after the organization's money."""
_AWAY = (
    ConnectionRefusedError,
    gaierror,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPHeloError,
    SMTPNotSupportedError,
    SMTPSenderRefused,
)
"""The mail server takes nothing from us now: no word has left this machine."""

Outcome = Literal["sent", "again", "failed"]


def post(organization_id: UUID, key: str, kind: str, body: dict[str, Any]) -> bool:
    """Post a letter to those who look after the money, in the transaction of what it tells.

    False where one of this key was posted before.
    """
    return bool(call("letters_post_to_v1", organization_id, key, kind, body, "{" + ",".join(MANAGERS) + "}"))


def deliver() -> int:
    """Send every letter that is due; how many were sent. While the mail server is away, the rest wait."""
    sent = 0
    try:
        while (letter := call("letters_claim_v1")) is not None:
            outcome, error, away = _send(letter)
            call("letters_told_v1", UUID(letter["organization"]), UUID(letter["id"]), outcome, error)
            sent += outcome == "sent"
            if away:
                break
    finally:
        connection.close()
    return sent


def _send(letter: dict[str, Any]) -> tuple[Outcome, str | None, bool]:
    """What became of it, why, and whether the mail server is away."""
    connection.close()  # a mail server may be slow
    if letter["to"] is None:
        return "failed", "the account is closed", False
    # The same for ever: a mailbox that keeps count shows it once.
    headers = {"Message-ID": f"<letter-{letter['id']}@packshot>", "Auto-Submitted": "auto-generated"}
    try:
        with speaking(letter["language"]):
            message = mail(write(letter["kind"], letter["body"]), letter["to"], headers)
    except Exception as error:  # a fault of ours: the next release may know how
        log.exception("letter not written", letter=letter["id"], kind=letter["kind"])
        return "again", _named(error), False
    try:
        message.send()
    except _AWAY as error:
        log.warning("mail server away", letter=letter["id"], error=str(error))
        return "again", _named(error), True
    except (SMTPRecipientsRefused, SMTPDataError) as error:
        log.warning("letter refused", letter=letter["id"], kind=letter["kind"], error=str(error))
        return ("failed" if _for_good(error) else "again"), _named(error), False
    except Exception as error:  # it may have been sent: rather not told by mail than told twice
        log.exception("letter perhaps not mailed", letter=letter["id"], kind=letter["kind"])
        return "failed", _named(error), False
    return "sent", None, False


def _for_good(error: SMTPRecipientsRefused | SMTPDataError) -> bool:
    if isinstance(error, SMTPDataError):
        return error.smtp_code >= 500
    return all(code >= 500 for code, _said in error.recipients.values())


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
