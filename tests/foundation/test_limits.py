"""Limits on everything that guesses or sends, counted for all processes together."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from allauth.core.internal import ratelimit

from tests.foundation.conftest import PASSWORD, browser, new_address, sign_in, sign_up


@pytest.fixture
def address() -> str:
    found = new_address()
    sign_up(browser(), found)
    return found


def test_five_wrong_passwords_for_an_address_are_enough_from_wherever(address):
    for number in range(5):
        answer = sign_in(browser(HTTP_HOST=f"host-{number}.example"), address, "wrong")
        assert answer.status_code == 200
        assert "Retry-After" not in answer.headers
    answer = sign_in(browser(), address)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "300"
    assert "Wait five minutes" in answer.content.decode()


def test_after_the_time_told_there_is_room_again(address, monkeypatch):
    for _ in range(6):
        answer = sign_in(browser(), address, "wrong")
    later = time.time() + int(answer["Retry-After"]) + 1
    monkeypatch.setattr(ratelimit, "time", SimpleNamespace(time=lambda: later, monotonic=time.monotonic))
    assert sign_in(browser(), address).status_code == 302


def test_right_passwords_do_not_give_tries_back(address):
    for _ in range(5):
        assert sign_in(browser(), address).status_code == 302
        sign_in(browser(), address, "wrong")
    assert sign_in(browser(), address).status_code == 429


def test_ten_wrong_passwords_from_one_place_are_enough_for_any_address():
    client = browser()
    for _ in range(10):
        assert sign_in(client, new_address(), "wrong").status_code == 200
    assert sign_in(client, new_address(), "wrong").status_code == 429


def test_a_new_password_by_mail_gives_the_tries_back(address, mailbox):
    for _ in range(6):
        sign_in(browser(), address, "wrong")
    client = browser()
    client.post("/reset-password", {"email": address})
    form = client.get(mailbox.link(address))["Location"]
    assert client.post(form, {"password1": "the newest password"}).status_code == 302
    assert sign_in(browser(), address, "the newest password").status_code == 302


def throttled(answer) -> bool:
    if answer.status_code == 429:
        assert answer["Retry-After"] == "60"
        assert "60 seconds" in answer.content.decode()
        return True
    return False


def test_signing_up_from_one_place():
    client = browser()
    for _ in range(20):
        assert not throttled(sign_up(client, "no address"))
    assert throttled(sign_up(client, "no address"))
    assert not throttled(client.get("/sign-up"))


def test_mails_for_a_new_password_to_one_address(mailbox):
    address = new_address()
    for _ in range(5):
        assert not throttled(browser().post("/reset-password", {"email": address}))
    assert throttled(browser().post("/reset-password", {"email": address.upper()}))
    assert len(mailbox.of(address)) == 5


def test_signing_up_with_a_taken_address_sends_one_mail_in_ten_seconds(address, mailbox):
    for _ in range(3):
        assert sign_up(browser(), address).status_code == 302
    assert len(mailbox.of(address)) == 1


def test_changing_the_password(address):
    client = browser()
    sign_in(client, address)
    fields = {"oldpassword": "wrong", "password1": "the newest password"}
    for _ in range(5):
        assert not throttled(client.post("/settings/password", fields))
    assert throttled(client.post("/settings/password", {**fields, "oldpassword": PASSWORD}))


def test_codes_are_not_guessed(by_code, mailbox):
    client, address = browser(), new_address()
    sign_up(client, address)
    right = mailbox.code(address)
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(2):
        assert client.post("/confirm-email", {"code": wrong}).status_code == 200
    assert client.post("/confirm-email", {"code": wrong})["Location"] == "/sign-in"
    assert client.post("/confirm-email", {"code": right})["Location"] == "/sign-in"
    assert client.get("/settings/").status_code == 302


def test_a_program_is_told_in_json():
    client = browser()
    for _ in range(21):
        answer = client.post("/sign-up", {}, headers={"accept": "application/json"})
    assert answer.status_code == 429
    assert answer.json()["code"] == "too_many"


def test_every_process_counts_in_the_same_place(login):
    """Tries are rows of the database, which every web process sees; a crash may forget them, a restart not."""
    client = browser()
    place = client.defaults["REMOTE_ADDR"]
    sign_in(client, new_address(), "wrong")
    rows = login("packshot_web").execute(
        "select cache_key from web_cache where cache_key like %s", [f"%:{place}"]
    )
    kinds = {row[0].split(":")[-4] for row in rows}
    assert kinds == {"login", "login_failed"}
