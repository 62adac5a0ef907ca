"""Seats follow people: who invites beyond what is bought sees the price, and buys and invites in one step."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from packshot import wiring
from packshot.db.tenancy import Actor
from packshot.errors import Forbidden, Invalid, NotFound
from packshot.foundation.billing import queries as billing
from packshot.foundation.billing import seating
from packshot.foundation.billing.errors import Declined, ProviderAway
from packshot.foundation.organizations import commands as organizations
from packshot.foundation.organizations import queries as workspaces
from packshot.ports.payments import PaymentsUnavailable
from tests.foundation.at_once import at_once
from tests.foundation.billing.conftest import client_of, join
from tests.foundation.billing.test_pages import buy, pay
from tests.foundation.conftest import new_address

HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(sold, tenant):
    """A team's plan of two seats, of which the owner has one; signed in."""
    client = client_of(tenant)
    client.get(pay(client, buy(client, "team", quantity=2)))
    organizations.invite(tenant.actor, [new_address()], "member")
    return client


def invite(client, *emails: str, role: str = "member") -> Any:
    """Send the sheet, as a browser does: it follows where the form is sent on."""
    form = {"emails": "\n".join(emails), "role": role}
    return client.post("/settings/members/invite", form, headers=HTMX, follow=True)


def form_of(page: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', page.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def confirm(client, page) -> Any:
    return client.post("/billing/seats/buy", form_of(page), headers=HTMX)


def open_invitations(actor: Actor) -> set[str]:
    return {each.email for each in workspaces.invitations(actor) if each.state == "open"}


def guests(admin) -> int:
    return admin.execute("select count(*) from billing_order where guests is not null").fetchone()[0]


def test_the_price_is_shown_and_one_step_buys_and_invites(team, tenant, admin):
    who = [new_address(), new_address()]
    page = invite(team, *who)
    text = page.content.decode()
    assert page.status_code == 409
    assert "2 seats more are needed" in text
    due = re.search(r"Pay \$([\d.]+) and invite 2 people", text)
    assert due is not None
    assert "Next invoice" in text
    assert "$196.00" in text  # four seats of 49 at the renewal
    assert open_invitations(tenant.actor).isdisjoint(who)
    answer = confirm(team, page)
    assert answer["HX-Redirect"] == "/settings/members"
    assert open_invitations(tenant.actor) >= set(who)
    assert (workspaces.seats(tenant.actor).seats, workspaces.seats(tenant.actor).used) == (4, 4)
    assert f"{billing.invoices(tenant.actor)[0].total.major}" == due[1]
    assert guests(admin) == 0
    assert "2 people are invited" in team.get("/settings/members").content.decode()


def test_the_form_sent_twice_buys_and_invites_once(team, tenant):
    page = invite(team, new_address())
    first, second = confirm(team, page), confirm(team, page)
    assert first["HX-Redirect"] == second["HX-Redirect"] == "/settings/members"
    assert workspaces.seats(tenant.actor).seats == 3
    assert len(open_invitations(tenant.actor)) == 2
    assert len(billing.invoices(tenant.actor)) == 2


def test_the_form_sent_six_times_at_once_does_too(team, tenant):
    found = seating.preview(tenant.actor, [new_address()])
    assert found is not None
    asked, act, who = found.change.asked, uuid4(), [new_address()]
    at_once(
        6,
        lambda _: seating.buy(
            tenant.actor, act, asked.price.key, asked.quantity, asked.at, asked.seen, who, "member"
        ),
    )
    assert workspaces.seats(tenant.actor).seats == 3
    assert len(open_invitations(tenant.actor)) == 2
    assert len(billing.invoices(tenant.actor)) == 2


def test_a_declined_card_invites_nobody_and_what_was_written_stays(team, tenant, sold, admin):
    customer = billing.standing(tenant.actor).customer
    assert customer is not None
    sold.save_card(customer, "declined")
    who = new_address()
    page = invite(team, who, role="admin")
    answer = confirm(team, page)
    assert answer.status_code == 402
    assert "declined" in answer.content.decode()
    assert who in answer.content.decode()
    assert who not in open_invitations(tenant.actor)
    assert workspaces.seats(tenant.actor).seats == 2
    assert guests(admin) == 0
    sheet = team.get("/settings/members/invite").content.decode()
    assert who in sheet
    assert re.search(r'value="admin"\s+checked', sheet)
    sold.save_card(customer, "ok")
    assert confirm(team, invite(team, who))["HX-Redirect"] == "/settings/members"
    assert who in open_invitations(tenant.actor)
    assert who not in team.get("/settings/members/invite").content.decode()


@pytest.mark.parametrize("agreed", [True, False])
def test_with_3_d_secure_the_worker_invites_once_the_bank_has_agreed(
    team, tenant, sold, hear, admin, agreed, invite_due
):
    customer = billing.standing(tenant.actor).customer
    sold.save_card(customer, "confirm")
    who = new_address()
    answer = confirm(team, invite(team, who))
    where = "/" + answer["HX-Redirect"].partition("//")[2].partition("/")[2]
    assert where.startswith("/mock-payments/confirm/")
    assert invite_due() == 0
    assert who not in open_invitations(tenant.actor)
    assert who in team.get("/settings/members/invite").content.decode(), "the draft is kept meanwhile"
    team.post(where, {"answer": "yes" if agreed else "no"})
    hear()
    assert invite_due() == (1 if agreed else 0)
    assert invite_due() == 0
    assert (who in open_invitations(tenant.actor)) is agreed
    assert workspaces.seats(tenant.actor).seats == (3 if agreed else 2)
    assert (who in team.get("/settings/members/invite").content.decode()) is not agreed
    assert guests(admin) == (0 if agreed else 1)
    admin.execute("update billing_order set expires_at = now() - interval '1 second'")
    assert invite_due() == 0
    assert guests(admin) == 0


def test_an_answer_that_was_lost_is_found_by_the_worker(team, tenant, hear, invite_due, monkeypatch):
    who = new_address()
    page = invite(team, who)
    provider = wiring.mock_payments()
    done = provider.change

    def lost(change):
        done(change)
        raise PaymentsUnavailable("no answer")

    monkeypatch.setattr(provider, "change", lost)
    assert confirm(team, page).status_code == ProviderAway.status
    assert who not in open_invitations(tenant.actor)
    hear()
    assert invite_due() == 1
    assert who in open_invitations(tenant.actor)


def test_who_runs_the_workspace_no_more_invites_nobody(
    team, tenant, new_tenant, sold, hear, admin, invite_due
):
    sold.save_card(billing.standing(tenant.actor).customer, "confirm")
    colleague = new_tenant()
    join(admin, colleague, tenant.organization_id, "admin")
    who = new_address()
    client = client_of(colleague)
    answer = confirm(client, invite(client, who))
    where = "/" + answer["HX-Redirect"].partition("//")[2].partition("/")[2]
    organizations.change_role(tenant.actor, colleague.user_id, "member")
    team.post(where, {"answer": "yes"})
    hear()
    assert invite_due() == 0
    assert guests(admin) == 0
    assert who not in open_invitations(tenant.actor)


def test_two_who_buy_at_once_pass_no_seat(team, tenant, new_tenant, admin):
    colleague = new_tenant()
    join(admin, colleague, tenant.organization_id, "admin")
    other = Actor(colleague.user_id, tenant.organization_id)
    people = [tenant.actor, other]
    mail = [[new_address()], [new_address()]]
    found = [seating.preview(each, mail[n]) for n, each in enumerate(people)]

    def act(n: int) -> object:
        asked = found[n].change.asked
        return seating.buy(
            people[n], uuid4(), asked.price.key, asked.quantity, asked.at, asked.seen, mail[n], "member"
        )

    said = at_once(2, act)
    seats = workspaces.seats(tenant.actor)
    assert seats.used <= seats.seats
    assert sum(isinstance(each, list) for each in said) >= 1


def test_who_is_invited_already_takes_no_seat_more(team, tenant):
    [known] = open_invitations(tenant.actor)
    assert seating.preview(tenant.actor, [known, tenant.email]) is None
    answer = invite(team, known)
    assert answer["HX-Redirect"] == "/settings/members"
    assert "already" in team.get("/settings/members").content.decode()


def test_without_a_plan_by_the_seat_the_dialog_offers_one_and_keeps_what_was_written(sold, tenant):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "store-100")))
    organizations.invite(tenant.actor, [new_address(), new_address()], "member")
    who = new_address()
    answer = invite(client, who)
    text = " ".join(answer.content.decode().split())
    assert answer.status_code == 402
    assert "More seats" in text
    assert "Store 500" in text
    assert "back=/settings/members/invite" in text.replace("%2F", "/")
    assert who in client.get("/settings/members/invite").content.decode()


