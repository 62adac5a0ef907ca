"""Setting a new password: by mail, and in the settings."""

from __future__ import annotations

import pytest
from django.test import override_settings

from tests.foundation.conftest import PASSWORD, browser, is_signed_in, new_address, sign_in, sign_up

NEW = "the newest password"


@pytest.fixture
def address() -> str:
    found = new_address()
    sign_up(browser(), found)
    return found


@pytest.fixture
def link(address, mailbox) -> str:
    browser().post("/reset-password", {"email": address})
    return mailbox.link(address)


def test_by_mail(address, link):
    client = browser()
    form = client.get(link)["Location"]
    assert form.endswith("-set-password")  # the key itself stays out of what the page may leak
    assert client.get(form).status_code == 200
    assert client.post(form, {"password1": NEW})["Location"] == "/"
    assert is_signed_in(client)
    assert sign_in(browser(), address).status_code == 200
    assert sign_in(browser(), address, NEW).status_code == 302


def test_a_link_works_once(address, link):
    client = browser()
    client.post(client.get(link)["Location"], {"password1": NEW})
    late = browser().get(link)
    assert late.status_code == 200
    assert "does not work any more" in late.content.decode()


def test_a_link_ends_with_another_password(address, link):
    client = browser()
    sign_in(client, address)
    client.post("/settings/password", {"oldpassword": PASSWORD, "password1": NEW})
    assert "does not work any more" in browser().get(link).content.decode()


def test_a_link_ends_after_its_time(link):
    with override_settings(PASSWORD_RESET_TIMEOUT=-1):
        assert "does not work any more" in browser().get(link).content.decode()


@pytest.mark.parametrize("change", [lambda k: k[:-1] + ("a" if k[-1] != "a" else "b"), lambda k: k + "0"])
def test_a_forged_link_does_nothing(link, change):
    assert "does not work any more" in browser().get(change(link)).content.decode()


def test_a_link_of_one_account_is_no_link_of_another(link, mailbox):
    other = new_address()
    sign_up(browser(), other)
    browser().post("/reset-password", {"email": other})
    head, _dash, token = link.removeprefix("/reset-password/").partition("-")
    theirs = mailbox.link(other).removeprefix("/reset-password/").partition("-")[0]
    assert theirs != head
    assert "does not work any more" in browser().get(f"/reset-password/{theirs}-{token}").content.decode()


@pytest.mark.parametrize(
    ("password", "says"), [("", "required"), ("short", "too short"), ("qwertyuiop", "too common")]
)
def test_a_bad_new_password_by_mail(address, link, password, says):
    client = browser()
    answer = client.post(client.get(link)["Location"], {"password1": password})
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert sign_in(browser(), address).status_code == 302


@pytest.mark.parametrize("value", ["", "no address", "nul\x00@example.com", "a" * 250 + "@example.com"])
def test_no_address_to_send_to(value):
    answer = browser().post("/reset-password", {"email": value})
    assert answer.status_code == 200
    assert 'id="id_email_error"' in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"oldpassword": "wrong"}, "oldpassword", "not your present password"),
        ({"oldpassword": ""}, "oldpassword", "required"),
        ({"password1": "short"}, "password1", "too short"),
        ({"password1": ""}, "password1", "required"),
    ],
)
def test_bad_input_in_the_settings(address, fields, field, says):
    client = browser()
    sign_in(client, address)
    given = {"oldpassword": PASSWORD, "password1": NEW, **fields}
    page = client.post("/settings/password", given).content.decode()
    assert says in page.partition(f'id="id_{field}_error"')[2].partition("</ul>")[0]
    assert sign_in(browser(), address).status_code == 302


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8730", "127.0.0.1.evil.example"])
def test_links_in_mails_do_not_follow_the_host_of_a_request(address, mailbox, host):
    for path, fields in (
        ("/reset-password", {"email": address}),
        ("/sign-up", {"email": address, "password1": PASSWORD, "terms": "on"}),
        ("/reset-password", {"email": new_address()}),
    ):
        browser(HTTP_HOST=host).post(path, fields)
    mails = mailbox.of(address)
    assert len(mails) == 2
    assert not any("evil" in each.as_string() for each in mails)


def test_what_a_person_calls_themselves_is_in_no_mail(mailbox, by_code):
    address = new_address()
    sign_up(browser(), address, name="Win at http://spam.example")
    (mail,) = mailbox.of(address)
    assert "spam" not in mail.as_string()
