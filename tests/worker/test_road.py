"""From submit to settled, through a real worker."""

from __future__ import annotations

from packshot.studio.generation import commands
from packshot.studio.generation.views_api import BatchState
from tests.worker.support import order, settled


def test_a_batch_becomes_pictures_that_are_paid_for(tenant, worker):
    submission = commands.submit(tenant.actor, order(variants=4))
    batch = settled(tenant.actor, submission.batch_id)
    assert batch.state is BatchState.SUCCEEDED, batch
    assert len({tile.asset_id for tile in batch.tiles}) == 4
    assert batch.cost_charged == batch.cost_quoted == 8_000_000
