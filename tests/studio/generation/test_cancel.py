"""Cancelling what no worker has taken yet."""

from __future__ import annotations

import pytest

from packshot.errors import NotFound
from packshot.foundation.billing.plans import book
from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import BatchState
from tests.worker.support import assert_books, order

CREDIT = 1_000_000


def test_queued_jobs_end_here_and_now(tenant, admin):
    submission = commands.submit(tenant.actor, order(variants=3))
    first = queries.batch(tenant.actor, submission.batch_id).tiles[0]
    commands.cancel_job(tenant.actor, first.job_id)
    batch = queries.batch(tenant.actor, submission.batch_id)
    assert [tile.state.value for tile in batch.tiles] == ["cancelled", "queued", "queued"]
    assert (batch.tiles[0].returned, batch.tiles[0].charged) == (2 * CREDIT, 0)
    commands.cancel_batch(tenant.actor, submission.batch_id)
    commands.cancel_batch(tenant.actor, submission.batch_id)
    batch = queries.batch(tenant.actor, submission.batch_id)
    assert (batch.state, batch.cost_returned) == (BatchState.CANCELLED, 6 * CREDIT)
    found = assert_books(admin, tenant.organization_id)
    assert found["available"] == 500 * CREDIT
    assert found["settled"] == 3


def test_cancelling_lets_the_next_ones_in(tenant, admin):
    cap = book().plans["free"].limits["concurrent_jobs"]
    submission = commands.submit(tenant.actor, order(variants=cap + 2))
    tiles = queries.batch(tenant.actor, submission.batch_id).tiles
    for tile in tiles[:2]:
        commands.cancel_job(tenant.actor, tile.job_id)
    released = admin.execute(
        "select count(*) from public.generation_job where organization_id = %s and released and state = 'queued'",
        [tenant.organization_id],
    ).fetchone()
    assert released == (cap,)
    commands.cancel_batch(tenant.actor, submission.batch_id)


def test_another_s_work_cannot_be_cancelled(new_tenant, admin):
    mine, other = new_tenant(), new_tenant()
    submission = commands.submit(other.actor, order())
    job_id = queries.batch(other.actor, submission.batch_id).tiles[0].job_id
    with pytest.raises(NotFound):
        commands.cancel_batch(mine.actor, submission.batch_id)
    with pytest.raises(NotFound):
        commands.cancel_job(mine.actor, job_id)
    assert queries.batch(other.actor, submission.batch_id).tiles[0].state.value == "queued"
    commands.cancel_batch(other.actor, submission.batch_id)
