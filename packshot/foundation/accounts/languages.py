"""The language that a browser keeps, and the one that an account does."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.http import HttpResponseBase
from django.utils.translation import get_language

from packshot.foundation.accounts import commands
from packshot.foundation.accounts.models import User


def keep(response: HttpResponseBase, language: str) -> None:
    """Have this browser ask for pages in this language from now on."""
    response.set_cookie(
        django_settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=django_settings.LANGUAGE_COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=django_settings.SESSION_COOKIE_SECURE,
    )


def arrive(user: User, response: HttpResponseBase) -> None:
    """At sign-in: what was chosen before holds here too; without a choice the account learns what is spoken here."""
    if user.language_chosen:
        keep(response, user.language)
        return
    spoken = get_language() or ""
    if user.language != spoken:
        commands.speak(user.id, spoken, chosen=False)
