"""A letter as a mail: the house's one layout, as text and as a page, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import formats
from django.utils.translation import override

from packshot.foundation.letters.contracts import Body, Words, Writer
from packshot.settings import settings

_writers: dict[str, Writer] = {}


def connect(writers: Mapping[str, Writer]) -> None:
    """Name who writes which kinds of letters."""
    _writers.update(writers)


def write(kind: str, body: Body) -> Words:
    """Raises KeyError for a kind that nobody writes."""
    return _writers[kind](body)


def mail(words: Words, to: str, headers: Mapping[str, str] | None = None) -> EmailMultiAlternatives:
    """Both parts, in the language that is active."""
    context = {"words": words, "address": settings().address}
    text = render_to_string("letters/letter.txt", context).strip() + "\n"
    # A name never breaks out of its line.
    subject = " ".join(words.subject.splitlines())
    found = EmailMultiAlternatives(
        subject, text, django_settings.DEFAULT_FROM_EMAIL, [to], headers=dict(headers or {})
    )
    found.attach_alternative(render_to_string("letters/letter.html", context), "text/html")
    return found


def speaking(language: str) -> override:
    """While it lasts, this language is spoken; the studio's own where the person's is not (or no more) spoken."""
    known = {code for code, _name in django_settings.LANGUAGES}
    return override(language if language in known else django_settings.LANGUAGE_CODE)


def path(address: str) -> str:
    """A path of the studio as a mail needs it."""
    return settings().address + address


def day(moment: str) -> str:
    """A moment of a body as a day."""
    return formats.date_format(datetime.fromisoformat(moment), "DATE_FORMAT")
