"""Confirming addresses, changing them, and the mails that it takes."""

from __future__ import annotations

import stat

import pytest
import structlog
from allauth.account.models import EmailAddress

from packshot.foundation.accounts.mail import smtp_settings
from packshot.foundation.accounts.models import User
from packshot.foundation.organizations.queries import organizations_of
from packshot.settings import settings
from tests.foundation.conftest import PASSWORD, browser, is_signed_in, new_address, sign_in, sign_up


def test_by_code(by_code, mailbox):
    client, address = browser(), new_address()
    assert sign_up(client, address)["Location"] == "/confirm-email"
    assert not is_signed_in(client)
    assert address in client.get("/confirm-email").content.decode()
    assert client.post("/confirm-email", {"code": mailbox.code(address)})["Location"] == "/welcome"
    assert is_signed_in(client)
    assert EmailAddress.objects.get(email=address).verified
    assert len(organizations_of(User.objects.get(email=address).id)) == 1


def test_a_code_is_of_one_browser(by_code, mailbox):
    address = new_address()
    sign_up(browser(), address)
    answer = browser().post("/confirm-email", {"code": mailbox.code(address)})
    assert answer["Location"] == "/sign-in"
    assert not EmailAddress.objects.get(email=address).verified


def test_another_code_replaces_the_first(by_code, mailbox, monkeypatch):
    from allauth.core.internal import ratelimit

    client, address = browser(), new_address()
    sign_up(client, address)
    first = mailbox.code(address)
    answer = client.post("/confirm-email", {"action": "resend"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "10")
    monkeypatch.setattr(ratelimit, "get_rates", lambda **_: [])  # ten seconds later
    client.post("/confirm-email", {"action": "resend"})
    second = mailbox.code(address)
    assert len(mailbox.of(address)) == 2
    if first != second:  # one in a million
        assert client.post("/confirm-email", {"code": first}).status_code == 200
    assert client.post("/confirm-email", {"code": second})["Location"] == "/welcome"


def test_who_left_before_the_code_gets_another_by_signing_in(by_code, mailbox, monkeypatch):
    from allauth.core.internal import ratelimit

    address = new_address()
    sign_up(browser(), address)
    monkeypatch.setattr(ratelimit, "get_rates", lambda **_: [])
    client = browser()
    assert sign_in(client, address)["Location"] == "/confirm-email"
    client.post("/confirm-email", {"code": mailbox.code(address)})
    assert is_signed_in(client)


def test_by_link(by_link, mailbox):
    client, address = browser(), new_address()
    assert sign_up(client, address)["Location"] == "/confirm-email"
    assert client.get("/confirm-email").status_code == 200
    assert not is_signed_in(client)
    link = mailbox.link(address)
    assert address in client.get(link).content.decode()
    assert not EmailAddress.objects.get(
        email=address
    ).verified  # a mail program that looks at links confirms nothing
    assert client.post(link)["Location"] == "/welcome"
    assert is_signed_in(client)


def test_a_link_opened_elsewhere_confirms_but_signs_nobody_in(by_link, mailbox):
    address, elsewhere = new_address(), browser()
    sign_up(browser(), address)
    assert elsewhere.post(mailbox.link(address))["Location"] == "/sign-in"
    assert not is_signed_in(elsewhere)
    assert sign_in(elsewhere, address)["Location"] == "/"


def test_a_link_that_was_tampered_with(by_link, mailbox):
    client, address = browser(), new_address()
    sign_up(client, address)
    link = mailbox.link(address)[:-2] + "xx"
    assert "too old" in client.get(link).content.decode()
    assert client.post(link).status_code == 404
    assert not EmailAddress.objects.get(email=address).verified


def test_off_means_in_at_once_and_no_mail(mailbox):
    client, address = browser(), new_address()
    sign_up(client, address)
    assert is_signed_in(client)
    assert mailbox.of(address) == []


@pytest.fixture
def fresh():
    """Somebody who has just entered their password."""
    client, address = browser(), new_address()
    sign_up(client, address)
    client.post("/confirm-password", {"password": PASSWORD})
    return client, address


def test_a_new_address_counts_from_its_code_on(fresh, mailbox):
    client, old = fresh
    new = new_address()
    assert client.post("/settings/email", {"email": new, "action_add": "1"})["Location"] == "/confirm-email"
    assert User.objects.filter(email=old).exists()
    assert sign_in(browser(), new).status_code == 200
    client.post("/confirm-email", {"code": mailbox.code(new)})
    assert sign_in(browser(), new).status_code == 302
    assert sign_in(browser(), old).status_code == 200
    assert [each.email for each in EmailAddress.objects.filter(user__email=new)] == [new]
    assert mailbox.of(old)[-1]["Subject"] == "Your address was changed"


def test_changing_the_address_asks_for_the_password_again():
    client = browser()
    sign_up(client, new_address())
    answer = client.post("/settings/email", {"email": new_address(), "action_add": "1"})
    assert answer["Location"].startswith("/confirm-password")
    assert "not right" in client.post(answer["Location"], {"password": "wrong"}).content.decode()
    assert client.post(answer["Location"], {"password": PASSWORD})["Location"] == "/confirm-email"


@pytest.mark.parametrize("value", ["", "no address", "a" * 250 + "@example.com"])
def test_a_bad_new_address(fresh, value):
    client, old = fresh
    answer = client.post("/settings/email", {"email": value, "action_add": "1"})
    assert answer.status_code == 200
    assert 'id="id_email_error"' in answer.content.decode()
    assert User.objects.filter(email=old).exists()


def test_the_present_address_is_no_new_one(fresh):
    client, old = fresh
    answer = client.post("/settings/email", {"email": old, "action_add": "1"})
    assert "your address already" in answer.content.decode()


def test_an_unconfirmed_address_is_not_given_up_for_another_by_link(fresh, by_link):
    client, old = fresh
    answer = client.post("/settings/email", {"email": new_address(), "action_add": "1"})
    assert "Confirm your present address first" in answer.content.decode()
    assert User.objects.filter(email=old).exists()


def test_a_mail_is_a_file_and_a_line_in_the_log(by_code, mailbox, tmp_path):
    address = new_address()
    with structlog.testing.capture_logs() as lines:
        sign_up(browser(), address)
    (file,) = (tmp_path / "mail").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (line,) = [each for each in lines if each["event"] == "mail.written"]
    assert line["to"] == [address]
    assert line["subject"] == "Confirm your address"
    assert line["open"] == mailbox.code(address)
    assert line["file"] == file.name
    (mail,) = mailbox.of(address)
    assert mail["From"] == settings().email_from
    page = mail.get_body(("html",))
    assert page is not None
    assert mailbox.code(address) in page.get_content()


def test_the_log_tells_the_link_too(mailbox):
    address = new_address()
    sign_up(browser(), address)
    with structlog.testing.capture_logs() as lines:
        browser().post("/reset-password", {"email": address})
    assert lines[-1]["open"] == settings().address + mailbox.link(address)


def test_the_newest_mail_has_the_last_name(mailbox, tmp_path):
    address = new_address()
    sign_up(browser(), address)
    for _ in range(3):
        browser().post("/reset-password", {"email": address})
    names = [
        file.name for file in sorted((tmp_path / "mail").iterdir(), key=lambda file: file.stat().st_mtime_ns)
    ]
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("url", "host", "port", "ssl", "tls"),
    [
        ("smtp://mail.example.com", "mail.example.com", 587, False, True),
        ("smtp://user:p%40ss@mail.example.com:2525", "mail.example.com", 2525, False, True),
        ("smtps://mail.example.com", "mail.example.com", 465, True, False),
        ("smtp://localhost:25?tls=off", "localhost", 25, False, False),
    ],
)
def test_the_address_of_a_mail_server(url, host, port, ssl, tls):
    found = smtp_settings(url)
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == (host, port)
    assert (found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (ssl, tls)
    if "user" in url:
        assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("user", "p@ss")


@pytest.mark.parametrize(
    "url", ["mail.example.com", "http://x", "smtp://", "smtp://x?tls=maybe", "smtp://x?ssl=on"]
)
def test_no_address_of_a_mail_server(url):
    with pytest.raises(ValueError, match="PACKSHOT_EMAIL_URL"):
        smtp_settings(url)
