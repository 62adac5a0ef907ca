"""A whale does not keep the others waiting."""

from __future__ import annotations

import time

from packshot.foundation.billing.plans import book
from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import JobState
from tests.worker.support import order, settled


def test_a_small_organization_does_not_wait_behind_a_whale(new_tenant, worker):
    whale, small = new_tenant(), new_tenant()
    settled(small.actor, commands.submit(small.actor, order()).batch_id)  # the pool is warm
    work = {"delay_s": 0.5}
    big = [commands.submit(whale.actor, order(variants=60, script=work)) for _ in range(2)]
    began = time.monotonic()
    one = commands.submit(small.actor, order(script=work))
    settled(small.actor, one.batch_id, 60)
    waited = time.monotonic() - began
    tiles = [tile for batch in big for tile in queries.batch(whale.actor, batch.batch_id).tiles]
    done = sum(tile.state is JobState.SUCCEEDED for tile in tiles)
    # Of the whale's 120 jobs hardly more than what was let in before the small one came are done by now.
    at_once = book().plans["free"].limits["concurrent_jobs"]
    assert done <= 5 * at_once, (done, waited)
    under_way = sum(tile.state in (JobState.RUNNING, JobState.WAITING) for tile in tiles)
    assert under_way <= at_once
    for batch in big:
        commands.cancel_batch(whale.actor, batch.batch_id)
