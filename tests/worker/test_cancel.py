"""Cancelling at every stage: credits come back exactly where nothing was delivered."""

from __future__ import annotations

import pytest

from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import BatchState
from tests.worker.support import assert_books, in_state, order, polled, settled, wait_for

CREDIT = 1_000_000


def test_a_running_job_is_stopped(tenant, worker, admin):
    submission = commands.submit(tenant.actor, order(variants=2, script={"delay_s": 60}))
    tiles = in_state(tenant.actor, submission.batch_id, "running").tiles
    commands.cancel_job(tenant.actor, tiles[0].job_id)
    assert queries.batch(tenant.actor, submission.batch_id).tiles[0].cancelling
    wait_for(
        lambda: queries.batch(tenant.actor, submission.batch_id).tiles[0].state.value,
        lambda state: state == "cancelled",
    )
    assert queries.batch(tenant.actor, submission.batch_id).tiles[1].state.value == "running"
    commands.cancel_batch(tenant.actor, submission.batch_id)
    assert settled(tenant.actor, submission.batch_id).state is BatchState.CANCELLED
    assert assert_books(admin, tenant.organization_id)["available"] == 500 * CREDIT


@pytest.mark.parametrize(
    ("answer", "state", "charged"),
    [("cancelled", "cancelled", 0), ("too_late", "succeeded", 3), ("unknown", "succeeded", 3)],
)
def test_of_a_waiting_job_the_provider_decides(tenant, worker, admin, answer, state, charged):
    script = polled(delay_s=1.5, cancel=answer)
    submission = commands.submit(tenant.actor, order(model="mock-remote", script=script))
    in_state(tenant.actor, submission.batch_id, "waiting")
    commands.cancel_batch(tenant.actor, submission.batch_id)
    batch = settled(tenant.actor, submission.batch_id)
    assert (batch.tiles[0].state.value, batch.cost_charged) == (state, charged * CREDIT)
    assert_books(admin, tenant.organization_id)


def test_a_cancel_while_a_paid_submit_is_under_way_waits_for_its_answer(tenant, worker, admin):
    """The submit cannot be taken back half-way; the cancel is the first thing that happens after it."""
    submission = commands.submit(tenant.actor, order(model="mock-remote", script={"delay_s": 1.0}))
    under_way = (
        "select count(*) from public.generation_job where batch_id = %s and submit_started_at is not null"
    )
    wait_for(lambda: admin.execute(under_way, [submission.batch_id]).fetchone(), lambda row: row == (1,))
    commands.cancel_batch(tenant.actor, submission.batch_id)
    batch = settled(tenant.actor, submission.batch_id)
    assert batch.state is BatchState.SUCCEEDED  # it was delivered before it could be cancelled
    assert batch.cost_charged == 3 * CREDIT
    assert_books(admin, tenant.organization_id)


def test_what_is_final_stays_as_it_is(tenant, worker, admin):
    submission = commands.submit(tenant.actor, order())
    before = settled(tenant.actor, submission.batch_id)
    commands.cancel_batch(tenant.actor, submission.batch_id)
    assert queries.batch(tenant.actor, submission.batch_id) == before
    assert_books(admin, tenant.organization_id)