def test_the_billing_page_offers_to_lower_seats_that_nobody_takes(team, tenant):
    assert "seats with the next period" not in team.get("/billing").content.decode()
    [invitation] = [each for each in workspaces.invitations(tenant.actor) if each.state == "open"]
    organizations.revoke(tenant.actor, invitation.id)
    page = team.get("/billing").content.decode()
    assert "Lower them to 1 seat with the next period" in page
    address = re.search(r'href="([^"]*quantity=1)"', page)
    assert address is not None
    preview = team.get(address[1].replace("&amp;", "&"))
    assert "Nothing is paid now" in preview.content.decode()
    team.post("/billing/change", form_of(preview), headers=HTMX)
    assert workspaces.seats(tenant.actor).seats == 2, "not before the period ends"
    assert billing.standing(tenant.actor).subscription.scheduled.quantity == 1
    assert "seat with the next period" not in team.get("/billing").content.decode()


# Who may.


def test_members_and_strangers_buy_no_seats(team, tenant, new_tenant, admin):
    page = invite(team, new_address())
    form = form_of(page)
    member, stranger = new_tenant(), new_tenant()
    join(admin, member, tenant.organization_id, "member")
    for address in ("/billing/seats", "/billing/seats/buy"):
        assert client_of(member).post(address, form, headers=HTMX).status_code == 403
        answer = client_of(stranger).post(address, form, headers=HTMX)
        assert answer.status_code in (402, 404, 409), answer.content
    asked = (form["price"], int(form["quantity"]))
    for actor, problem in (
        (Actor(member.user_id, tenant.organization_id), Forbidden),
        (Actor(stranger.user_id, tenant.organization_id), Forbidden),
        (stranger.actor, NotFound),
    ):
        with pytest.raises(problem):
            seating.buy(actor, uuid4(), *asked, billing.standing(tenant.actor).now, [new_address()], "member")
    assert workspaces.seats(tenant.actor).seats == 2
    assert guests(admin) == 0


