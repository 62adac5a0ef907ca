"""The Python side of the ledger: typed answers, errors, balances as a member reads them."""

from __future__ import annotations

import pytest
from django.db import transaction
from uuid_utils.compat import uuid7

from packshot.errors import Forbidden, Invalid, NotFound
from packshot.studio.credits import commands, errors, queries
from packshot.studio.credits.money import MICRO, format_credits, micro

FREE = 500 * MICRO


def test_a_new_organization_has_the_free_allowance(tenant):
    found = queries.balance(tenant.actor)
    assert (found.available, found.held, found.debt, found.allowance) == (FREE, 0, 0, FREE)
    assert [lot.source for lot in found.lots] == ["included"]
    assert found.lots[0].expires_at == found.next_reset_at
    assert found.next_reset_at.day == 1


def test_the_road_of_a_hold(tenant):
    wallet, hold = tenant.organization_id, uuid7()
    reserved = commands.reserve(wallet, [(hold, 10 * MICRO)], key="r", expires_in=60, actor=tenant.user_id)
    assert reserved.holds == {hold: 10 * MICRO}
    assert queries.balance(tenant.actor).held == 10 * MICRO
    done = commands.finalize(hold, 7 * MICRO, key="f", policy="cap")
    assert (done.charged, done.released, done.late) == (7 * MICRO, 3 * MICRO, False)
    assert commands.finalize(hold, 7 * MICRO, key="f", policy="cap") == done
    assert commands.refund(hold, 2 * MICRO, key="b").after.available == FREE - 5 * MICRO
    kinds = [entry.kind for entry in queries.entries(tenant.actor)]
    assert kinds == ["refund", "release", "debit", "reserve", "monthly_reset"]
    assert [entry.seq for entry in queries.entries(tenant.actor, limit=2, before=4)] == [3, 2]


def test_refusals_are_errors_with_what_is_missing(tenant):
    wallet = tenant.organization_id
    with pytest.raises(errors.InsufficientCredits) as caught:
        commands.reserve(wallet, [(uuid7(), FREE + 1)], key="r", expires_in=60)
    assert caught.value.status == 402
    assert caught.value.detail == {
        "code": "insufficient_credits",
        "needed": FREE + 1,
        "available": FREE,
    }
    with pytest.raises(NotFound):
        commands.release(uuid7(), key="x")
    with pytest.raises(Invalid, match="micro-credits"):
        commands.grant(wallet, 0, key="g", source="promotional", ref="x")
    commands.grant(wallet, 1, key="g1", source="promotional", ref="x")
    with pytest.raises(errors.KeyReused):
        commands.grant(wallet, 2, key="g1", source="promotional", ref="x")
    with pytest.raises(errors.AlreadyGranted):
        commands.grant(wallet, 1, key="g2", source="promotional", ref="x")


def test_inside_a_transaction_a_command_belongs_to_it(tenant):
    hold = uuid7()
    with pytest.raises(RuntimeError), transaction.atomic():
        commands.reserve(tenant.organization_id, [(hold, MICRO)], key="r", expires_in=60)
        raise RuntimeError
    with pytest.raises(NotFound):
        commands.release(hold, key="x")
    assert queries.balance(tenant.actor).held == 0


def test_nobody_reads_anothers_balance(new_tenant):
    from packshot.db.tenancy import Actor

    mine, other = new_tenant(), new_tenant()
    with pytest.raises(Forbidden):
        queries.balance(Actor(user_id=mine.user_id, organization_id=other.organization_id))
    assert queries.entries(Actor(user_id=mine.user_id, organization_id=other.organization_id)) == []


@pytest.mark.parametrize(
    ("text", "amount"), [("1.25", 1_250_000), ("0.000001", 1), ("1,000", 1_000 * MICRO), ("-3", -3 * MICRO)]
)
def test_money(text, amount):
    assert format_credits(amount) == text
    assert micro(text.replace(",", "")) == amount


@pytest.mark.parametrize("bad", ["0.0000001", "x", "nan", "1e30"])
def test_money_refuses(bad):
    with pytest.raises(ValueError, match="not an amount"):
        micro(bad)
