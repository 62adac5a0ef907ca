"""C8: monthly caps of members on the shared wallet, decided with the wallet."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from packshot.db.tenancy import Actor
from packshot.errors import Forbidden, Invalid, NotFound
from packshot.studio.credits import commands, errors, queries
from packshot.studio.credits.money import MICRO
from packshot.studio.credits.verify import reading, verify

CALLERS = 16


def reserve(actor: Actor, amount: int, *, partial: bool = False, holds: int = 1) -> commands.Reserved:
    return commands.reserve(
        actor.organization_id,
        [(uuid4(), amount) for _ in range(holds)],
        key=str(uuid4()),
        expires_in=600,
        partial=partial,
        actor=actor.user_id,
    )


def is_right(wallet: UUID) -> None:
    with reading() as connection:
        assert verify(connection, wallet).differences == []


def test_a_cap_is_reached_and_told_in_words(tenant, join):
    member = join(tenant)
    commands.set_cap(tenant.actor, member.user_id, 10 * MICRO)
    held = reserve(member, 7 * MICRO)
    with pytest.raises(errors.MemberCapReached) as met:
        reserve(member, 4 * MICRO)
    assert met.value.code == "member_cap_reached"
    assert met.value.message == "Your monthly cap of 10 credits is reached; an owner can raise it."
    assert met.value.detail == {
        "code": "member_cap_reached",
        "needed": 4 * MICRO,
        "available": 3 * MICRO,
        "cap": 10 * MICRO,
    }
    assert queries.spendable(member) == queries.Spendable(493 * MICRO, 10 * MICRO, 7 * MICRO)
    assert reserve(tenant.actor, 400 * MICRO).holds, "others are not in it"

    # What is charged stays, what is given back and refunded leaves room again.
    (hold,) = held.holds
    commands.finalize(hold, 5 * MICRO, key="f", policy="cap")
    assert queries.spendable(member).room == 5 * MICRO
    commands.refund(hold, 5 * MICRO, key="b")
    assert queries.spendable(member).room == 10 * MICRO
    (hold,) = reserve(member, 10 * MICRO).holds
    commands.release(hold, key="r")
    assert reserve(member, 10 * MICRO).holds
    is_right(tenant.organization_id)


def test_what_was_used_before_the_cap_counts(tenant, join):
    member = join(tenant)
    reserve(member, 8 * MICRO)
    commands.set_cap(tenant.actor, member.user_id, 10 * MICRO)
    with pytest.raises(errors.MemberCapReached):
        reserve(member, 3 * MICRO)
    commands.set_cap(tenant.actor, member.user_id, 11 * MICRO)
    assert reserve(member, 3 * MICRO).holds
    commands.set_cap(tenant.actor, member.user_id, 5 * MICRO)
    assert queries.spendable(member).room == 0, "a cap below what was used takes nothing back"
    commands.set_cap(tenant.actor, member.user_id, None)
    assert reserve(member, 300 * MICRO).holds
    is_right(tenant.organization_id)


def test_a_part_of_an_order_is_held_as_far_as_the_cap_reaches(tenant, join):
    member = join(tenant)
    commands.set_cap(tenant.actor, member.user_id, 5 * MICRO)
    answer = reserve(member, 2 * MICRO, partial=True, holds=4)
    assert (len(answer.holds), len(answer.refused)) == (2, 2)
    with pytest.raises(errors.MemberCapReached):
        reserve(member, 2 * MICRO, partial=True, holds=4)


def test_a_new_month_is_a_new_count_and_an_old_hold_stays_in_its_month(ledger, join, new_tenant):
    tenant = new_tenant()
    member = join(tenant)
    commands.set_cap(tenant.actor, member.user_id, 10)
    now = datetime.now(UTC)
    next_month = (now.replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    wallet, actor = str(tenant.organization_id), str(member.user_id)

    def hold(at: datetime, amount: int) -> tuple[str, str]:
        found = str(uuid4())
        (answer,) = ledger.apply(
            at,
            {
                "kind": "reserve",
                "wallet": wallet,
                "key": found,
                "actor": actor,
                "holds": [{"id": found, "amount": amount}],
                "partial": False,
                "expires_in": 90 * 86400,
            },
        )
        return found, answer.get("code", "ok")

    old, _ = hold(now, 10)
    assert hold(now, 1)[1] == "member_cap_reached"
    assert hold(next_month - timedelta(microseconds=1), 1)[1] == "member_cap_reached"
    assert hold(next_month, 6)[1] == "ok"
    # The old one ends in the new month: its room was the old month's.
    (ended,) = ledger.apply(next_month, {"kind": "release", "key": "end", "hold": old})
    assert ended["ok"]
    assert hold(next_month, 5)[1] == "member_cap_reached"
    assert hold(next_month, 4)[1] == "ok"
    is_right(tenant.organization_id)


def test_within_one_call_what_ends_leaves_room_for_what_begins(ledger, tenant, join):
    member = join(tenant)
    commands.set_cap(tenant.actor, member.user_id, 10)
    first, second, third = (str(uuid4()) for _ in range(3))
    common = {"wallet": str(tenant.organization_id), "actor": str(member.user_id)}

    def asks(hold: str) -> dict[str, Any]:
        body = {"kind": "reserve", "key": hold, "holds": [{"id": hold, "amount": 8}]}
        return {**common, **body, "partial": False, "expires_in": 600}

    answers = ledger.apply(
        None,
        asks(first),
        asks(second),
        {"kind": "release", "key": "end", "hold": first},
        asks(third),
    )
    assert [answer.get("code", "ok") for answer in answers] == ["ok", "member_cap_reached", "ok", "ok"]


def test_c8_cap_and_wallet_both_near_their_end_and_neither_is_exceeded(tenant, join):
    """200 reserves of one credit by two capped members and one without a cap: 30 + 40 + what is left of the wallet."""
    members = [join(tenant), join(tenant)]
    for member, cap in zip(members, (30, 40), strict=True):
        commands.set_cap(tenant.actor, member.user_id, cap * MICRO)
    reserve(tenant.actor, 400 * MICRO)  # of 500: 100 are left for all three
    people = [*members, tenant.actor]

    def one(n: int) -> tuple[int, str]:
        who = n % 3
        try:
            reserve(people[who], MICRO)
        except errors.MemberCapReached:
            return who, "cap"
        except errors.InsufficientCredits:
            return who, "wallet"
        return who, "ok"

    with ThreadPoolExecutor(CALLERS) as pool:
        told = Counter(pool.map(one, range(300)))
    got = [told[who, "ok"] for who in range(3)]
    assert sum(got) == 100
    assert got[0] <= 30
    assert got[1] <= 40
    assert told[2, "cap"] == 0
    assert queries.balance(tenant.actor).available == 0
    is_right(tenant.organization_id)


def test_c8_one_member_from_many_threads_gets_exactly_the_cap(tenant, join):
    member = join(tenant)
    commands.set_cap(tenant.actor, member.user_id, 25 * MICRO)

    def one(_: int) -> str:
        try:
            (hold,) = reserve(member, MICRO).holds
        except errors.MemberCapReached:
            return "cap"
        return str(hold)

    with ThreadPoolExecutor(CALLERS) as pool:
        told = list(pool.map(one, range(120)))
    held = [UUID(each) for each in told if each != "cap"]
    assert len(held) == 25
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(lambda hold: commands.release(hold, key=f"r{hold}"), held[:10]))
    assert queries.spendable(member).room == 10 * MICRO
    is_right(tenant.organization_id)


def test_a_cap_that_is_lowered_meets_a_reserve_under_one_lock(tenant, join, login, admin):
    """Who lowers a cap while a reserve is under way waits for it, and the next reserve knows the new cap."""
    member = join(tenant)
    commands.set_cap(tenant.actor, member.user_id, 10 * MICRO)
    worker = login("packshot_worker")
    lowered = threading.Thread(target=commands.set_cap, args=(tenant.actor, member.user_id, 2 * MICRO))
    with worker.transaction():
        worker.execute(
            "select credits_reserve_v1(%s, 'mine', %s, %s::jsonb, false, 600, null)",
            [tenant.organization_id, member.user_id, f'[{{"id": "{uuid4()}", "amount": {5 * MICRO}}}]'],
        )
        lowered.start()
        waiting = "select count(*) from pg_stat_activity where %s = any(pg_blocking_pids(pid))"
        while admin.execute(waiting, [worker.info.backend_pid]).fetchone() == (0,):
            assert lowered.is_alive()
    lowered.join(60)
    assert queries.spendable(member) == queries.Spendable(495 * MICRO, 2 * MICRO, 5 * MICRO)
    with pytest.raises(errors.MemberCapReached):
        reserve(member, MICRO)


def test_owners_and_admins_set_caps_and_nobody_else(tenant, new_tenant, join):
    member, admin_, stranger = join(tenant), join(tenant, "admin"), new_tenant()
    with pytest.raises(Forbidden):
        commands.set_cap(member, member.user_id, 1000 * MICRO)
    with pytest.raises(Forbidden):
        queries.caps(member)
    with pytest.raises(NotFound):
        commands.set_cap(stranger.actor, member.user_id, 0)
    with pytest.raises(Forbidden):
        commands.set_cap(Actor(stranger.user_id, tenant.organization_id), member.user_id, 0)
    with pytest.raises(Invalid):
        commands.set_cap(tenant.actor, member.user_id, -1)
    commands.set_cap(admin_, member.user_id, 3 * MICRO)
    found = queries.caps(tenant.actor)
    assert {each.member_id: each.cap for each in found.values()} == {
        tenant.user_id: None,
        member.user_id: 3 * MICRO,
        admin_.user_id: None,
    }


def test_verify_compares_the_counters_with_the_holds(tenant, admin, join):
    """Tampering with one tenant's rows, and looking at that tenant alone."""
    member, wallet = join(tenant), tenant.organization_id
    reserve(member, 5)
    admin.execute("update credits_membermonth set used = used + 1 where organization_id = %s", [wallet])
    with reading() as connection:
        (found,) = verify(connection, wallet).differences
    assert found.wallet_id == wallet
    assert "has used 6" in found.what
    assert "5 by the holds" in found.what
    admin.execute("update credits_membermonth set used = used - 1 where organization_id = %s", [wallet])
    is_right(wallet)
    admin.execute(
        "update credits_hold set member_id = %s where organization_id = %s", [tenant.user_id, wallet]
    )
    with reading() as connection:
        whats = [found.what for found in verify(connection, wallet).differences]
    assert any("the log says" in what for what in whats)
    admin.execute(
        "update credits_hold set member_id = %s where organization_id = %s", [member.user_id, wallet]
    )
    is_right(wallet)
