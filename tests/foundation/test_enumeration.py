"""Nobody learns from our answers who has an account."""

from __future__ import annotations

import re

import pytest

from tests.foundation.conftest import PASSWORD, browser, confirmation, new_address, sign_in, sign_up


def seen(answer, address: str):
    """What an answer tells: status, headers and body, without what is random and without the address itself."""
    body = answer.content.decode().replace(address, "ADDRESS")
    body = re.sub(r"\b[A-Za-z0-9]{64}\b", "CSRF", body)
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in {"X-Request-ID", "Content-Length", "Expires"}
    }
    # A cookie's value is random; that it is set, and how, is not.
    cookies = {
        name: {**morsel, "expires": bool(morsel["expires"])} for name, morsel in answer.cookies.items()
    }
    return answer.status_code, headers, cookies, body


@pytest.fixture
def known() -> str:
    address = new_address()
    with confirmation("off"):
        sign_up(browser(), address)
    return address


def test_signing_up_with_an_address_that_has_an_account(each_confirmation, known, mailbox):
    unknown, there, here = new_address(), browser(), browser()
    answers = [(here, known), (there, unknown)]
    assert seen(here.get("/sign-up"), known) == seen(there.get("/sign-up"), unknown)
    first, second = [seen(sign_up(client, address), address) for client, address in answers]
    assert first == second
    assert "already" in mailbox.of(known)[-1]["Subject"]
    if each_confirmation == "off":
        return  # the new person is in from here on; the other is asked to sign in
    first, second = [seen(client.get("/confirm-email"), address) for client, address in answers]
    assert first == second
    if each_confirmation == "code":
        for fields in (
            {"code": "000000", "action": "verify"},
            {"action": "resend"},
            {"code": "", "action": "verify"},
        ):
            first, second = [
                seen(client.post("/confirm-email", fields), address) for client, address in answers
            ]
            assert first == second


def test_signing_up_again_without_confirmation_asks_to_sign_in(known, mailbox):
    client = browser()
    sign_up(client, known, password1="another long password")
    asked = client.get("/welcome")["Location"]
    assert asked == "/sign-in?next=%2Fwelcome"
    assert "has not finished" in client.get(asked).content.decode()
    assert sign_in(client, known, "another long password").status_code == 200
    assert sign_in(client, known).status_code == 302
    assert len(mailbox.of(known)) == 1


def test_asking_for_a_new_password(known, mailbox):
    unknown = new_address()
    clients = {known: browser(), unknown: browser()}
    first, second = [seen(c.post("/reset-password", {"email": a}), a) for a, c in clients.items()]
    assert first == second
    first, second = [seen(c.get("/reset-password/sent"), a) for a, c in clients.items()]
    assert first == second
    assert mailbox.of(known)[-1]["Subject"] == "Set a new password"
    assert "no account" in mailbox.of(unknown)[-1]["Subject"]


def test_signing_in_with_a_wrong_password(known):
    unknown = new_address()
    first, second = [
        seen(sign_in(browser(), address, "not the password"), address) for address in (known, unknown)
    ]
    assert first == second


def test_changing_to_an_address_of_somebody_else(known, mailbox):
    client, free, answers = browser(), new_address(), []
    sign_up(client, new_address())
    client.post("/confirm-password", {"password": PASSWORD})
    for address in (known, free):
        changed = client.post("/settings/email", {"email": address, "action_add": "1"})
        page = client.get("/confirm-email")
        answers.append((seen(changed, address), seen(page, address)))
    assert answers[0] == answers[1]
    assert len(mailbox.of(known)) == 1


def test_the_slow_part_of_signing_up_is_done_for_a_taken_address_too(known, monkeypatch):
    from packshot.foundation.accounts import forms

    hashed: list[str] = []
    monkeypatch.setattr(forms, "make_password", hashed.append)
    sign_up(browser(), known)
    assert len(hashed) == 1
