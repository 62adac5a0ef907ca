"""An account remembers the language of its person: chosen once, it holds in every browser and in every mail."""

from __future__ import annotations

import pytest
from django.urls import reverse

from packshot.foundation.accounts.models import User
from tests.foundation.conftest import browser, new_address, sign_in, sign_up


def person(address: str) -> User:
    return User.objects.get(email=address)


def spoken(client) -> str:
    head = client.get("/settings/").content.decode().partition("<head>")[0]
    return head.partition('lang="')[2][:2]


def test_who_signs_up_is_written_to_in_the_language_of_the_pages():
    address = new_address()
    sign_up(browser(headers={"accept-language": "de"}), address)
    assert (person(address).language, person(address).language_chosen) == ("de", False)


def test_what_was_chosen_holds_in_a_fresh_browser():
    address, first, second = new_address(), browser(), browser()
    sign_up(first, address)
    first.post(reverse("settings-language"), {"language": "de"})
    assert (person(address).language, person(address).language_chosen) == ("de", True)
    sign_in(second, address)
    assert spoken(second) == "de"


def test_without_a_choice_the_account_follows_the_browser():
    address, first, second = new_address(), browser(), browser(headers={"accept-language": "de"})
    sign_up(first, address)
    assert person(address).language == "en"
    sign_in(second, address)
    assert (spoken(second), person(address).language) == ("de", "de")
    sign_in(first, address)
    assert spoken(first) == "en"


def test_a_choice_is_given_back():
    address, client = new_address(), browser(headers={"accept-language": "de"})
    sign_up(client, address)
    client.post(reverse("settings-language"), {"language": "en"})
    assert spoken(client) == "en"
    client.post(reverse("settings-language"), {"language": ""})
    assert spoken(client) == "de"
    assert (person(address).language, person(address).language_chosen) == ("de", False)


@pytest.mark.parametrize(
    ("language", "subject"), [("de", "Neues Passwort setzen"), ("en", "Set a new password")]
)
def test_mails_about_the_account_speak_it_whoever_asks(language, subject, mailbox):
    address, client = new_address(), browser()
    sign_up(client, address)
    client.post(reverse("settings-language"), {"language": language})
    stranger = browser(headers={"accept-language": "en" if language == "de" else "de"})
    stranger.post("/reset-password", {"email": address})
    [*_, letter] = mailbox.of(address)
    page = letter.get_body(("html",)).get_content()
    assert f'lang="{language}"' in page
    assert "prefers-color-scheme: dark" in page
    assert letter["Subject"] == subject
