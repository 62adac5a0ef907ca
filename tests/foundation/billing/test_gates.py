"""Every closed gate opens one and the same dialog, whose way leads back to where the person was."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest

from packshot.foundation.billing import upgrades
from packshot.foundation.billing.plans import FEATURES, LIMITS
from packshot.foundation.organizations import commands as organizations
from packshot.foundation.organizations import queries as workspaces
from packshot.studio.boards import commands as boards
from packshot.studio.credits import topups
from packshot.studio.generation import commands as generation
from tests.foundation.billing.conftest import client_of, join
from tests.foundation.billing.test_pages import buy, pay
from tests.foundation.conftest import new_address
from tests.foundation.terms import on
from tests.worker.support import order

HERE = "http://testserver/boards/mugs?x=1"
HTMX = {"HX-Request": "true", "HX-Current-URL": HERE}


def dialog(answer: Any) -> str:
    """The text of the upgrade dialog, which is over the page."""
    text = " ".join(answer.content.decode().split())
    assert '<hx-partial hx-target="#dialogs"' in text
    assert '<dialog class="sheet' in text
    assert "All plans" in text
    return text


def back_of(text: str) -> set[str]:
    return set(re.findall(r'name="back" value="([^"]*)"', text))


def spend_boards(tenant) -> str:
    on(tenant.organization_id, of="free", limits={"boards": 1})
    return boards.create(tenant.actor, uuid4(), "The only one")


def members(client, tenant):
    form = {"emails": new_address(), "role": "member"}
    return client.post("/settings/members/invite", form, headers=HTMX)


def seats(client, tenant):
    on(tenant.organization_id, of="store-100", seats=1)
    form = {"emails": new_address(), "role": "member"}
    return client.post("/settings/members/invite", form, headers=HTMX, follow=True)


def seats_of_old_invitations(client, tenant):
    on(tenant.organization_id, of="store-100", seats=2)
    organizations.invite(tenant.actor, [new_address()], "member")
    [taken_back] = workspaces.invitations(tenant.actor)
    organizations.revoke(tenant.actor, taken_back.id)
    organizations.invite(tenant.actor, [new_address()], "member")
    return client.post(f"/settings/invitations/{taken_back.id}/resend", headers=HTMX)


def audit(client, tenant):
    return client.get("/settings/audit", headers=HTMX)


def auto_topup(client, tenant):
    form = {"enabled": "on", "below": "50", "pack": "pack-1000", "daily_cap": "2"}
    topups.connect(topups.Shop(lambda _: [topups.Pack("pack-1000", 1, "1")], lambda *_: topups.Paid()))
    try:
        return client.post("/settings/credits/rules/topup", form, headers=HTMX)
    finally:
        topups.connect(None)


def new_board(client, tenant):
    spend_boards(tenant)
    return client.post("/boards/new", {"key": str(uuid4())}, headers=HTMX)


def first_request(client, tenant):
    spend_boards(tenant)
    form = {"key": str(uuid4()), "model": "mock-scene", "prompt": "on oak", "variants": "1"}
    return client.post("/boards/", form, headers=HTMX)


def out_of_the_trash(client, tenant):
    gone = boards.create(tenant.actor, uuid4(), "Gone")
    boards.delete(tenant.actor, gone)
    spend_boards(tenant)
    return client.post(f"/boards/{gone}/restore", headers=HTMX)


@pytest.mark.parametrize(
    ("gate", "says", "offered", "back"),
    [
        (members, "belong to a plan for teams", "Team", "/settings/members/invite"),
        (seats, "not seats enough: the plan has 1", "Store 500", "/settings/members/invite"),
        (seats_of_old_invitations, "not seats enough: the plan has 2", "Store 500", "/boards/mugs?x=1"),
        (audit, "The audit log belongs to a larger plan", "Team", "/boards/mugs?x=1"),
        (auto_topup, "Automatic top-ups belong to a larger plan", "Pro", "/boards/mugs?x=1"),
        (new_board, "has room for 1 board,", "Pro", "/boards/mugs?x=1"),
        (first_request, "has room for 1 board,", "Pro", "/boards/mugs?x=1"),
        (out_of_the_trash, "has room for 1 board,", "Pro", "/boards/mugs?x=1"),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_a_closed_gate_opens_the_dialog_with_the_way_back(gate, says, offered, back, sold, tenant):
    answer = gate(client_of(tenant), tenant)
    assert answer.status_code == 402, answer.content
    assert answer["HX-Reswap"] == "none"
    text = dialog(answer)
    assert says in text
    assert offered in text
    links = set(re.findall(r'href="/billing/change\?[^"]*back=([^"]*)"', text))
    assert back_of(text) | {unquote(each) for each in links} == {back}


def test_without_a_script_a_page_says_the_same(sold, tenant):
    client = client_of(tenant)
    page = client.get("/settings/audit", headers={"Referer": "http://testserver/settings/members"})
    text = " ".join(page.content.decode().split())
    assert page.status_code == 402
    assert "The audit log belongs to a larger plan" in text
    assert back_of(text) == {"/settings/audit"}, "what was asked for"
    assert 'href="/settings/members">Back' in text
    spend_boards(tenant)
    answer = client.post("/boards/new", {"key": str(uuid4())}, headers={"Referer": "http://testserver/?q=a"})
    assert answer.status_code == 402
    assert 'href="/?q=a">Back' in " ".join(answer.content.decode().split())


def test_no_page_of_another_site_is_led_back_to(sold, tenant):
    client = client_of(tenant)
    for elsewhere in ("https://evil.example/x", "http://testserver.evil.example/", "not an address"):
        page = client.get("/settings/audit", headers={"Referer": elsewhere})
        assert "evil" not in page.content.decode()
        assert "evil" not in client.get("/billing/upgrade", headers={"Referer": elsewhere}).content.decode()


def test_a_program_is_told_the_code(sold, tenant):
    spend_boards(tenant)
    answer = client_of(tenant).post(
        "/boards/new", {"key": str(uuid4())}, headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (402, "upgrade_needed")
    assert "Your plan allows 1" in answer.json()["message"]


def test_after_the_payment_the_gate_is_open_and_the_draft_is_there(sold, tenant):
    client, who = client_of(tenant), new_address()
    form = {"emails": who, "role": "admin"}
    assert client.post("/settings/members/invite", form, headers=HTMX).status_code == 402
    back = client.get(pay(client, buy(client, "team", quantity=2, back="/settings/members/invite")))
    assert 'href="/settings/members/invite"' in back.content.decode()
    sheet = client.get("/settings/members/invite").content.decode()
    assert who in sheet
    assert re.search(r'value="admin"\s+checked', sheet)
    answer = client.post("/settings/members/invite", form, headers=HTMX)
    assert answer["HX-Redirect"] == "/settings/members"
    assert [each.email for each in workspaces.invitations(tenant.actor)] == [who]
    assert who not in client.get("/settings/members/invite").content.decode()


def test_a_draft_is_of_one_workspace(sold, tenant, new_tenant, admin):
    client, who = client_of(tenant), new_address()
    client.post("/settings/members/invite", {"emails": who, "role": "admin"}, headers=HTMX)
    other = new_tenant()
    admin.execute(
        "insert into organizations_membership (organization_id, user_id, role, created_at)"
        " values (%s, %s, 'admin', now())",
        [other.organization_id, tenant.user_id],
    )
    session = client.session
    session["organization"] = str(other.organization_id)
    session.save()
    assert who not in client.get("/settings/members/invite").content.decode()


def test_a_changed_plan_leads_back_too(sold, tenant):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "store-100")))
    page = client.get("/billing/upgrade", {"for": "audit"}, headers=HTMX).content.decode()
    address = re.search(r'href="(/billing/change\?[^"]*)"', page)
    assert address is not None
    preview = client.get(address[1].replace("&amp;", "&")).content.decode()
    form = dict(
        re.findall(
            r'<input type="hidden"\s+name="(key|price|quantity|at|seen|back)"\s+value="([^"]+)"', preview
        )
    )
    assert form["back"] == "/boards/mugs?x=1"
    answer = client.post("/billing/change", form, headers=HTMX)
    assert answer["HX-Redirect"] == "/boards/mugs?x=1"
    assert client.get("/settings/audit").status_code == 200


def test_what_waits_for_the_plan_says_so_and_leads_to_the_dialog(sold, tenant):
    client = client_of(tenant)
    board_id = uuid4()
    slug = boards.create(tenant.actor, board_id, "Mugs")
    generation.submit(tenant.actor, order(variants=6, board_id=board_id))
    page = " ".join(client.get(f"/boards/{slug}/").content.decode().split())
    assert "Queued by your plan: 4 pictures at a time." in page
    assert "More at a time" in page
    text = dialog(client.get("/billing/upgrade", {"for": "concurrent_jobs"}, headers=HTMX))
    assert "makes 4 pictures at a time" in text
    assert "Pro" in text
    assert back_of(text) == {"/boards/mugs?x=1"}


def test_with_nothing_sold_nobody_is_sent_to_a_shop(own_database, tenant):
    client = client_of(tenant)
    board_id = uuid4()
    slug = boards.create(tenant.actor, board_id, "Mugs")
    generation.submit(tenant.actor, order(variants=6, board_id=board_id))
    page = client.get(f"/boards/{slug}/").content.decode()
    assert "Queued by your plan" in page
    assert "More at a time" not in page
    answer = client.get("/settings/audit", headers=HTMX)
    assert answer.status_code == 402
    assert "no payment provider is connected" in answer.content.decode()


def test_who_pays_nothing_is_told_whom_to_ask(sold, tenant, new_tenant, admin):
    colleague = new_tenant()
    join(admin, colleague, tenant.organization_id, "member")
    spend_boards(tenant)
    answer = client_of(colleague).post("/boards/new", {"key": str(uuid4())}, headers=HTMX)
    assert answer.status_code == 402
    assert "Ask one of them" in answer.content.decode()
    assert "/billing/buy" not in answer.content.decode()


@pytest.mark.parametrize("gate", sorted(FEATURES | LIMITS | {"seats", "slots", "credits"}))
def test_every_gate_has_its_words_and_only_plans_that_help(gate, sold, tenant):
    from packshot.foundation.billing.queries import entitlement
    from packshot.foundation.billing.templatetags.money import gate_sentence

    on(tenant.organization_id, of="free", limits={"boards": 1})
    current = entitlement(tenant.actor)
    found = upgrades.larger(current, gate)
    assert found, gate
    for card in found:
        brings = {
            "seats": card.plan.per_seat or card.plan.seats > current.seats,
            "slots": card.plan.slots > current.slots,
            "credits": True,
            **{feature: feature in card.plan.features for feature in FEATURES},
            **{
                limit: card.plan.limits[limit] in (-1, *range(current.limits[limit] + 1, 1000))
                for limit in LIMITS
            },
        }
        assert brings[gate], (gate, card.key)
    text = dialog(client_of(tenant).get("/billing/upgrade", {"for": gate}, headers=HTMX))
    numbers = {**current.limits, "seats": current.seats, "slots": current.slots}
    assert gate_sentence(gate, numbers.get(gate)) in text


def test_there_is_no_other_gate(sold, tenant):
    assert client_of(tenant).get("/billing/upgrade", {"for": "nothing"}, headers=HTMX).status_code == 422
