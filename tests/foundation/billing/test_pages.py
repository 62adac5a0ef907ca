"""The pages of plans and payments over HTTP, with the mock behind them."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.test import Client

from packshot.foundation.billing import queries
from packshot.studio.credits.queries import balance
from tests.conformance.shops import CREDIT, price
from tests.foundation.billing.conftest import client_of, join

HTMX = {"HX-Request": "true"}


def buy(
    client: Client, item: str, interval: str | None = "month", quantity: int = 1, back: str = "/billing"
) -> str:
    """Press the button; the path of the provider's page."""
    form = {"key": str(uuid4()), "price": price(item, interval), "quantity": quantity, "back": back}
    response = client.post("/billing/buy", form, headers=HTMX)
    assert response.status_code == 200, response.content
    return str(response["HX-Redirect"]).partition("//")[2].partition("/")[2]


def pay(client: Client, path: str, card: str = "ok") -> str:
    """On the mock's page; where it leads back to."""
    assert client.get(f"/{path}").status_code == 200
    response = client.post(f"/{path}", {"card": card})
    assert response.status_code == 302
    return "/" + str(response["Location"]).partition("//")[2].partition("/")[2]


def test_without_a_provider_nothing_is_sold_and_the_page_says_so(own_database, tenant):
    client = client_of(tenant)
    for path in ("/pricing", "/billing"):
        assert b"no payment provider is connected" in client.get(path).content
        assert b"/billing/buy" not in client.get(path).content
    form = {"key": str(uuid4()), "price": price("team"), "back": "/"}
    assert client.post("/billing/buy", form).status_code == 409
    assert client.get("/mock-payments/clock").status_code == 404


def test_prices_are_everybodys_to_see(sold):
    page = Client().get("/pricing")
    assert page.status_code == 200
    assert "$25.00" in page.content.decode()
    assert b"Begin for free" in page.content


def test_buying_a_plan_leads_there_and_back_to_the_draft(sold, tenant):
    client = client_of(tenant)
    path = buy(client, "store-100", back="/boards/mugs")
    back = pay(client, path)
    page = client.get(back).content.decode()
    assert "it is paid" in page
    assert 'href="/boards/mugs"' in page
    assert balance(tenant.actor).available == 3000 * CREDIT
    mine = client.get("/billing").content.decode()
    assert "Store 100" in mine
    assert "visa 4242" in mine
    assert "$39.00" in mine


def test_without_a_script_a_link_leads_to_the_provider(sold, tenant):
    form = {"key": str(uuid4()), "price": price("pack-1000", None), "back": "/"}
    page = client_of(tenant).post("/billing/buy", form)
    assert page.status_code == 200
    assert re.search(rb'href="[^"]*/mock-payments/pay/co_', page.content)


def test_a_declined_card_says_so_and_the_page_stays_open(sold, tenant):
    client = client_of(tenant)
    path = buy(client, "pack-1000", None)
    refused = client.post(f"/{path}", {"card": "declined"})
    assert refused.status_code == 402
    assert b"declined" in refused.content
    pay(client, path)


def test_the_preview_is_what_is_confirmed(sold, tenant, hear):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "store-100")))
    page = client.get("/billing/change", {"price": price("store-500")}).content.decode()
    due = re.search(r"Change and pay \$([\d.]+)", page)
    more = re.search(r'class="plus">\s*\+([\d,]+)', page)
    assert due is not None
    assert more is not None
    form = dict(
        re.findall(r'<input type="hidden"\s+name="(key|price|quantity|at|seen)"\s+value="([^"]+)"', page)
    )
    before = balance(tenant.actor).available
    answer = client.post("/billing/change", form, headers=HTMX)
    assert answer["HX-Redirect"] == "/billing"
    assert balance(tenant.actor).available - before == int(more[1].replace(",", "")) * CREDIT
    newest = queries.invoices(tenant.actor)[0]
    assert f"{newest.total.major}" == due[1]


def test_cancel_is_noticed_and_taken_back(sold, tenant, hear):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "store-100")))
    client.post("/billing/cancel", {"key": str(uuid4())})
    page = client.get("/billing").content.decode()
    assert "ends on" in page
    assert "Keep the plan" in page
    client.post("/billing/resume", {"key": str(uuid4())})
    assert "Keep the plan" not in client.get("/billing").content.decode()


def test_an_unpaid_plan_has_one_way_out(sold, tenant, hear):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "store-100"), "fails_later"))
    client.post("/mock-payments/clock", {"days": "31"})
    client.post("/mock-payments/clock", {"days": "1"})
    page = client.get("/billing").content.decode()
    assert "The last payment did not work" in page
    invoice = re.search(r'href="[^"]*(/mock-payments/invoices/in_\w+)">Pay now', page)
    assert invoice is not None
    assert "Pay with another card" in client.get(invoice[1]).content.decode()
    portal = queries.standing(tenant.actor).customer
    client.post(f"/mock-payments/portal/{portal}", {"act": "card", "card": "ok"})
    assert "The last payment did not work" not in client.get("/billing").content.decode()
    assert balance(tenant.actor).available == 3000 * CREDIT


def test_refund_and_dispute_from_the_portal(sold, tenant, hear):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "pack-1000", None)))
    customer = queries.standing(tenant.actor).customer
    address = f"/mock-payments/portal/{customer}"
    (payment,) = set(re.findall(r"pay_\w+", client.get(address).content.decode()))
    client.post(address, {"act": "dispute", "ref": payment})
    assert balance(tenant.actor).available == 500 * CREDIT
    (dispute,) = set(re.findall(r"di_\w+", client.get(address).content.decode()))
    client.post(address, {"act": "won", "ref": dispute})
    assert balance(tenant.actor).available == 1500 * CREDIT
    client.post(address, {"act": "half", "ref": payment})
    assert balance(tenant.actor).available == 1000 * CREDIT


