"""Invoices as files: of the mock and of invoices by hand; for those who look after the organization's money."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from re import findall

import pytest
from django.test import Client
from django.utils.translation import override

from packshot.foundation.billing import commands, invoices, queries
from packshot.foundation.billing.paper import Paper, draw
from packshot.ports.money import Money
from packshot.ports.payment_states import InvoiceLine, InvoiceState
from packshot.settings import settings
from tests.foundation.billing.conftest import client_of, join
from tests.foundation.billing.test_manual import order
from tests.foundation.billing.test_pages import buy, pay

NOW = datetime(2027, 3, 5, tzinfo=UTC)


def invoice(**changes: object) -> InvoiceState:
    line = InvoiceLine(
        "?", Money(103740, "eur"), 3, "team-1-month-eur-4500", NOW, NOW + timedelta(days=31), False
    )
    found = InvoiceState(
        ref="in_1", customer="cu_1", subscription="sub_1", order=None, number="R-7", status="paid", reason="start",
        total=Money(123450, "eur"), tax=Money(19710, "eur"), due=Money(0, "eur"), created_at=NOW, due_at=NOW,
        paid_at=NOW, next_attempt_at=None, payment=None, lines=(line,), hosted_url=None, pdf_url=None,
    )  # fmt: skip
    return replace(found, **changes)


def paper(found: InvoiceState) -> Paper:
    return invoices._paper(found, {"team-1-month-eur-4500": "Team"}, "Kiln & Co")


def pages(document: bytes) -> int:
    return len(findall(rb"/Type /Page\b", document))


def test_what_stands_on_it_in_both_languages(monkeypatch):
    monkeypatch.setattr(settings(), "seller", "Brenn GmbH\nTöpfergasse 1")
    with override("en"):
        english = paper(invoice())
    assert (english.title, english.sender) == ("Invoice R-7", ("Brenn GmbH", "Töpfergasse 1"))
    assert english.lines == (("Team × 3", "March 5, 2027 – April 5, 2027", "€1,037.40"),)
    assert english.sums == (("Without tax", "€1,037.40"), ("Tax", "€197.10"), ("Total", "€1,234.50"))
    assert english.end == "Paid. Thank you."
    with override("de"):
        german = paper(invoice())
    assert (german.language, german.title) == ("de", "Rechnung R-7")
    assert german.lines[0][2] == "1.037,40\N{NO-BREAK SPACE}€"
    assert ("Bezahlt am", "5. März 2027") in german.facts


def test_what_is_owed_and_what_is_void_say_so():
    due = Money(123450, "eur")
    with override("en"):
        assert paper(invoice(status="open", paid_at=None, due=due)).end == "Still to pay: €1,234.50"
        assert ("To be paid by", "March 5, 2027") in paper(
            invoice(status="open", paid_at=None, due=due)
        ).facts
        assert "nothing is to pay" in paper(invoice(status="void", paid_at=None)).end


def test_a_difference_is_named_by_what_it_is():
    back = InvoiceLine("?", Money(-2300, "eur"), 1, "team-1-month-eur-4500", None, None, True)
    with override("en"):
        named = [
            line[0] for line in paper(invoice(lines=(back, replace(back, amount=Money(1, "eur"))))).lines
        ]
        unknown = paper(invoice(lines=(replace(back, price="gone", description="Carriage"),))).lines[0][0]
    assert named == ["Unused time of Team", "The rest of the period with Team"]
    assert unknown == "Carriage"


def test_it_is_one_page_of_text_in_any_of_our_scripts():
    first = draw(replace(paper(invoice()), receiver=("Студия Ёлка", "Παράδειγμα", "Zażółć " * 30)))
    assert first.startswith(b"%PDF-")
    assert b"/Lang" in first
    assert pages(first) == 1
    assert first == draw(replace(paper(invoice()), receiver=("Студия Ёлка", "Παράδειγμα", "Zażółć " * 30)))
    assert first.count(b"/FontFile2") == 2, "both weights are in it"


def test_many_lines_go_on_the_next_page():
    line = invoice().lines[0]
    assert pages(draw(paper(invoice(lines=(line,) * 40)))) > 1


def test_the_mocks_invoices_are_files_for_those_who_pay(sold, tenant, new_tenant, admin):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "team", quantity=3)))
    [found] = queries.invoices(tenant.actor)
    page = client.get("/billing").content.decode()
    address = f"/billing/invoices/{found.ref}.pdf"
    assert f'href="{settings().address}{address}"' in page
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == f'inline; filename="{found.number}.pdf"'
    assert "no-store" in answer["Cache-Control"]
    assert pages(answer.content) == 1
    colleague, member, stranger = new_tenant(), new_tenant(), new_tenant()
    join(admin, colleague, tenant.organization_id, "admin")
    join(admin, member, tenant.organization_id, "member")
    assert client_of(colleague).get(address).status_code == 200
    assert client_of(member).get(address).status_code == 403
    assert client_of(stranger).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert client.get("/billing/invoices/in_none.pdf").status_code == 404


@pytest.mark.usefixtures("by_hand")
def test_an_invoice_by_hand_is_a_file_also_with_an_odd_number(tenant):
    commands.mark_paid(order(tenant, "team", quantity=2).id, "2027/1 ö", tax=200)
    [found] = queries.invoices(tenant.actor)
    client = client_of(tenant)
    address = found.pdf_url.removeprefix(settings().address)
    assert found.pdf_url in client.get("/billing").content.decode()
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'inline; filename="2027-1-.pdf"'


def test_a_providers_own_file_is_not_set_here_again(sold, tenant, admin):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "store-100")))
    [found] = queries.invoices(tenant.actor)
    admin.execute(
        "update billing_record set state = jsonb_set(state, '{pdf_url}', '\"https://pay.example/in.pdf\"')"
        " where kind = 'invoice'"
    )
    assert client.get(f"/billing/invoices/{found.ref}.pdf").status_code == 404
    assert "https://pay.example/in.pdf" in client.get("/billing").content.decode()
