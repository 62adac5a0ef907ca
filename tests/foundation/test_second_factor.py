"""The second factor: not there by default, there by one setting."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import override_settings
from django.urls import NoReverseMatch, reverse

from packshot.foundation.accounts import adapter
from packshot.settings import settings
from tests.foundation.conftest import PASSWORD, browser, is_signed_in, new_address, sign_in, sign_up


@pytest.fixture
def switched_on(monkeypatch):
    monkeypatch.setattr(adapter, "settings", lambda: settings().model_copy(update={"mfa": True}))
    with override_settings(ROOT_URLCONF="tests.foundation.urls_with_mfa"):
        yield


def protect(client) -> tuple[str, list[str]]:
    """Add an authenticator app to the account; its secret and the recovery codes."""
    page = client.get("/settings/second-factor/totp/activate", follow=True)
    page = client.post(page.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    secret = re.search(r"<code>(\w+)</code>", page.content.decode())
    assert secret, page.content.decode()
    done = client.post(page.redirect_chain[-1][0], {"code": code_of(secret.group(1))}, follow=True)
    assert done.status_code == 200
    codes = client.get("/settings/second-factor/recovery-codes/").content.decode()
    return secret.group(1), re.findall(r"<code>(\w+)</code>", codes)


def code_of(secret: str) -> str:
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def test_one_setting_switches_it_on():
    script = "import django; django.setup(); from django.urls import reverse; print(reverse('mfa_index'))"
    environment = {**os.environ, "PACKSHOT_MFA": "1"}
    found = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "/settings/second-factor/"


def test_by_default_it_is_not_there():
    with pytest.raises(NoReverseMatch):
        reverse("mfa_index")
    client = browser()
    sign_up(client, new_address())
    assert "Second factor" not in client.get("/settings/").content.decode()


def test_signing_in_asks_for_the_second_factor(switched_on, mailbox):
    owner, address = browser(), new_address()
    sign_up(owner, address)
    assert "Second factor" in owner.get("/settings/").content.decode()
    secret, codes = protect(owner)
    assert len(codes) == 10
    assert mailbox.of(address)[-1]["Subject"] in {
        "A second factor protects your account",
        "New recovery codes were made",
    }
    thief = browser()
    assert sign_in(thief, address)["Location"].startswith("/settings/second-factor/authenticate")
    assert not is_signed_in(thief)
    assert thief.post("/settings/second-factor/authenticate/", {"code": "000000"}).status_code == 200
    assert not is_signed_in(thief)
    thief.post("/settings/second-factor/authenticate/", {"code": codes[0]})
    assert is_signed_in(thief)
    again = browser()
    sign_in(again, address)
    again.post("/settings/second-factor/authenticate/", {"code": codes[0]})
    assert not is_signed_in(again)  # a recovery code works once
    assert secret not in owner.get("/settings/second-factor/").content.decode()


def test_switched_off_again_nobody_is_shut_out(monkeypatch):
    address = new_address()
    with override_settings(ROOT_URLCONF="tests.foundation.urls_with_mfa"), monkeypatch.context() as on:
        on.setattr(adapter, "settings", lambda: settings().model_copy(update={"mfa": True}))
        client = browser()
        sign_up(client, address)
        protect(client)
    client = browser()
    assert sign_in(client, address)["Location"] == "/"
    answer = client.post("/settings/email", {"email": new_address(), "action_add": "1"})
    assert client.post(answer["Location"], {"password": PASSWORD})["Location"] == "/confirm-email"
