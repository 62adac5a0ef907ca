"""Mails to owners and admins: an endpoint of theirs was switched off, because it failed for days or is gone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog
from django.conf import settings as django_settings
from django.core.mail import EmailMessage
from django.db import connection
from django.template.loader import render_to_string
from django.utils.translation import override

from packshot.db.sql import call
from packshot.settings import settings

log = structlog.get_logger(__name__)


def deliver() -> int:
    """Send every mail that is due; how many were sent. What the mail server refuses is due again later."""
    sent, tried = 0, set[str]()
    while (letter := call("webhooks_letter_claim_v1")) is not None and letter["id"] not in tried:
        tried.add(letter["id"])
        connection.close()  # a mail server may be slow
        try:
            if letter["to"]:
                _message(letter).send()
        except Exception:  # whatever a mail server says: the claim comes back by itself
            log.exception("endpoint's end not mailed", organization=letter["organization"])
            continue
        call("webhooks_letter_sent_v1", UUID(letter["organization"]), UUID(letter["id"]))
        sent += 1
    return sent


def _message(letter: dict[str, Any]) -> EmailMessage:
    known = {code for code, _name in django_settings.LANGUAGES}
    with override(letter["language"] if letter["language"] in known else "en"):
        # Workers write addresses without loading the pages.
        context = {**letter, "page": f"{settings().address}/settings/webhooks/{letter['id']}"}
        subject = render_to_string("webhooks/mail/disabled_subject.txt", context)
        body = render_to_string("webhooks/mail/disabled.txt", context).strip()
    return EmailMessage(
        " ".join(subject.split()),
        body + "\n",
        django_settings.DEFAULT_FROM_EMAIL,
        letter["to"],
        headers={"Auto-Submitted": "auto-generated"},
    )
