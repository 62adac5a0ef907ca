"""A low balance is told once a crossing, and no mail goes out twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from packshot.errors import Forbidden, Invalid
from packshot.foundation.letters import commands as letters
from packshot.studio.credits import commands, notices
from packshot.studio.credits.money import MICRO
from tests.studio.credits.conftest import Ledger


@pytest.fixture
def told(ledger: Ledger) -> Callable[[UUID], list[dict]]:
    """The letters of an organization."""
    return lambda organization: ledger.rows(
        "select kind, body, due_at, sent_at, tries from letters_letter where organization_id = %s order by id",
        organization,
    )


def spend(tenant, amount: int) -> UUID:
    hold = uuid4()
    commands.reserve(tenant.organization_id, [(hold, amount)], key=f"r{hold}", expires_in=600)
    commands.finalize(hold, amount, key=f"f{hold}", policy="cap")
    return hold


def test_each_crossing_is_told_once(tenant, told):
    notices.set_watch(tenant.actor, 100 * MICRO)
    spend(tenant, 390 * MICRO)
    assert told(tenant.organization_id) == []
    spent = spend(tenant, 20 * MICRO)
    spend(tenant, 20 * MICRO)
    (notice,) = told(tenant.organization_id)
    assert notice["kind"] == "credits.low_balance"
    assert (notice["body"]["below"], notice["body"]["left"]) == (100 * MICRO, 90 * MICRO)
    assert notices.watch(tenant.actor) == notices.Watch(100 * MICRO, True)
    commands.refund(spent, 20 * MICRO, key="back")
    commands.topup(tenant.organization_id, 20 * MICRO, key="pack", ref="pack")
    assert notices.watch(tenant.actor) == notices.Watch(100 * MICRO, False)
    spend(tenant, 50 * MICRO)
    assert len(told(tenant.organization_id)) == 2


def test_what_is_held_is_not_gone(tenant, told):
    """Holds come and go with every request; only what is spent makes a balance low."""
    notices.set_watch(tenant.actor, 100 * MICRO)
    hold = uuid4()
    commands.reserve(tenant.organization_id, [(hold, 450 * MICRO)], key="r", expires_in=600)
    commands.release(hold, key="e")
    assert told(tenant.organization_id) == []


def test_a_threshold_above_the_balance_is_no_crossing(tenant, told):
    notices.set_watch(tenant.actor, 600 * MICRO)
    assert notices.watch(tenant.actor) == notices.Watch(600 * MICRO, True)
    spend(tenant, MICRO)
    assert told(tenant.organization_id) == []
    notices.set_watch(tenant.actor, None)
    assert notices.watch(tenant.actor) is None


def test_time_alone_crosses_too(ledger, new_tenant, told):
    """What runs out while nobody does anything is booked by the worker's round, and told."""
    tenant = new_tenant()
    now = datetime.now(UTC)
    ledger.apply(
        now,
        {
            "kind": "grant",
            "wallet": str(tenant.organization_id),
            "key": "gift",
            "amount": 100 * MICRO,
            "source": "promotional",
            "ref": "gift",
            "expires_at": (now + timedelta(minutes=1)).isoformat(),
        },
    )
    notices.set_watch(tenant.actor, 550 * MICRO)
    ledger.one("select credits_tidy_at_v1(100000, %s)", now + timedelta(minutes=2))
    assert [notice["kind"] for notice in told(tenant.organization_id)] == ["credits.low_balance"]


def test_many_at_the_edge_are_told_of_once(tenant, told):
    notices.set_watch(tenant.actor, 450 * MICRO)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: spend(tenant, MICRO), range(100)))
    assert len(told(tenant.organization_id)) == 1


def test_the_mail_goes_to_owners_and_admins(as_worker, new_tenant, ledger, join, outbox):
    tenant = new_tenant()
    join(tenant)
    join(tenant, "admin")
    notices.set_watch(tenant.actor, 100 * MICRO)
    ledger.apply(
        None, {"kind": "adjust", "wallet": str(tenant.organization_id), "key": "a", "amount": -450 * MICRO}
    )
    as_worker()
    assert letters.deliver() == 2
    assert letters.deliver() == 0
    assert [tenant.email] in [message.to for message in outbox]
    assert len({message.to[0] for message in outbox}) == 2, "not the member"
    for message in outbox:
        assert message.subject == "50 credits are left"
        assert "below the 100" in message.body
        assert "/settings/credits" in message.body


def test_members_and_nonsense_are_refused(tenant, new_tenant, join):
    member = join(tenant)
    with pytest.raises(Forbidden):
        notices.set_watch(member, 100 * MICRO)
    with pytest.raises(Invalid):
        notices.set_watch(tenant.actor, 0)
    notices.set_watch(tenant.actor, 100 * MICRO)
    assert notices.watch(member).below == 100 * MICRO
    assert notices.watch(new_tenant().actor) is None
