"""Callbacks as they really come: early, twice, forged, stale, lost, and after the time limit."""

from __future__ import annotations

import json
import threading

import pytest

from packshot.errors import NotFound
from packshot.studio.generation import commands, providers, queries
from packshot.studio.generation.contracts import BatchState
from packshot.studio.generation.errors import InvalidCallback
from tests.worker.support import assert_books, in_state, order, polled, settled, wait_for
from tests.worker.test_road import limit_attempt

CREDIT = 1_000_000
FAR = 600.0


def remote(tenant, **script):
    return commands.submit(tenant.actor, order(model="mock-remote", script=polled(**script)))


def test_a_callback_brings_the_next_look_forward(tenant, worker, calls, admin):
    submission = remote(tenant, delay_s=0.3, poll_after_s=FAR, callback={})
    batch = settled(tenant.actor, submission.batch_id)
    assert batch.state is BatchState.SUCCEEDED
    assert calls[-1] == "fresh"
    assert_books(admin, tenant.organization_id)


def test_a_callback_that_comes_before_the_submit_has_answered_is_found(tenant, worker, calls, admin):
    batch = settled(tenant.actor, remote(tenant, poll_after_s=FAR, callback={"early": True}).batch_id)
    assert batch.state is BatchState.SUCCEEDED
    assert_books(admin, tenant.organization_id)


def test_a_callback_that_comes_many_times_is_one(tenant, worker, calls, admin):
    del calls[:]
    submission = remote(tenant, delay_s=0.3, poll_after_s=FAR, callback={"times": 20})
    settled(tenant.actor, submission.batch_id)
    wait_for(lambda: len(calls), lambda count: count == 20)
    assert sorted(set(calls)) == ["fresh", "known"]
    assert calls.count("fresh") == 1
    assert assert_books(admin, tenant.organization_id)["charged"] == 3 * CREDIT


@pytest.mark.parametrize("flaw", ["forged", "stale"])
def test_what_is_not_the_provider_s_is_refused(tenant, worker, calls, flaw):
    del calls[:]
    submission = remote(tenant, delay_s=0.2, poll_after_s=FAR, callback={flaw: True})
    wait_for(lambda: list(calls), lambda words: words == ["refused"])
    assert queries.batch(tenant.actor, submission.batch_id).tiles[0].state.value == "waiting"
    commands.cancel_batch(tenant.actor, submission.batch_id)


def test_a_callback_that_never_comes_is_made_up_for_by_polling(tenant, worker, calls):
    submission = remote(tenant, delay_s=0.3, poll_after_s=0.2, callback={"times": 0})
    assert settled(tenant.actor, submission.batch_id).state is BatchState.SUCCEEDED


def test_the_same_callback_from_many_threads_wakes_the_job_once(tenant, worker, admin):
    submission = remote(tenant, delay_s=0.2, poll_after_s=FAR)
    job_id = in_state(tenant.actor, submission.batch_id, "waiting").tiles[0].job_id
    (ref,) = admin.execute(
        "select provider_ref from public.generation_job where id = %s", [job_id]
    ).fetchone()
    adapter = providers.provider("mock")
    body = json.dumps({"ref": ref, "event": "once"}).encode()
    headers = signed(adapter, body)
    wait_for(lambda: adapter.provider.elapsed(adapter.provider.find(ref)), lambda seconds: seconds > 0.2)
    fresh: list[bool] = []
    threads = [
        threading.Thread(target=lambda: fresh.append(commands.receive_callback("mock", headers, body)))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fresh) == [False] * 15 + [True]
    settled(tenant.actor, submission.batch_id)
    assert assert_books(admin, tenant.organization_id)["charged"] == 3 * CREDIT


def test_a_result_after_the_time_limit_is_kept_and_costs_nothing(tenant, worker, admin):
    limit_attempt(admin, seconds=1)
    try:
        submission = remote(tenant, delay_s=2.5, poll_after_s=0.2, cancel="unknown")
        batch = settled(tenant.actor, submission.batch_id)
    finally:
        limit_attempt(admin, seconds=None)
    (tile,) = batch.tiles
    assert (tile.error_code, tile.returned) == ("timeout", 3 * CREDIT)
    (ref,) = admin.execute(
        "select provider_ref from public.generation_job where id = %s", [tile.job_id]
    ).fetchone()
    adapter = providers.provider("mock")
    wait_for(lambda: adapter.provider.elapsed(adapter.provider.find(ref)), lambda seconds: seconds > 2.5)
    body = json.dumps({"ref": ref, "event": "late"}).encode()
    assert commands.receive_callback("mock", signed(adapter, body), body)
    tile = wait_for(
        lambda: queries.batch(tenant.actor, submission.batch_id).tiles[0], lambda found: found.late
    )
    assert (tile.state.value, tile.charged, tile.returned) == ("succeeded", 0, 3 * CREDIT)
    assert tile.asset_id is not None
    assert assert_books(admin, tenant.organization_id)["available"] == 500 * CREDIT


def test_callbacks_of_nobody_and_of_no_provider(tenant):
    with pytest.raises(NotFound):
        commands.receive_callback("nobody", {}, b"{}")
    with pytest.raises(InvalidCallback):
        commands.receive_callback("local", {}, b"{}")
    adapter = providers.provider("mock")
    body = json.dumps({"ref": "of no job", "event": "of no job"}).encode()
    assert commands.receive_callback("mock", signed(adapter, body), body)  # stored: its job may come to be
    assert not commands.receive_callback("mock", signed(adapter, body), body)


def signed(adapter, body):
    from packshot.adapters.mock import signing

    return signing.signed(adapter._key, body, adapter._now())