def test_nobody_takes_the_guests_of_another_s_order(team, tenant, new_tenant, sold, admin):
    from packshot.db.sql import call
    from packshot.db.tenancy import acting_as

    sold.save_card(billing.standing(tenant.actor).customer, "confirm")
    page = invite(team, new_address())
    confirm(team, page)
    act = UUID(form_of(page)["key"])
    colleague, stranger = new_tenant(), new_tenant()
    join(admin, colleague, tenant.organization_id, "admin")
    for actor in (Actor(colleague.user_id, tenant.organization_id), stranger.actor):
        with acting_as(actor):
            call("billing_keep_guests_v1", act, {"emails": ["mine@example.com"]})
            assert call("billing_take_guests_v1", act) is None
    kept = admin.execute("select guests from billing_order where id = %s", [act]).fetchone()[0]
    assert kept["emails"] == [form_of(page)["emails"]]


def test_more_seats_than_are_sold_are_refused_with_the_draft(team, tenant):
    who = [new_address() for _ in range(49)]
    answer = invite(team, *who)
    assert answer.status_code == Invalid.status
    assert "From 1 to 50 seats" in answer.content.decode()
    assert who[0] in answer.content.decode()


def test_declined_is_what_the_person_is_told(team, tenant, sold):
    sold.save_card(billing.standing(tenant.actor).customer, "declined")
    found = seating.preview(tenant.actor, [new_address()])
    assert found is not None
    asked = found.change.asked
    with pytest.raises(Declined):
        seating.buy(
            tenant.actor,
            uuid4(),
            asked.price.key,
            asked.quantity,
            asked.at,
            asked.seen,
            [new_address()],
            "member",
        )
