"""Signing up: a person, an organization, a wallet, at once or not at all."""

from __future__ import annotations

import runpy
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.test import override_settings

from packshot import facts
from packshot.foundation.accounts.models import User
from packshot.foundation.organizations.facts import OrganizationOpened
from packshot.foundation.organizations.queries import organizations_of
from packshot.settings import settings
from packshot.web import conf
from tests.foundation.conftest import PASSWORD, browser, is_signed_in, new_address, sign_in, sign_up


def test_signing_up_makes_a_person_who_is_signed_in_and_owns_an_organization():
    client, address = browser(), new_address()
    answer = sign_up(client, address.upper(), name="Ada")
    assert (answer.status_code, answer["Location"]) == (302, "/welcome")
    assert is_signed_in(client)
    assert client.get("/welcome")["Location"] == "/"
    user = User.objects.get(email=address)
    (organization,) = organizations_of(user.id)
    assert (organization.name, organization.role) == ("Ada’s studio", "owner")


def test_a_name_is_not_needed():
    address = new_address()
    sign_up(browser(), address)
    assert [each.name for each in organizations_of(User.objects.get(email=address).id)] == ["My studio"]


def test_the_terms_are_kept_with_their_version_and_time():
    address = new_address()
    sign_up(browser(), address)
    user = User.objects.get(email=address)
    assert user.terms_version == settings().terms_version
    assert user.terms_accepted_at is not None
    assert timedelta(0) <= datetime.now(UTC) - user.terms_accepted_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("email", "", "required"),
        ("email", "no address", "valid email"),
        ("email", "a" * 250 + "@example.com", "at most"),
        ("email", "nul\x00@example.com", "Null characters"),
        ("password1", "", "required"),
        ("password1", "short", "too short"),
        ("password1", "1234567890", "too common"),
        ("password1", "person-0", "too short"),
        ("terms", "", "Accept the terms"),
        ("name", "n" * 81, "at most 80"),
    ],
)
def test_bad_input_is_told_beside_its_field_and_nothing_is_made(field, value, says, rows_about):
    client, address = browser(), new_address()
    answer = sign_up(client, address, **{field: value})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert says in page.partition(f'id="id_{field}_error"')[2].partition("</ul>")[0]
    assert f'id_{field}_error"' in page.partition('aria-describedby="')[2]
    assert page.count("autofocus") == 1
    assert "autofocus" in next(tag for tag in page.split("<") if f'id="id_{field}"' in tag)
    assert 'aria-invalid="true"' in next(tag for tag in page.split("<") if f'id="id_{field}"' in tag)
    assert not is_signed_in(client)
    assert rows_about(address) == 0


def test_a_password_like_the_address_is_refused():
    address = new_address()
    answer = sign_up(browser(), address, password1=address.partition("@")[0])
    assert "too similar" in answer.content.decode()


def test_an_empty_form_tells_everything_at_once():
    page = browser().post("/sign-up", {}).content.decode()
    assert [name for name in ("email", "password1", "terms") if f'id="id_{name}_error"' in page] == [
        "email",
        "password1",
        "terms",
    ]


def test_if_a_listener_fails_nothing_is_left(monkeypatch, rows_about):
    def boom(fact: OrganizationOpened) -> None:
        raise RuntimeError("the wallet could not be opened")

    listeners = [*facts._listeners[OrganizationOpened], boom]
    monkeypatch.setitem(facts._listeners, OrganizationOpened, listeners)
    client, address = browser(raise_request_exception=False), new_address()
    assert sign_up(client, address, name=address[:40]).status_code == 500
    assert not is_signed_in(client)
    assert rows_about(address) == 0
    assert rows_about(address[:40]) == 0
    monkeypatch.undo()
    assert sign_up(client, address).status_code == 302
    assert is_signed_in(client)


def test_the_same_address_twice_at_once_makes_one_account(monkeypatch, rows_about):
    from packshot.foundation.accounts import forms

    both_checked = threading.Barrier(2)
    really = forms.sign_up

    def together(**given):
        both_checked.wait(60)
        return really(**given)

    monkeypatch.setattr(forms, "sign_up", together)
    address, clients, answers = new_address(), [browser(), browser()], {}

    def run(number: int) -> None:
        from django.db import connection

        answers[number] = sign_up(clients[number], address)
        connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {(each.status_code, each["Location"]) for each in answers.values()} == {(302, "/welcome")}
    assert sorted(is_signed_in(client) for client in clients) == [False, True]
    user = User.objects.get(email=address)
    assert len(organizations_of(user.id)) == 1
    assert rows_about(address) == 3  # account, address, membership


def test_the_session_before_is_not_the_session_after():
    client, address = browser(), new_address()
    sign_up(client, address)
    client.post("/sign-out")
    client.get("/sign-in?next=/settings/")
    anonymous = client.session
    anonymous["planted"] = True
    anonymous.save()
    before = client.cookies["packshot_session"].value
    sign_in(client, address)
    assert client.cookies["packshot_session"].value != before
    client.cookies["packshot_session"] = before
    assert not is_signed_in(client)


def test_who_is_signed_in_is_sent_on_from_the_sign_up_page():
    client = browser()
    sign_up(client, new_address())
    assert client.get("/sign-up")["Location"] == "/"
    assert client.get("/sign-in?next=/settings/")["Location"] == "/settings/"


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in", "/sign-out", "/reset-password"])
def test_a_form_of_another_site_is_refused(path):
    assert browser(enforce_csrf_checks=True).post(path, {}).status_code == 403


def test_the_terms_can_be_read():
    page = browser().get("/terms")
    assert page.status_code == 200
    assert settings().terms_version in page.content.decode()


def test_a_page_is_in_one_language():
    """The libraries speak more languages than our pages do."""
    page = browser().get("/sign-up", headers={"accept-language": "fr, it;q=0.8"}).content.decode()
    assert '<html lang="en"' in page
    assert "Mot de passe" not in page
    page = browser().get("/sign-up", headers={"accept-language": "de, fr;q=0.8"}).content.decode()
    assert '<html lang="de"' in page
    assert "Password" not in page


def test_passwords_are_kept_by_a_hash_that_needs_memory():
    hashers = runpy.run_path(conf.__file__)["PASSWORD_HASHERS"]
    with override_settings(PASSWORD_HASHERS=hashers):
        kept = make_password(PASSWORD)
        assert kept.startswith("scrypt$16384$")
        assert check_password(PASSWORD, kept)
        assert not check_password(PASSWORD + " ", kept)
