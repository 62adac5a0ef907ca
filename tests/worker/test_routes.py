"""A provider that is out is gone around, inside the same hold; one that has the work, or refused it, never is."""

from __future__ import annotations

import pytest

from packshot.settings import settings
from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import BatchState
from tests.worker.support import assert_books, order, polled, settled, wait_for, worker_process

CREDIT = 1_000_000
OUTAGES = ["provider_unavailable", "rate_limited", "quota_exhausted"]


@pytest.fixture(autouse=True)
def rested(admin):
    """Every test begins with providers that have not failed."""
    admin.execute("delete from public.generation_provider")


def routed(**changes):
    return order(model="mock-routes", ratio="1:1", size=512, **changes)


def run(tenant, **changes):
    # The first one waits for the worker to start.
    return settled(tenant.actor, commands.submit(tenant.actor, routed(**changes)).batch_id, 60)


def submits(provider, tile) -> int:
    from packshot.adapters.mock.provider import MockProvider

    return MockProvider(settings().home / provider, now=lambda: 0.0).submits(tile.job_id)


def asked(tile) -> tuple[int, int]:
    """How often the first and the second provider were asked for it."""
    return submits("mock", tile), submits("mock-second", tile)


def breaker(admin, name="mock"):
    return admin.execute(
        "select state, failures, code from public.generation_provider where name = %s", [name]
    ).fetchone()


@pytest.mark.parametrize("code", OUTAGES)
def test_what_one_provider_cannot_make_now_the_next_makes_for_the_same_credits(tenant, worker, admin, code):
    batch = run(tenant, script={"fail": code, "fails_at": ["mock"], "delay_s": 0.01})
    (tile,) = batch.tiles
    assert batch.state is BatchState.SUCCEEDED
    assert tile.made_by == "Second mock"
    assert asked(tile) == (1, 1)
    assert (batch.cost_quoted, batch.cost_charged) == (2 * CREDIT, 2 * CREDIT)
    assert assert_books(admin, tenant.organization_id)["settled"] == 1


def test_the_first_provider_s_work_says_nothing_of_providers(tenant, worker):
    assert [tile.made_by for tile in run(tenant).tiles] == [""]


@pytest.mark.parametrize("code", ["content_policy", "invalid_input", "internal"])
def test_a_refusal_is_not_taken_to_another_provider(tenant, worker, admin, code):
    batch = run(tenant, script={"fail": code, "fails_at": ["mock"], "delay_s": 0.01})
    assert (batch.state, batch.tiles[0].error_code) == (BatchState.FAILED, code)
    assert asked(batch.tiles[0]) == (1, 0)
    assert breaker(admin) is None
    assert_books(admin, tenant.organization_id)


def test_an_outage_after_the_work_was_taken_stays_with_its_provider(tenant, worker, admin):
    script = polled(fail="provider_unavailable", fails_at=["mock"])
    batch = run(tenant, script=script)
    assert (batch.state, batch.tiles[0].error_code) == (BatchState.FAILED, "provider_unavailable")
    assert asked(batch.tiles[0]) == (1, 0)
    assert_books(admin, tenant.organization_id)


def test_a_submit_whose_fate_is_unknown_is_asked_of_nobody_else(tenant, worker, admin):
    batch = run(tenant, script={"raises": True, "fails_at": ["mock"]})
    assert batch.tiles[0].error_code == "submit_unknown"
    assert asked(batch.tiles[0]) == (1, 0)
    assert_books(admin, tenant.organization_id)


def test_where_all_providers_are_out_the_last_one_is_tried_again_and_then_the_credits_come_back(
    tenant, worker, admin, monkeypatch
):
    from packshot.worker import road

    monkeypatch.setattr(road, "backoff", lambda attempt: 0.05)
    batch = run(tenant, script={"fail": "provider_unavailable", "retryable": True, "delay_s": 0.01})
    assert batch.state is BatchState.FAILED
    assert asked(batch.tiles[0]) == (1, 3)
    assert batch.cost_returned == 2 * CREDIT
    assert_books(admin, tenant.organization_id)


def test_a_provider_that_keeps_failing_is_left_alone_until_a_trial_finds_it_well(tenant, worker, admin):
    out = {"fail": "provider_unavailable", "fails_at": ["mock"], "delay_s": 0.01}
    batch = run(tenant, script=out, variants=5)
    assert batch.state is BatchState.SUCCEEDED
    state, failures, code = breaker(admin)
    assert (state, code) == ("open", "provider_unavailable")
    assert failures >= 5

    batch = run(tenant, variants=3, script={"delay_s": 0.01})
    assert [asked(tile) for tile in batch.tiles] == [(0, 1)] * 3
    assert {tile.made_by for tile in batch.tiles} == {"Second mock"}
    assert breaker(admin)[0] == "open"  # nobody has asked it

    # The trial is due: one job takes it, and its success lets everyone through again.
    admin.execute("update public.generation_provider set trial_at = now() where name = 'mock'")
    batch = run(tenant, variants=2, script=polled(delay_s=0.3))
    assert sorted(asked(tile) for tile in batch.tiles) == [(0, 1), (1, 0)]
    assert breaker(admin)[:2] == ("closed", 0)
    assert [asked(tile) for tile in run(tenant, script={"delay_s": 0.01}).tiles] == [(1, 0)]


def test_an_account_that_is_empty_opens_the_breaker_at_once(tenant, worker, admin):
    run(tenant, script={"fail": "quota_exhausted", "fails_at": ["mock"], "delay_s": 0.01})
    assert breaker(admin) == ("open", 1, "quota_exhausted")


def test_successes_between_outages_keep_the_breaker_closed(tenant, worker, admin):
    out = {"fail": "rate_limited", "fails_at": ["mock"], "delay_s": 0.01}
    for _ in range(3):
        run(tenant, script=out, variants=2)
        run(tenant)
    assert breaker(admin)[:2] == ("closed", 0)


def test_a_trial_that_fails_leaves_it_open_and_the_job_is_made_elsewhere(tenant, worker, admin):
    out = {"fail": "quota_exhausted", "fails_at": ["mock"], "delay_s": 0.01}
    run(tenant, script=out)
    admin.execute("update public.generation_provider set trial_at = now() where name = 'mock'")
    batch = run(tenant, script=out)
    assert batch.state is BatchState.SUCCEEDED
    assert asked(batch.tiles[0]) == (1, 1)
    assert breaker(admin)[0] == "open"


@pytest.mark.crash
@pytest.mark.timeout(120)
def test_a_worker_that_is_killed_between_two_providers_pays_nobody_twice(tenant, admin):
    """The second provider may have taken the work, and its answer never came: it is not sent again."""
    script = {"fail": "provider_unavailable", "fails_at": ["mock"], "delay_s": 0.2}
    with worker_process() as first:
        batch_id = commands.submit(tenant.actor, routed(variants=4, script=script)).batch_id
        wait_for(
            lambda: [asked(tile) for tile in queries.batch(tenant.actor, batch_id).tiles],
            lambda counts: any(second for _, second in counts),
        )
        first.kill()
    with worker_process():
        batch = settled(tenant.actor, batch_id, 30)
    for tile in batch.tiles:
        assert asked(tile) <= (1, 1)
        assert tile.error_code in (None, "submit_unknown")
    found = assert_books(admin, tenant.organization_id)
    assert found["settled"] == 4
    assert found["charged"] == 2 * CREDIT * sum(tile.asset_id is not None for tile in batch.tiles)
