"""Limits of the installation and of organizations, under many hands at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection

from packshot.settings import settings
from packshot.studio.generation import commands, operator, queries
from packshot.studio.generation.errors import SpendCapReached
from packshot.studio.generation.typical import measured
from tests.studio.generation.hand import Hand
from tests.worker.support import assert_books, order

CREDIT = 1_000_000
EACH = 50_000  # micro-dollars that a variant of mock-routes may cost


@pytest.fixture(autouse=True)
def nothing_spent(admin):
    admin.execute("update public.generation_job set cost = 0 where cost > 0")


@pytest.fixture
def cap(monkeypatch):
    def set_(dollars: str) -> None:
        monkeypatch.setattr(settings(), "daily_spend_usd", Decimal(dollars))

    return set_


def paid(**changes):
    return order(model="mock-routes", ratio="1:1", size=512, **changes)


def spent(admin) -> int:
    return admin.execute("select public.generation_spent_v1()").fetchone()[0]


def jobs(tenant):
    return [tile.job_id for batch in queries.running(tenant.actor).batches for tile in tiles(tenant, batch)]


def tiles(tenant, batch_id):
    return queries.batch(tenant.actor, batch_id).tiles


def test_paid_work_stops_at_the_day_s_limit_and_local_work_goes_on(tenant, admin, cap):
    cap("0.10")
    assert commands.submit(tenant.actor, paid(variants=2)).accepted == 2
    with pytest.raises(SpendCapReached) as raised:
        commands.submit(tenant.actor, paid())
    assert (raised.value.status, raised.value.code) == (503, "spend_cap_reached")
    assert "midnight UTC" in raised.value.message
    assert commands.submit(tenant.actor, order()).accepted == 1
    assert spent(admin) == 2 * EACH
    assert_books(admin, tenant.organization_id)


def test_an_order_that_would_pass_the_limit_is_refused_whole(tenant, admin, cap):
    cap("0.10")
    with pytest.raises(SpendCapReached):
        commands.submit(tenant.actor, paid(variants=3))
    assert spent(admin) == 0
    assert commands.submit(tenant.actor, paid(variants=2)).accepted == 2


def test_what_was_spent_yesterday_does_not_count(tenant, admin, cap):
    cap("0.05")
    commands.submit(tenant.actor, paid())
    admin.execute(
        "update public.generation_job set created_at = date_trunc('day', now(), 'UTC') - interval '1 s'"
        " where organization_id = %s",
        [tenant.organization_id],
    )
    assert commands.submit(tenant.actor, paid()).accepted == 1


def test_the_same_order_sent_again_is_answered_at_the_limit(tenant, cap):
    cap("0.05")
    asked = paid()
    assert commands.submit(tenant.actor, asked) == commands.submit(tenant.actor, asked)


def test_a_hundred_orders_at_once_never_pass_the_limit(new_tenant, admin, cap):
    cap("0.50")  # ten of a hundred
    tenants = [new_tenant() for _ in range(5)]
    ready = threading.Barrier(20)

    def buy(number: int) -> int:
        ready.wait(30)
        taken = 0
        try:
            for _ in range(5):
                taken += commands.submit(tenants[number % 5].actor, paid()).accepted
        except SpendCapReached:
            pass
        finally:
            connection.close()
        return taken

    with ThreadPoolExecutor(20) as threads:
        taken = sum(threads.map(buy, range(20)))
    assert taken == 10
    assert spent(admin) == 500_000


def test_what_another_process_has_just_taken_is_counted(new_tenant, admin, cap, login):
    """It holds the lock and has not committed: the order waits, and then finds nothing left."""
    first, second = new_tenant(), new_tenant()
    commands.submit(first.actor, paid())
    admin.execute("update public.generation_job set cost = 0 where cost > 0")
    cap("0.05")
    with ThreadPoolExecutor(1) as threads, login("packshot_worker") as watcher:
        with admin.transaction():
            admin.execute("select pg_advisory_xact_lock(8730010)")
            admin.execute(
                "update public.generation_job set cost = %s where organization_id = %s",
                [EACH, first.organization_id],
            )
            waiting = threads.submit(_bought, second)
            blocked = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            while watcher.execute(blocked).fetchone()[0] == 0:
                assert not waiting.done()
        assert waiting.result(30) == 0


def _bought(tenant) -> int:
    try:
        return commands.submit(tenant.actor, paid()).accepted
    except SpendCapReached:
        return 0
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("begun", "outcome", "facts", "cost"),
    [
        (True, "succeeded", {}, EACH),
        (True, "succeeded", {"cost": 20_000}, 20_000),
        (True, "succeeded", {"cost": 90_000}, EACH),
        (True, "failed", {"code": "content_policy"}, 0),
        (True, "failed", {"code": "provider_unavailable"}, 0),
        (True, "failed", {"code": "submit_unknown"}, EACH),
        (True, "failed", {"code": "timeout"}, EACH),
        (False, "failed", {"code": "invalid_input"}, 0),
        (False, "cancelled", {"code": "cancelled"}, 0),
    ],
)
def test_what_counts_is_mended_when_the_job_ends(tenant, admin, login, begun, outcome, facts, cost):
    hand = Hand(login("packshot_worker"))
    commands.submit(tenant.actor, paid())
    assert spent(admin) == EACH
    claims = hand.claim(tenant.organization_id, *jobs(tenant))
    if begun:
        assert hand.submitting(claims) == [True]
    assert hand.settle(claims, outcome, message="x", **facts) == ["settled"]
    assert spent(admin) == cost


def test_a_job_that_is_cancelled_in_the_queue_costs_nothing(tenant, admin):
    taken = commands.submit(tenant.actor, paid(variants=3))
    commands.cancel_batch(tenant.actor, taken.batch_id)
    assert spent(admin) == 0


# --- How much at once -----------------------------------------------------------------------------------------------


def released(admin, tenant) -> int:
    return admin.execute(
        "select count(*) from public.generation_job where organization_id = %s and released"
        " and finished_at is null",
        [tenant.organization_id],
    ).fetchone()[0]


def test_an_organization_has_the_limit_that_the_operator_set(tenant, admin):
    operator.limit(tenant.organization_id, 2)
    taken = commands.submit(tenant.actor, order(variants=6))
    assert released(admin, tenant) == 2
    operator.limit(tenant.organization_id, 4)
    first = tiles(tenant, taken.batch_id)[0]
    commands.cancel_job(tenant.actor, first.job_id)
    assert released(admin, tenant) == 4
    operator.limit(tenant.organization_id, None)
    commands.cancel_job(tenant.actor, tiles(tenant, taken.batch_id)[1].job_id)
    assert released(admin, tenant) == 4


def test_how_long_work_waits_is_guessed_from_the_organization_s_own_limit(own_database, tenant):
    measured.forget()  # how long other tests' work took
    operator.limit(tenant.organization_id, 1)
    taken = commands.submit(tenant.actor, order(variants=4))
    estimates = [tile.estimate for tile in tiles(tenant, taken.batch_id)]
    assert estimates == sorted(estimates)
    assert estimates[0] < estimates[3]


def claim(connection, tenant, ids, inflight):
    found = connection.execute(
        "select public.generation_claim_v1(%s, %s, 'hand', 60, %s)",
        [[tenant.organization_id] * len(ids), ids, inflight],
    ).fetchone()[0]
    return [one for one in found if one and "token" in one], [one for one in found if one and "rest" in one]


def under_way(admin) -> int:
    return admin.execute(
        "select count(*) from public.generation_job where released and finished_at is null and lane = 'advance'"
        " and (state = 'running' or provider_ref is not null)"
    ).fetchone()[0]


def test_no_more_jobs_are_under_way_than_the_installation_may_have(tenant, admin, login):
    worker = login("packshot_worker")
    hand = Hand(worker)
    operator.limit(tenant.organization_id, 8)
    commands.submit(tenant.actor, order(variants=6))
    ids, limit = jobs(tenant), under_way(admin) + 2
    taken, resting = claim(worker, tenant, ids, limit)
    assert (len(taken), len(resting)) == (2, 4)
    assert all(0 < one["rest"] < 2 for one in resting)
    # A job that waits for its provider has its place still, and is let on to its next poll.
    assert hand.park(taken[:1], after_s=0) == [True]
    again, resting = claim(worker, tenant, ids, limit)
    assert [one["job"] for one in again] == [taken[0]["job"]]
    assert len(resting) == 5  # the four that wait, and the one under its lease
    assert hand.settle(again) == ["settled"]
    fresh, _ = claim(worker, tenant, ids, limit)
    assert len(fresh) == 1


def test_workers_that_claim_at_once_do_not_pass_the_limit_together(new_tenant, admin, login):
    tenants = [new_tenant() for _ in range(6)]
    for each in tenants:
        operator.limit(each.organization_id, 8)
        commands.submit(each.actor, order(variants=8))
    limit = under_way(admin) + 5
    ready = threading.Barrier(6)
    workers = [(each, login("packshot_worker"), jobs(each)) for each in tenants]

    def take(one) -> int:
        each, worker, ids = one
        ready.wait(30)
        return sum(len(claim(worker, each, [job_id], limit)[0]) for job_id in ids)

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(take, workers)) == 5
    assert under_way(admin) == limit


def test_the_plain_name_of_the_setting_is_read_too(monkeypatch):
    from packshot.settings import Settings

    monkeypatch.setenv("GENERATION_MAX_INFLIGHT", "12")
    assert Settings().max_inflight == 12
    monkeypatch.setenv("PACKSHOT_MAX_INFLIGHT", "7")
    assert Settings().max_inflight == 7
