"""The second factor: not there by default, there by one setting."""

from __future__ import annotations

import re
import runpy
from types import ModuleType

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import override_settings
from django.urls import NoReverseMatch, reverse

import packshot.settings
from packshot.foundation.accounts import adapter, urls
from packshot.settings import settings
from packshot.web import urls as web_urls
from tests.foundation.conftest import PASSWORD, browser, is_signed_in, new_address, sign_in, sign_up


@pytest.fixture
def switched_on(monkeypatch):
    """The studio as it runs with PACKSHOT_MFA=1: its addresses are made anew under that setting."""
    with monkeypatch.context() as on:
        on.setattr(packshot.settings, "settings", lambda: settings().model_copy(update={"mfa": True}))
        on.setattr(adapter, "settings", packshot.settings.settings)
        addresses = ModuleType("addresses_with_a_second_factor")
        ours = runpy.run_path(urls.__file__)["urlpatterns"]
        addresses.urlpatterns = [*ours, *web_urls.urlpatterns]
        addresses.handler429 = web_urls.handler429
        with override_settings(ROOT_URLCONF=addresses):
            yield on


def protect(client) -> tuple[str, list[str]]:
    """Add an authenticator app to the account; its secret and the recovery codes."""
    page = client.get("/settings/second-factor/totp/activate/", follow=True)
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


def test_by_default_it_is_not_there():
    with pytest.raises(NoReverseMatch):
        reverse("mfa_index")
    client = browser()
    sign_up(client, new_address())
    assert "Second factor" not in client.get("/settings/").content.decode()


def test_signing_in_asks_for_the_second_factor(switched_on, mailbox):
    owner, address = browser(), new_address()
    sign_up(owner, address)
    assert 'href="/settings/second-factor/"' in owner.get("/settings/").content.decode()
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
    kept = [str(each.data) for each in Authenticator.objects.filter(user__email=address)]
    assert len(kept) == 2
    assert not any(secret in each for each in kept)


def test_switched_off_again_nobody_is_shut_out(switched_on, monkeypatch):
    client, address = browser(), new_address()
    sign_up(client, address)
    protect(client)
    switched_on.undo()
    client = browser()
    with override_settings(ROOT_URLCONF=web_urls.__name__):
        assert sign_in(client, address)["Location"] == "/"
        answer = client.post("/settings/email", {"email": new_address(), "action_add": "1"})
        assert client.post(answer["Location"], {"password": PASSWORD})["Location"] == "/confirm-email"