@pytest.mark.parametrize("script", [True, False])
def test_the_upgrade_dialog_knows_the_way_back(sold, tenant, script):
    headers = {**HTMX, "HX-Current-URL": "http://testserver/boards/mugs?x=1"} if script else {}
    query = {"for": "credits"} if script else {"for": "credits", "back": "/boards/mugs?x=1"}
    page = client_of(tenant).get("/billing/upgrade", query, headers=headers).content.decode()
    assert 'name="back" value="/boards/mugs?x=1"' in " ".join(page.split())
    assert ("<hx-partial" in page) is script


def test_no_way_back_leads_out_of_the_studio(sold, tenant):
    client = client_of(tenant)
    for away in ("//evil.example", "https://evil.example", "/\\evil.example"):
        path = buy(client, "pack-5000", None, back=away)
        assert 'href="/billing"' in client.get(pay(client, path)).content.decode()
        assert "evil" not in client.get("/pricing", {"back": away}).content.decode()


def test_every_page_says_what_is_wrong_with_the_plan(sold, tenant, hear):
    client = client_of(tenant)
    assert "plan-notice" not in client.get("/").content.decode()
    client.get(pay(client, buy(client, "pro")))
    assert "The trial ends in 1" in client.get("/").content.decode()
    client.post("/billing/cancel", {"key": str(uuid4())})
    assert "Keep the plan" in client.get("/").content.decode()


# Who may.


def test_a_member_sees_prices_and_touches_no_money(sold, tenant, new_tenant, admin):
    member, owner = new_tenant(), client_of(tenant)
    owner.get(pay(owner, buy(owner, "team", quantity=3)))
    join(admin, member, tenant.organization_id, "member")
    client = client_of(member)
    assert b"Ask one of them" in client.get("/pricing").content
    assert b"Ask one of them" in client.get("/billing/upgrade", {"for": "credits"}, headers=HTMX).content
    order = str(uuid4())
    tries = [
        client.get("/billing"),
        client.post("/billing/buy", {"key": order, "price": price("pack-1000", None), "back": "/"}),
        client.get("/billing/change", {"price": price("store-500")}),
        client.post(
            "/billing/change", {"price": price("store-500"), "key": order, "at": "2027-01-01T00:00Z"}
        ),
        client.post("/billing/cancel", {"key": order}),
        client.post("/billing/resume", {"key": order}),
        client.post("/billing/portal"),
    ]
    assert [answer.status_code for answer in tries] == [403] * len(tries)
    assert client.get("/mock-payments/clock").status_code == 404
    found = queries.standing(tenant.actor)
    assert (found.entitlement.plan, found.subscription.cancel_at) == ("team", None)
    assert queries.entitlement(member.actor.__class__(member.user_id, tenant.organization_id)).plan == "team"


def test_an_admin_may(sold, tenant, new_tenant, admin):
    colleague = new_tenant()
    join(admin, colleague, tenant.organization_id, "admin")
    client = client_of(colleague)
    client.get(pay(client, buy(client, "pack-1000", None)))
    assert balance(tenant.actor).available == 1500 * CREDIT


def test_strangers_find_neither_orders_nor_pages_of_the_mock(sold, tenant, new_tenant):
    mine, theirs = client_of(tenant), client_of(new_tenant())
    path = buy(mine, "store-100")
    order = str(sold.waiting(path.rpartition("/")[2]).order.id)
    back = pay(mine, path)
    mine.get(back)
    customer = queries.standing(tenant.actor).customer
    invoice = queries.invoices(tenant.actor)[0].ref
    for address in (
        f"/{path}",
        f"/billing/orders/{order}",
        f"/mock-payments/portal/{customer}",
        f"/mock-payments/invoices/{invoice}",
    ):
        assert mine.get(address).status_code == 200, address
        assert theirs.get(address).status_code == 404, address
        assert theirs.post(address, {"act": "card", "card": "declined"}).status_code in (404, 405)
        assert Client().get(address).status_code == 302


def test_the_hook_takes_signed_messages_only(sold, tenant):
    from packshot import wiring

    client = client_of(tenant)
    pay(client, buy(client, "pack-1000", None))
    (headers, body), *_ = wiring.mock_payments().unsent()
    post = {"data": body, "content_type": "application/json"}
    assert Client().post("/hooks/payments/mock/", **post).status_code == 401
    assert Client().post("/hooks/payments/mock/", **post, headers=headers).status_code == 204
    assert Client().post("/hooks/payments/mock/", **post, headers=headers).status_code == 204
    assert Client().post("/hooks/payments/stripe/", **post, headers=headers).status_code == 404


def test_what_is_done_with_money_is_in_the_audit_log(sold, tenant, admin, hear):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "store-500")))
    client.post("/billing/cancel", {"key": str(uuid4())})
    client.post("/billing/resume", {"key": str(uuid4())})
    found = admin.execute(
        "select action, actor_id from audit_event where organization_id = %s and action like 'billing.%%' order by id",
        [tenant.organization_id],
    ).fetchall()
    assert found == [
        ("billing.ordered", tenant.user_id),
        ("billing.period_paid", None),
        ("billing.cancelled", tenant.user_id),
        ("billing.resumed", tenant.user_id),
    ]
    assert "Period of the plan store-500" in client.get("/settings/audit").content.decode()
