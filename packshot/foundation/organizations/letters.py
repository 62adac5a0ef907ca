"""The mail of an invitation: text and HTML, in the language of whoever invites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import override

from packshot.foundation.organizations.tokens import address_of, token_of
from packshot.settings import settings as packshot


@dataclass(frozen=True, slots=True)
class Letter:
    """What `organizations_letter_v1` says of an invitation that waits for its mail."""

    id: UUID
    seed: UUID
    email: str
    role: str
    language: str
    organization: str
    invited_by: str
    expires_at: datetime


def post(letter: Letter) -> None:
    """Send it, now; raises what the mail server's connection raises."""
    known = {code for code, _name in settings.LANGUAGES}
    with override(letter.language if letter.language in known else "en"):
        context = {
            "letter": letter,
            "link": address_of(token_of(letter.id, letter.seed)),
            "address": packshot().address,
        }
        subject = render_to_string("organizations/email/invitation_subject.txt", context)
        text = render_to_string("organizations/email/invitation.txt", context).strip()
        page = render_to_string("organizations/email/invitation.html", context)
    # A name never breaks out of its line.
    mail = EmailMultiAlternatives(
        " ".join(subject.split()), text, settings.DEFAULT_FROM_EMAIL, [letter.email]
    )
    mail.attach_alternative(page, "text/html")
    mail.send()
