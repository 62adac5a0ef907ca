"""The workspace's pages as forms and answers, over HTTP."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from django.test import Client
from django.urls import reverse
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.foundation.accounts.models import User
from packshot.foundation.organizations import commands, queries
from packshot.foundation.organizations.tokens import address_of
from tests.foundation.conftest import browser, new_address, sign_up

PAGES = ["workspace", "members", "members-invite", "audit", "workspace-leave", "workspace-delete"]


def client_of(actor: Actor) -> Client:
    client = browser(raise_request_exception=False)
    client.force_login(User.objects.get(id=actor.user_id))
    session = client.session
    session["organization"] = str(actor.organization_id)
    session.save()
    return client


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", ["owner", "admin", "member"])
def test_who_sees_which_page(company, page, role, fragment):
    actor = company.owner if role == "owner" else company.hire(role)
    for_owners, for_those_who_run = {"workspace-delete"}, {"members-invite", "audit"}
    allowed = role == "owner" or (
        page not in for_owners and (role == "admin" or page not in for_those_who_run)
    )
    answer = client_of(actor).get(reverse(page), headers={"HX-Request": "true"} if fragment else {})
    assert answer.status_code == (200 if allowed else 403)


def test_several_are_invited_at_once_and_told_of(company):
    client = client_of(company.owner)
    first, second = new_address(), new_address()
    answer = client.post(
        "/settings/members/invite",
        {"emails": f"Ann Lee <{first.upper()}>,\n{second};{first}", "role": "admin"},
    )
    assert (answer.status_code, answer["Location"]) == (302, "/settings/members")
    page = text(client.get("/settings/members"))
    assert "2 people are invited." in page
    assert first in page
    assert second in page
    assert "3 of 10 seats taken" in page
    assert {each.role for each in queries.invitations(company.owner)} == {"admin"}


@pytest.mark.parametrize(
    "emails", ["", " ,; ", "nonsense", "a@example.com, b@", ",".join(["x@y.example"] * 1)]
)
def test_what_is_no_address_comes_back_as_it_was_written(company, emails):
    client = client_of(company.owner)
    answer = client.post("/settings/members/invite", {"emails": emails, "role": "member"})
    if emails == "x@y.example":
        assert answer.status_code == 302
        return
    assert answer.status_code == 422
    assert queries.invitations(company.owner) == []
    if emails.strip(" ,;"):
        assert emails in answer.content.decode()


def test_without_a_seat_the_addresses_come_back(company):
    company.seats(2)
    client, addresses = client_of(company.owner), f"{new_address()}, {new_address()}"
    answer = client.post("/settings/members/invite", {"emails": addresses, "role": "admin"}, follow=True)
    assert answer.status_code == 402
    assert "There are not seats enough: the plan has 2. Nobody was invited" in text(answer)
    assert addresses in client.get("/settings/members/invite").content.decode()
    assert queries.invitations(company.owner) == []


def test_a_plan_of_one_seat_teaches_and_offers_no_invitation(company):
    company.seats(1)
    page = client_of(company.owner).get("/settings/members").content.decode()
    assert "Your plan has one seat" in page
    assert reverse("members-invite") not in page


def test_an_account_answers_by_consent(company, new_tenant):
    person = new_tenant()
    commands.invite(company.owner, [person.email], "member")
    address = f"/invitations/{company.token(person.email)}"
    client = client_of(person.actor)
    shown = client.get(address)
    assert shown.status_code == 200
    # Not `no-referrer`: with that browsers send the form's answer without an origin, and it is refused.
    assert shown["Referrer-Policy"] == "same-origin"
    assert shown["X-Robots-Tag"] == "noindex"
    assert person.user_id not in company.roles(), "looking is not accepting"
    answer = client.post(address, {"answer": "accept"})
    assert answer.status_code == 302
    assert company.roles()[person.user_id] == "member"
    page = client.get("/settings/workspace")
    assert "A Person&#x27;s studio" in page.content.decode()
    assert 'id="workspaces"' in page.content.decode(), "who has two can switch"
    assert client.get(address).status_code == 404


def test_declining_leaves_things_as_they_were(company, new_tenant):
    person = new_tenant()
    commands.invite(company.owner, [person.email], "member")
    address = f"/invitations/{company.token(person.email)}"
    client = client_of(person.actor)
    assert client.post(address, {"answer": "decline"}).status_code == 200
    assert person.user_id not in company.roles()
    assert client.get(address).status_code == 404
    assert "declined" in text(client_of(company.owner).get("/settings/members"))


def test_somebody_without_an_account_goes_through_the_sign_up_and_back(company):
    address = new_address()
    commands.invite(company.owner, [address], "member")
    token = company.token(address)
    client = browser()
    shown = client.get(f"/invitations/{token}").content.decode()
    assert f"/sign-up?next=%2Finvitations%2F{token}" in shown
    assert client.post(f"/invitations/{token}", {"answer": "accept"}).status_code == 200, "nobody to accept"
    assert len(company.roles()) == 1
    answer = sign_up(client, address, next=f"/invitations/{token}")
    assert (answer.status_code, answer["Location"]) == (302, f"/invitations/{token}")
    assert len(company.roles()) == 1, "signing up is not accepting"
    client.post(f"/invitations/{token}", {"answer": "accept"})
    assert list(company.roles().values()) == ["owner", "member"]


def test_whoever_is_signed_in_as_another_is_told_so(company, new_tenant):
    address, other = new_address(), new_tenant()
    commands.invite(company.owner, [address], "member")
    page = text(client_of(other.actor).get(f"/invitations/{company.token(address)}"))
    assert f"It was sent to {address}. You would join as {other.email}." in page


def test_a_full_workspace_keeps_nobody_from_signing_up(company):
    address = new_address()
    commands.invite(company.owner, [address], "member")
    token = company.token(address)
    company.seats(1)
    client = browser()
    assert sign_up(client, address, next=f"/invitations/{token}").status_code == 302
    answer = client.post(f"/invitations/{token}", {"answer": "accept"})
    assert answer.status_code == 409
    assert "no free seat" in text(answer)
    assert client.get("/").status_code == 200


def test_a_token_nobody_made_says_nothing():
    client = browser()
    for token in ("x", "A" * 43, "%00", "é"):
        assert client.get(f"/invitations/{token}").status_code == 404


def test_the_mailed_address_is_the_pages_own():
    assert address_of("abc").endswith(reverse("invitation", args=["abc"]))


def test_who_has_one_workspace_sees_no_switcher_and_who_has_two_switches(company, new_tenant):
    person = new_tenant()
    client = client_of(person.actor)
    assert 'id="workspaces"' not in client.get("/").content.decode()
    commands.invite(company.owner, [person.email], "member")
    commands.accept(person.user_id, company.token(person.email))
    assert 'id="workspaces"' in client.get("/").content.decode()
    client.post("/workspaces/switch", {"organization": str(company.id)})
    assert person.email in client.get("/settings/members").content.decode()
    assert company.boss.email in client.get("/settings/members").content.decode()
    client.post("/workspaces/switch", {"organization": str(new_tenant().organization_id)})
    assert company.boss.email in client.get("/settings/members").content.decode(), "another's changes nothing"
    client.post("/workspaces/switch", {"organization": str(person.organization_id)})
    assert company.boss.email not in client.get("/settings/members").content.decode()


def test_rename_and_back(company):
    client = client_of(company.owner)
    assert client.post("/settings/workspace", {"name": "  Glaze &\n Fire "}).status_code == 302
    assert queries.workspace(company.owner).name == "Glaze & Fire"
    page = client.get("/settings/workspace").content.decode()
    assert 'name="undo"' in page
    assert 'value="A Person&#x27;s studio"' in page
    for name in ("", "   ", "x" * 81, "Buy at https://evil.example", "www.evil.example", "\0"):
        answer = client.post("/settings/workspace", {"name": name})
        assert answer.status_code == 422, name
    assert queries.workspace(company.owner).name == "Glaze & Fire"


def test_a_role_changes_and_back(company):
    colleague = company.hire()
    client = client_of(company.owner)
    client.post(f"/settings/members/{colleague.user_id}/role", {"role": "admin"})
    assert company.roles()[colleague.user_id] == "admin"
    page = client.get("/settings/members").content.decode()
    assert f'action="/settings/members/{colleague.user_id}/role" hx-post' in re.sub(r"\s+", " ", page)
    client.post(f"/settings/members/{colleague.user_id}/role", {"role": "member", "undo": "1"})
    assert company.roles()[colleague.user_id] == "member"


def test_who_is_in_nothing_is_offered_a_workspace(company, admin):
    colleague = company.hire()
    admin.execute(
        "delete from organizations_membership where user_id = %s and organization_id <> %s",
        [colleague.user_id, company.id],
    )
    client = client_of(colleague)
    commands.leave(colleague)
    assert client.get("/")["Location"] == "/workspaces/none"
    assert client.get("/", headers={"HX-Request": "true"})["HX-Redirect"] == "/workspaces/none"
    assert client.get("/workspaces/none").status_code == 200
    assert client.get("/settings/password").status_code == 200, "the account is still theirs"
    assert client.get("/nothing/here").status_code == 404
    assert client.post("/workspaces/none").status_code == 302
    assert client.post("/workspaces/none").status_code == 302
    assert len(queries.organizations_of(colleague.user_id)) == 1
    assert client.get("/").status_code == 200


def test_a_workspace_on_its_way_out_says_so_and_stays_when_asked(company):
    client = client_of(company.owner)
    colleague = client_of(company.hire())
    assert client.post("/settings/workspace/delete").status_code == 302
    for each in (client, colleague):
        assert "This workspace will be erased on" in text(each.get("/settings/members"))
    answer = client.post("/settings/members/invite", {"emails": new_address(), "role": "member"})
    assert answer.status_code == 409
    assert colleague.post("/settings/workspace/keep").status_code == 403
    assert client.post("/settings/workspace/keep").status_code == 302
    assert (
        "will be erased" not in client.get("/settings/members").content.decode().partition('id="toasts"')[0]
    )
    assert queries.workspace(company.owner).erase_at is None


def test_the_log_is_filtered_walked_and_exported(company):
    client = client_of(company.owner)
    people = [company.hire() for _ in range(3)]
    client.post("/settings/workspace", {"name": "=HYPERLINK(1)"})
    page = text(client.get("/settings/audit?what=organization."))
    assert "Renamed from" in page
    assert "joined as" not in page
    assert "Browser/1" in client.get("/settings/audit?what=organization.").content.decode()
    mail = User.objects.get(id=people[0].user_id).email
    assert text(client.get("/settings/audit", {"who": mail})).count("joined as") == 1
    assert "Nothing like that" in text(client.get("/settings/audit?until=2001-01-01"))
    for odd in ("since=nonsense", "until=9999-12-31", "before=x", f"before={uuid7()}", "who=%00x"):
        assert client.get(f"/settings/audit?{odd}").status_code == 200, odd
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get("/settings/audit/export")).decode())))
    events = json.loads(b"".join(client.get("/settings/audit/export?as=json")))
    assert [each["action"] for each in rows] == [each["action"] for each in events]
    assert events[0]["action"] == "organization.renamed"
    assert rows[0]["target"] == "'=HYPERLINK(1)", "no formula in a spreadsheet"
    assert events[0]["target"] == "=HYPERLINK(1)"
    assert events[0]["address"].startswith("10.")
    assert events[0]["request_id"]
    assert client.get("/settings/audit/export?as=exe").status_code == 404
    assert json.loads(b"".join(client.get("/settings/audit/export?as=json&who=nobody"))) == []
