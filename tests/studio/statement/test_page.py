"""The credits page and its CSV, through the front door."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from packshot.studio.credits import commands as credits_
from packshot.studio.credits import queries as wallets

PAGE = "/settings/credits"


def test_the_page_of_a_new_organization_teaches(tenant, browse):
    answer = browse(tenant.actor).get(PAGE)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Monthly allowance" in text
    assert "Nothing was used in these days" in text
    assert "After three whole days" in text
    assert 'aria-current="page"' in text
    assert "style=" not in text.partition("<main")[2]


def test_the_page_says_what_was_paid_for(tenant, browse, board, made):
    board_id, slug = board(tenant.actor, "Bottles <b>")
    made(tenant.actor, board_id, "on <i>oak</i>")
    text = browse(tenant.actor).get(PAGE).content.decode()
    assert "on &lt;i&gt;oak&lt;/i&gt;" in text
    assert "Bottles &lt;b&gt;" in text
    assert f"/boards/{slug}/#batch-" in text
    assert "By model" in text
    assert "Charged" in text
    assert "Held for work" not in text.partition('class="history"')[2], (
        "holds are shown when they are asked for"
    )
    held = browse(tenant.actor).get(PAGE, {"kind": "all"}).content.decode()
    assert "Held for work" in held.partition('class="history"')[2]


def test_what_was_bought_and_why_something_was_given_is_told(tenant, browse):
    """Entries with a note: a payment's has no reason, an operator's has one."""
    credits_.topup(tenant.organization_id, 7_000_000, key="pack", ref="pack", note={"pack": "pack-1000"})
    credits_.topup(
        tenant.organization_id, 8_000_000, key="gift", ref="gift", note={"reason": "a late picture"}
    )
    client = browse(tenant.actor)
    assert "a late picture" in client.get(PAGE).content.decode()
    assert b"a late picture" in b"".join(client.get(reverse("settings-credits-csv")))


def test_it_goes_on_page_by_page(tenant, browse, ledger):
    wallet = str(tenant.organization_id)
    packs = [
        {"kind": "topup", "wallet": wallet, "key": f"k{n}", "amount": n + 1, "ref": f"p{n}"}
        for n in range(120)
    ]
    ledger.apply(None, *packs)
    client = browse(tenant.actor)
    seen = 0
    address: str | None = PAGE
    for _ in range(9):
        if address is None:
            break
        text = client.get(address).content.decode()
        seen += text.count('class="history-line"')
        found = re.search(r'href="(\?[^"]*before=\d+[^"]*)#history"', text)
        address = PAGE + found.group(1).replace("&amp;", "&") if found else None
    assert seen == 121
    assert address is None


@pytest.mark.parametrize(
    "query", [{"kind": "nonsense"}, {"member": "1"}, {"since": "tomorrow"}, {"before": "-1"}, {"days": "8"}]
)
def test_an_address_that_cannot_be_read_is_refused_in_words(tenant, browse, query):
    assert browse(tenant.actor).get(PAGE, query).status_code == 422


def test_the_forecast_needs_days_and_then_is_a_range(new_tenant, browse, ledger):
    tenant = new_tenant()
    now = datetime.now(UTC)
    wallet = str(tenant.organization_id)
    ledger.connection.execute(
        "insert into statement_date (organization_id, day, first_seq) values (%s, %s, 1)",
        [tenant.organization_id, (now - timedelta(days=20)).date()],
    )
    for days in range(1, 15):
        ledger.connection.execute(
            "insert into statement_day values (%s, %s, gen_random_uuid(), gen_random_uuid(), 'm', 'o', %s)",
            [tenant.organization_id, (now - timedelta(days=days)).date(), 10_000_000 + days % 3 * 1_000_000],
        )
    text = browse(tenant.actor).get(PAGE).content.decode()
    assert "most likely between" in text
    assert "last 19 whole days" in text
    assert wallet


def test_csv_is_the_history(tenant, browse, board, made):
    board_id, _ = board(tenant.actor, "=1+1")
    made(tenant.actor, board_id, '+SUM(A1), "quoted"\nand broken')
    answer = browse(tenant.actor).get(reverse("settings-credits-csv"), {"kind": "all"})
    assert answer.status_code == 200
    assert answer.streaming
    assert "attachment" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(text)))
    log = wallets.entries(tenant.actor, 1000)
    assert [(row["entry"], row["kind"]) for row in found] == [(str(entry.seq), entry.kind) for entry in log]
    assert [round(float(row["credits"]) * 1_000_000) for row in found] == [entry.amount for entry in log]
    (charged, *_) = [row for row in found if row["kind"] == "debit"]
    assert charged["asked"] == '\'+SUM(A1), "quoted"\nand broken'
    assert charged["board"] == "'=1+1"
    assert charged["member"] == "A Person"


def test_csv_of_another_member_and_of_a_stranger(tenant, new_tenant, join, browse, board, made):
    member = join(tenant)
    made(tenant.actor, board(tenant.actor)[0], "not yours")
    for actor in (member, new_tenant().actor):
        text = b"".join(browse(actor).get(reverse("settings-credits-csv")).streaming_content).decode()
        assert "not yours" not in text
        assert "debit" not in text
        assert "monthly_reset" in text


def test_the_dialog_of_a_cap_says_who_can_raise_it(tenant, join, browse, board):
    member = join(tenant)
    _, slug = board(tenant.actor)
    credits_.set_cap(tenant.actor, member.user_id, 3_000_000)
    form = {
        "model": "mock-scene",
        "prompt": "on oak",
        "variants": "2",
        "key": "0190b3c4-0000-7000-8000-000000000001",
    }
    answer = browse(member).post(reverse("board-generate", args=[slug]), form, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "Your monthly cap of 3 credits is reached; an owner can raise it." in text
    assert "Make 1 instead" in text
    assert PAGE in text
    assert wallets.spendable(member).used == 0


def test_the_way_there_from_the_frame(tenant, browse):
    client = browse(tenant.actor)
    assert PAGE in client.get("/shell/credits").content.decode()
    home = client.get("/").content.decode()
    assert "Settings: Credits" in home
