"""Where somebody is signed in, and ending it."""

from __future__ import annotations

import re
import runpy

import pytest
from django.contrib.sessions.models import Session

import packshot.settings
from packshot.foundation.accounts.clients import describe
from packshot.settings import settings
from packshot.web import conf
from tests.foundation.conftest import PASSWORD, browser, is_signed_in, new_address, sign_in, sign_up


@pytest.fixture
def address() -> str:
    found = new_address()
    sign_up(browser(), found)
    return found


@pytest.fixture
def two(address):
    here, there = browser(), browser()
    sign_in(here, address)
    sign_in(there, address)
    return here, there


def listed(client) -> list[str]:
    return re.findall(r'name="session"\s+value="(\d+)"', client.get("/settings/sessions").content.decode())


def test_the_list_shows_every_browser_and_which_is_this(two):
    page = two[0].get("/settings/sessions").content.decode()
    assert page.count("this browser") == 1
    assert len(listed(two[0])) == 2  # there, and the one of the sign-up
    assert two[1].defaults["REMOTE_ADDR"] in page


def test_a_revoked_session_ends_at_once(two):
    here, there = two
    theirs = (set(listed(here)) - set(listed(there))).pop()
    key = there.cookies["packshot_session"].value
    assert here.post("/settings/sessions", {"session": theirs})["Location"] == "/settings/sessions"
    assert not is_signed_in(there)
    assert is_signed_in(here)
    assert not Session.objects.filter(session_key=key).exists()
    assert theirs not in listed(here)


def test_all_others_at_once(two):
    here, there = two
    here.post("/settings/sessions", {"session": "others"})
    assert not is_signed_in(there)
    assert is_signed_in(here)
    assert listed(here) == []


@pytest.mark.parametrize("wanted", ["", "0", "abc", "-1", "99999999999999999999", "others "])
def test_nonsense_ends_nothing(two, wanted):
    here, there = two
    assert here.post("/settings/sessions", {"session": wanted}).status_code == 404
    assert is_signed_in(here)
    assert is_signed_in(there)


def test_a_session_of_somebody_else_is_not_there(two):
    stranger = browser()
    sign_up(stranger, new_address())
    for theirs in listed(two[0]):
        assert stranger.post("/settings/sessions", {"session": theirs}).status_code == 404
    assert is_signed_in(two[1])


def test_this_browser_is_left_by_signing_out_only(two):
    here, there = two
    mine = (set(listed(there)) - set(listed(here))).pop()
    assert here.post("/settings/sessions", {"session": mine}).status_code == 404
    assert here.get("/sign-out").status_code == 200
    assert is_signed_in(here)
    assert here.post("/sign-out")["Location"] == "/sign-in"
    assert not is_signed_in(here)
    assert is_signed_in(there)


def test_a_changed_password_signs_other_browsers_out(two, address, mailbox):
    here, there = two
    new = "the newest password"
    answer = here.post("/settings/password", {"oldpassword": PASSWORD, "password1": new})
    assert answer["Location"] == "/settings/password"
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert sign_in(browser(), address).status_code == 200
    assert sign_in(browser(), address, new).status_code == 302
    assert mailbox.of(address)[-1]["Subject"] == "Your password was changed"


def test_a_new_password_by_mail_signs_every_browser_out(two, address, mailbox):
    third = browser()
    third.post("/reset-password", {"email": address})
    third.post(third.get(mailbox.link(address))["Location"], {"password1": "the newest password"})
    assert not any(is_signed_in(client) for client in two)
    assert is_signed_in(third)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(two):
    cookie = two[0].cookies["packshot_session"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["secure"] == ""  # http://127.0.0.1


def test_behind_https_the_cookies_are_secure(monkeypatch):
    changes = {"public_url": "https://studio.example.com/", "email_url": "smtp://mail.example.com"}
    there = settings().model_copy(update=changes)
    monkeypatch.setattr(packshot.settings, "settings", lambda: there)
    found = runpy.run_path(conf.__file__)
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://studio.example.com"]
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert found["EMAIL_HOST"] == "mail.example.com"


def test_the_profile_keeps_the_name():
    client, address = browser(), new_address()
    sign_up(client, address, name="Ada")
    assert client.post("/settings/", {"name": "  Ada L.  "})["Location"] == "/settings/"
    page = client.get("/settings/").content.decode()
    assert 'value="Ada L."' in page
    assert address in page
    answer = client.post("/settings/", {"name": "n" * 81})
    assert "at most 80" in answer.content.decode()
    assert 'value="Ada L."' in client.get("/settings/").content.decode()


@pytest.mark.parametrize(
    "path", ["/settings/", "/settings/password", "/settings/email", "/settings/sessions"]
)
def test_settings_need_somebody_signed_in(path):
    assert browser().get(path)["Location"] in {
        f"/sign-in?next={path}",
        f"/sign-in?next={path.replace('/', '%2F')}",
    }
    assert browser().post(path).status_code == 302


def test_what_has_ended_is_forgotten(two, login, admin):
    keys = [client.cookies["packshot_session"].value for client in two]
    admin.execute(
        "update django_session set expire_date = now() - interval '1 s' where session_key = %s", [keys[1]]
    )
    admin.execute(
        "update usersessions_usersession set created_at = now() - interval '2 days' where session_key = any (%s)",
        [keys],
    )
    over, running = f"over-{keys[0]}", f"running-{keys[0]}"
    admin.execute(
        "insert into web_cache values (%s, '', now() - interval '1 s'), (%s, '', now() + interval '1 h')",
        [over, running],
    )
    assert login("packshot_worker").execute("select public.accounts_forget_v1()").fetchone()[0] >= 1
    assert [Session.objects.filter(session_key=key).exists() for key in keys] == [True, False]
    left = admin.execute(
        "select session_key from usersessions_usersession where session_key = any (%s)", [keys]
    )
    assert left.fetchall() == [(keys[0],)]
    left = admin.execute("select cache_key from web_cache where cache_key = any (%s)", [[over, running]])
    assert left.fetchall() == [(running,)]
    assert is_signed_in(two[0])


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Unknown browser"),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_browser_is_called_by_a_name_that_its_owner_knows(user_agent, name):
    assert describe(user_agent) == name
