"""A worker that is told to stop in the middle of a download."""

from __future__ import annotations

import json
import threading

import pytest

from packshot.adapters.mock.picture import picture
from packshot.settings import settings
from packshot.studio.generation import commands
from tests.adapters.fetch.internet import says
from tests.worker.mirror import nothing_left, of_provider, slowly, trusted_mirror
from tests.worker.support import assert_books, in_state, order, settled, worker_process

PICTURE = picture(7, "1:1")[0]


@pytest.mark.crash
def test_a_download_is_handed_back_at_once_and_another_worker_goes_on(tenant, admin):
    begun = threading.Event()
    with trusted_mirror() as mirror:
        trusted = {"PACKSHOT_FETCH_TRUSTED": json.dumps([mirror.trusted])}
        address = mirror.page("/handed.png", slowly(PICTURE, 60, begun))
        with worker_process(**trusted) as first:
            batch_id = commands.submit(tenant.actor, order(**of_provider(address))).batch_id
            assert begun.wait(20)
            mirror.page("/handed.png", says(200, PICTURE))
            assert first.end() == 0
        in_state(tenant.actor, batch_id, "queued", "waiting")
        assert nothing_left(settings().home)
        with worker_process(**trusted):
            assert settled(tenant.actor, batch_id).state.value == "succeeded"
    assert_books(admin, tenant.organization_id)
