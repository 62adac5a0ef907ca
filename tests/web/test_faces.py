"""A request's row of tiles in each of its five faces."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.template.loader import render_to_string
from uuid_utils.compat import uuid7

from packshot.studio.generation.contracts import BatchState, BatchView, JobState, TileView
from packshot.studio.generation.pages import present

TILE = TileView(
    job_id=uuid7(),
    index=0,
    state=JobState.QUEUED,
    progress=0,
    place=None,
    estimate=None,
    error_code=None,
    error_message=None,
    charged=0,
    returned=0,
    asset_id=None,
    retryable=False,
)
BATCH = BatchView(
    id=uuid7(),
    board_id=None,
    operation="generate",
    model="local-scene",
    model_title="Studio scene",
    prompt="On <oak>",
    ratio="9:16",
    size=1024,
    seed=1,
    references=(),
    state=BatchState.RUNNING,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    created_by=uuid7(),
    price=2_000_000,
    price_now=2_000_000,
    cost_quoted=8_000_000,
    cost_charged=0,
    cost_returned=0,
    tiles=(TILE,),
    asked="On <oak>",
    refers_to=None,
    negative="",
    styles=(),
    parameters={},
    waited_s=None,
    took_s=None,
)


def shown(actor, *tiles: TileView, **changes: object) -> str:
    numbered = tuple(replace(tile, index=index) for index, tile in enumerate(tiles))
    [card] = present(actor, [replace(BATCH, tiles=numbered, **changes)])
    html = render_to_string("generation/batch.html", {"card": card})
    return re.sub(r"\s+", " ", html)


def test_waiting_tells_the_place_in_the_queue(tenant):
    html = shown(tenant.actor, replace(TILE, place=1), replace(TILE, place=3, estimate=(8, 20)))
    assert "Next in line" in html
    assert "Place 3 in line · about 8 to 20 s" in html
    assert html.count("job") >= 2
    assert "Cancel picture 2" in html


def test_working_tells_percent_and_range(tenant):
    html = shown(tenant.actor, replace(TILE, state=JobState.RUNNING, progress=37, estimate=(4, 9)))
    assert 'aria-valuenow="37"' in html
    assert 'stroke-dasharray="37 100"' in html
    assert "about 4 to 9 s" in html


def test_a_cancel_that_is_not_confirmed_is_not_offered_again(tenant):
    html = shown(tenant.actor, replace(TILE, state=JobState.WAITING, cancelling=True))
    assert "Cancelling" in html
    assert "Cancel picture" not in html


def test_failed_tells_why_what_came_back_and_what_to_do(tenant):
    tile = replace(
        TILE,
        state=JobState.FAILED,
        error_message="The provider refused the <prompt>.",
        returned=2_000_000,
        retryable=True,
    )
    html = shown(tenant.actor, tile, state=BatchState.FAILED)
    assert "The provider refused the &lt;prompt&gt;." in html
    assert "2 credits came back." in html
    assert re.search(r"Try again(<[^>]*>)? · 2 credits", html)
    assert "1 of 1 failed." in html


def test_cancelled_that_cannot_be_tried_again_has_no_button(tenant):
    html = shown(
        tenant.actor, replace(TILE, state=JobState.CANCELLED, returned=1_000_000), state=BatchState.CANCELLED
    )
    assert "1 credit came back." in html
    assert "Try again" not in html


def test_a_picture_that_was_thrown_away_leaves_its_place(tenant):
    done = replace(TILE, state=JobState.SUCCEEDED, asset_id=uuid7())
    html = shown(tenant.actor, done, state=BatchState.SUCCEEDED)
    assert "In the trash" in html


@pytest.mark.parametrize("state", list(JobState))
def test_every_face_has_the_final_shape(tenant, state):
    html = shown(tenant.actor, replace(TILE, state=state))
    assert '<svg class="tile-size" viewBox="0 0 9 16"' in html


@pytest.mark.parametrize(
    ("count", "ratio", "columns"),
    [(1, "1:1", 1), (2, "1:1", 2), (4, "4:5", 4), (8, "1:1", 4), (4, "16:9", 2), (1, "16:9", 1)],
)
def test_tiles_are_as_large_as_the_width_allows(tenant, count, ratio, columns):
    [card] = present(tenant.actor, [replace(BATCH, tiles=(TILE,) * count, ratio=ratio)])
    assert card.columns == columns


def test_work_that_keeps_a_photos_shape_is_square_until_it_is_known(tenant):
    [card] = present(tenant.actor, [replace(BATCH, model="local-cutout", ratio="source")])
    assert (card.width, card.height) == (1, 1)
