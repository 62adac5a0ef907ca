"""Every kind of letter in every language: both parts say the same, and say it in that language."""

from __future__ import annotations

import html
import re

import pytest
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from packshot.foundation.billing import letters as billing
from packshot.foundation.letters.writing import mail, speaking, write
from packshot.foundation.organizations import letters as organizations
from packshot.studio.credits import letters as credits_
from tests.foundation.letters.samples import BODIES, PACK, TEAM, money

KINDS = [*billing.WRITERS, *credits_.WRITERS, *organizations.WRITERS]
LANGUAGES = [code for code, _name in settings.LANGUAGES]
WORKSPACE = "Kiln & Co <b>"


def letter(kind: str, language: str, **changes: object) -> EmailMultiAlternatives:
    with speaking(language):
        return mail(write(kind, BODIES[kind] | {"workspace": WORKSPACE} | changes), "ann@example.com")


def page_of(message: EmailMultiAlternatives) -> str:
    [(page, kind)] = message.alternatives
    assert kind == "text/html"
    return str(page)


def said(page: str) -> str:
    """What a page says, without its head, in one line."""
    body = page.partition("<body")[2].partition(">")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_there_is_a_sample_of_every_kind():
    assert sorted(KINDS) == sorted(BODIES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_text_and_page_say_the_same(kind, language):
    message = letter(kind, language)
    page = page_of(message)
    shown = said(page)
    links = re.findall(r'href="([^"]+)"', page)
    for line in str(message.body).splitlines():
        if line.startswith("http"):
            assert line in [html.unescape(link) for link in links]
        elif line:
            for word in line.removesuffix(":").split(": "):
                assert " ".join(word.split()) in shown, line
    assert len(links) <= 1, "one way out"
    assert f'lang="{language}"' in page
    assert " ".join(message.subject.split()) in shown
    assert "<img" not in page
    assert "<b>" not in page.partition("<body")[2], "a name is no markup"
    assert "prefers-color-scheme: dark" in page


@pytest.mark.parametrize("kind", KINDS)
def test_no_line_of_a_german_letter_is_english(kind):
    english, german = letter(kind, "en"), letter(kind, "de")
    same = {line for line in str(english.body).splitlines() if line} & set(str(german.body).splitlines())
    # Addresses and the house's own name.
    assert [line for line in same if not line.startswith(("http", "Packshot", "R-7"))] == []
    assert english.subject != german.subject


def test_money_days_and_names_are_written_as_the_language_does():
    english, german = letter("billing.receipt", "en"), letter("billing.receipt", "de")
    assert "€1,234.50" in english.body
    assert "March 5, 2027" in english.body
    assert "1.234,50\N{NO-BREAK SPACE}€" in german.body
    assert "5. März 2027" in german.body
    assert "Team × 3: 1.037,40\N{NO-BREAK SPACE}€" in german.body
    assert "„1.000 Credits“" in letter("billing.pack", "de").body
    assert "Gone" in letter("billing.ended", "de").body, "a plan that is not in the file any more"
    assert "1.234,50 Credits" in letter("credits.low_balance", "de").body


def test_a_currency_has_its_own_decimals():
    yen = {"total": money(7500, "jpy"), "tax": money(682, "jpy"), "lines": []}
    assert "¥7,500" in letter("billing.pack", "en", item=PACK, **yen).subject
    assert "7.500\N{NO-BREAK SPACE}¥" in letter("billing.pack", "de", item=PACK, **yen).subject
    dinar = {"total": money(1234500, "kwd"), "tax": None, "lines": []}
    assert "1,234.500\N{NO-BREAK SPACE}KWD" in letter("billing.receipt", "en", **dinar).subject


def test_a_letter_says_what_holds():
    assert "Nothing was charged" in letter("billing.trial_ended", "en").body
    assert "goes on" in letter("billing.trial_ended", "en", goes_on=True).body
    assert "a year" in letter("billing.trial_soon", "en", interval="year").body
    assert "https://pay.example/i/1" in letter("billing.owed", "en").body
    assert "/billing" in letter("billing.owed", "en", url=None, due=None, plan=TEAM).body
    assert "given again" in letter("credits.refunded", "en", returned=0, taken=0, restored=5_000_000).body
    assert "stay as they were" in letter("credits.refunded", "en", taken=0).body
    assert "went back" in letter("credits.dispute_closed", "en", outcome="lost").body


def test_a_name_stays_in_its_line():
    message = letter("organizations.removed", "en", workspace="A\nBcc: everybody@example.com")
    assert "\n" not in message.subject
    assert message.message()["Bcc"] is None


def test_a_language_that_is_not_spoken_is_the_studios():
    assert letter("organizations.removed", "fr").subject == letter("organizations.removed", "en").subject
