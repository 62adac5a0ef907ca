"""The page of keys: shown once, told in words, and closed to members."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.test import Client

from packshot.foundation.accounts.models import User
from packshot.foundation.apikeys import commands, queries
from packshot.foundation.apikeys.contracts import SCOPES

FORM = {"name": "A shop", "scope": ["models:read", "generations:write"], "days": "90", "networks": ""}


def signed_in(user_id) -> Client:
    client = Client()
    client.force_login(User.objects.get(id=user_id), "allauth.account.auth_backends.AuthenticationBackend")
    return client


def secret_in(answer) -> str | None:
    found = re.search(r"pk_live_[0-9A-Za-z]{49}", answer.content.decode())
    return found.group() if found else None


@pytest.fixture
def visit(tenant) -> Client:
    return signed_in(tenant.user_id)


def make(visit, **changes):
    return visit.post("/settings/keys/new", {**FORM, "id": str(uuid4()), **changes})


def test_an_empty_page_says_what_belongs_there(visit):
    assert b"There is no key yet." in visit.get("/settings/keys").content


def test_a_new_key_is_shown_this_once(visit, tenant):
    answer = make(visit)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    secret = secret_in(answer)
    assert secret is not None
    assert commands.enter(
        secret, "192.0.2.1", dict.fromkeys(("key", "organization", "address", "bad-key"), 9)
    ).caller
    page = visit.get("/settings/keys")
    assert secret_in(page) is None
    [key] = queries.keys(tenant.actor)
    assert key.shown in page.content.decode()
    assert key.scopes == ("models:read", "generations:write")
    assert 89 <= (key.expires_at - key.created_at).days <= 90


def test_a_form_sent_twice_makes_one_key(visit, tenant):
    sent = {"id": str(uuid4())}
    make(visit, **sent)
    again = make(visit, **sent)
    assert (again.status_code, secret_in(again)) == (409, None)
    assert len(queries.keys(tenant.actor)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"scope": []},
        {"scope": ["all"]},
        {"days": "7"},
        {"days": "x"},
        {"networks": "example.com"},
        {"id": "x"},
    ],
)
def test_what_is_wrong_is_told_and_what_was_written_stays(visit, tenant, wrong):
    answer = make(visit, **wrong)
    assert answer.status_code == 422
    assert b"alert-error" in answer.content
    assert queries.keys(tenant.actor) == []
    if "name" not in wrong:
        assert b'value="A shop"' in answer.content


def test_a_key_is_rotated_and_revoked(visit, tenant):
    make(visit)
    [key] = queries.keys(tenant.actor)
    assert b"works on" in visit.get(f"/settings/keys/{key.id}/rotate").content
    answer = visit.post(f"/settings/keys/{key.id}/rotate", {"overlap": "24"})
    assert secret_in(answer) is not None
    fresh = next(each for each in queries.keys(tenant.actor) if each.id != key.id)
    assert visit.post(f"/settings/keys/{key.id}/rotate", {"overlap": "7"}).status_code == 422
    asked = visit.get(f"/settings/keys/{fresh.id}/revoke").content
    assert b"cannot be undone" in asked
    visit.post(f"/settings/keys/{fresh.id}/revoke")
    assert next(each for each in queries.keys(tenant.actor) if each.id == fresh.id).revoked_at is not None
    assert b"revoked" in visit.get("/settings/keys").content


def test_members_do_not_find_the_page(company):
    member, boss = signed_in(company.hire().user_id), company.boss
    made = commands.make(boss.actor, name="x", scopes=SCOPES)
    switch = member.post("/workspaces/switch", {"organization": str(boss.organization_id)})
    assert switch.status_code == 302
    for address in ("", "/new", f"/{made.id}/rotate", f"/{made.id}/revoke"):
        assert member.get(f"/settings/keys{address}").status_code == 403
        if address:
            assert member.post(f"/settings/keys{address}", {**FORM, "overlap": "0"}).status_code == 403
    assert b"/settings/keys" not in member.get("/settings/workspace").content


def test_the_page_speaks_german(visit):
    make(visit)
    page = visit.get("/settings/keys", headers={"accept-language": "de"}).content.decode()
    assert "API-Schlüssel" in page
    assert "noch nicht benutzt" in page
