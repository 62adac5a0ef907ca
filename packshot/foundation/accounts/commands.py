"""Every write on accounts that is ours; passwords, addresses and sessions are allauth's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import psycopg
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.translation import get_language

from packshot.foundation.accounts.errors import EmailTaken
from packshot.foundation.accounts.models import User
from packshot.foundation.organizations.commands import open_personal

NAME_LENGTH = 80


def sign_up(*, email: str, password: str, name: str, terms_version: str, at: datetime) -> User:
    """Make a person with an organization of their own, its wallet included: all of it or nothing.

    `at` is when the person accepted the terms of `terms_version`. Raises `EmailTaken`; what a listener of
    `OrganizationOpened` raises passes through, and then nothing has happened.
    """
    user = User(
        email=User.objects.normalize_email(email).lower(),
        name=name,
        terms_version=terms_version,
        terms_accepted_at=at,
        language=get_language() or "",
    )
    user.set_password(password)  # slow on purpose, so before the transaction
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
            open_personal(user.id, f"{name}’s studio" if name else "My studio")
    except IntegrityError as error:
        if _is_about(error, "accounts_user_email"):
            raise EmailTaken("This address has an account.") from error
        raise
    return user


def speak(user_id: UUID, language: str, *, chosen: bool) -> None:
    """Remember which language a person reads; `chosen`: on purpose, so that it holds in every browser."""
    User.objects.filter(id=user_id).update(language=language, language_chosen=chosen)


def rename(user_id: UUID, name: str) -> None:
    """Change how a person is called."""
    User.objects.filter(id=user_id).update(name=name)


def _is_about(error: IntegrityError, constraint: str) -> bool:
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and (cause.diag.constraint_name or "").startswith(constraint)
