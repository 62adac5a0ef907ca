"""Outputs that lie on the provider's server: fetched, asked for again, refused, and never cut by the poll's limit."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from packshot.adapters.mock.picture import clip, picture
from packshot.settings import settings
from packshot.studio.assets import queries as assets
from packshot.studio.generation import commands
from packshot.worker import road
from tests.adapters.fetch.internet import says
from tests.worker.mirror import Mirror, flaky, nothing_left, of_provider, slowly, trusted_mirror
from tests.worker.support import InProcessWorker, assert_books, order, settled, wait_for

PICTURE = picture(7, "1:1")[0]


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    with trusted_mirror() as found:
        yield found


@pytest.fixture(scope="module")
def worker(mirror: Mirror) -> Iterator[InProcessWorker]:
    running = InProcessWorker()
    yield running
    running.close()


def bought(tenant, **changes):
    return commands.submit(tenant.actor, order(**changes)).batch_id


def test_a_picture_on_the_providers_server_is_fetched_and_paid_for(tenant, worker, mirror, admin):
    batch = settled(
        tenant.actor, bought(tenant, **of_provider(mirror.page("/whole.png", says(200, PICTURE))))
    )
    (tile,) = batch.tiles
    (asset,) = assets.assets(tenant.actor, [tile.asset_id])
    assert (asset.media_type, asset.width, asset.source_type) == ("image/png", 32, "trainedAlgorithmicMedia")
    assert mirror.times("/whole.png") == 1
    assert nothing_left(settings().home)
    assert_books(admin, tenant.organization_id)


def test_a_video_goes_from_the_disk_to_the_blobs(tenant, worker, mirror, admin):
    address = mirror.page("/clip.webm", says(200, clip(7, 2)[0]))
    batch = settled(
        tenant.actor,
        bought(tenant, operation="video", model="mock-clip", script={"remote": address}),
    )
    (tile,) = batch.tiles
    assert tile.error_message is None
    (asset,) = assets.assets(tenant.actor, [tile.asset_id])
    assert (asset.media_type, asset.duration_s) == ("video/webm", 2.0)
    assert nothing_left(settings().home)


def test_a_server_that_is_away_is_asked_again_and_the_provider_too(tenant, worker, mirror, admin):
    address = mirror.page("/flaky.png", flaky(4, says(200, PICTURE)))
    batch = settled(tenant.actor, bought(tenant, **of_provider(address)))
    assert batch.state.value == "succeeded"
    assert mirror.times("/flaky.png") == 5, "three tries, a poll, and two more"
    assert_books(admin, tenant.organization_id)


def test_what_stays_out_of_reach_fails_at_the_deadline_and_is_charged_nothing(tenant, worker, mirror, admin):
    batch_id = bought(tenant, **of_provider(mirror.page("/gone.png", says(404))))
    wait_for(lambda: mirror.times("/gone.png"), lambda times: times > 3)
    admin.execute(
        "update public.generation_job set deadline_at = clock_timestamp() where batch_id = %s", [batch_id]
    )
    (tile,) = settled(tenant.actor, batch_id).tiles
    assert (tile.error_code, tile.charged) == ("timeout", 0)
    assert "could not be fetched" in tile.error_message
    assert_books(admin, tenant.organization_id)


def test_what_came_with_the_answer_to_the_submit_is_tried_and_then_given_up(tenant, worker, mirror, admin):
    address = mirror.page("/never.png", says(503))
    (tile,) = settled(tenant.actor, bought(tenant, script={"remote": address})).tiles
    assert (tile.error_code, tile.charged) == ("output_invalid", 0)
    assert mirror.times("/never.png") == 3
    assert_books(admin, tenant.organization_id)


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("http://127.0.0.1:9/inside.png", None),
        ("https://localhost/inside.png", None),
        ("", b"<html>not a picture, and longer than the first bytes that tell</html>"),
        ("", clip(7, 1)[0]),
        ("", PICTURE[: len(PICTURE) // 2]),
    ],
    ids=["private", "localhost", "html", "a video", "half"],
)
def test_what_is_refused_fails_at_once_in_plain_words(tenant, worker, mirror, admin, address, body):
    if body is not None:
        address = mirror.page("/wrong.png", says(200, body))
    (tile,) = settled(tenant.actor, bought(tenant, **of_provider(address))).tiles
    assert (tile.error_code, tile.charged) == ("output_invalid", 0)
    assert tile.error_message.startswith("What the provider delivered")
    assert nothing_left(settings().home)
    assert_books(admin, tenant.organization_id)


def test_a_download_longer_than_the_polls_limit_and_the_lease_is_not_cut(
    tenant, worker, mirror, admin, monkeypatch
):
    monkeypatch.setattr(road, "_POLL_LIMIT_S", 0.3)
    address = mirror.page("/slow.png", slowly(PICTURE, 3.0))
    batch = settled(tenant.actor, bought(tenant, **of_provider(address)))
    assert batch.state.value == "succeeded"
    assert mirror.times("/slow.png") == 1, "nobody else took it meanwhile"


def test_a_cancel_during_a_download_asks_the_provider_and_keeps_what_is_made(tenant, worker, mirror, admin):
    begun = threading.Event()
    address = mirror.page("/cancelled.png", slowly(PICTURE, 1.5, begun))
    batch_id = bought(tenant, **of_provider(address, cancel="too_late"))
    assert begun.wait(10)
    commands.cancel_batch(tenant.actor, batch_id)
    assert settled(tenant.actor, batch_id).state.value == "succeeded"
    assert_books(admin, tenant.organization_id)
