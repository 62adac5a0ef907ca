"""From submit to settled through a real worker: every way in which a provider may answer."""

from __future__ import annotations

import pytest

from packshot.studio.assets import queries as assets
from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import BatchState, JobState
from tests.worker.support import assert_books, in_state, order, polled, settled, wait_for

CREDIT = 1_000_000


def run(tenant, **changes):
    return settled(tenant.actor, commands.submit(tenant.actor, order(**changes)).batch_id)


def test_a_batch_becomes_pictures_that_are_paid_for(tenant, worker, admin):
    batch = run(tenant, variants=4, seed=7, prompt="A Bottle, on a stone!")
    assert batch.state is BatchState.SUCCEEDED
    assert batch.cost_charged == batch.cost_quoted == 8 * CREDIT
    assert [tile.progress for tile in batch.tiles] == [100] * 4
    made = {asset.id: asset for asset in assets.assets(tenant.actor, [t.asset_id for t in batch.tiles])}
    assert len(made) == 4
    first = made[batch.tiles[0].asset_id]
    assert (first.seed, first.prompt, first.job_id) == (7, "A Bottle, on a stone!", batch.tiles[0].job_id)
    assert (first.width, first.height, first.media_type) == (32, 32, "image/png")
    assert first.name == "a-bottle-on-a-stone-1.png"
    assert first.source_type == "trainedAlgorithmicMedia"
    assert assert_books(admin, tenant.organization_id)["settled"] == 4


def test_a_refusal_returns_the_credits_and_says_why(tenant, worker, admin):
    batch = run(tenant, script={"fail": "content_policy", "message": "Not this."})
    (tile,) = batch.tiles
    assert (batch.state, tile.error_code, tile.error_message) == (
        BatchState.FAILED,
        "content_policy",
        "Not this.",
    )
    assert (tile.charged, tile.returned, tile.retryable) == (0, 2 * CREDIT, True)
    assert_books(admin, tenant.organization_id)


def test_a_batch_of_which_one_variant_fails_is_partial_and_that_one_can_be_paid_for_again(
    tenant, worker, admin
):
    batch = run(tenant, variants=3, script={"fail": "content_policy", "only": [1], "fail_times": 1})
    assert batch.state is BatchState.PARTIAL
    assert [tile.state.value for tile in batch.tiles] == ["succeeded", "failed", "succeeded"]
    assert (batch.cost_charged, batch.cost_returned) == (4 * CREDIT, 2 * CREDIT)

    failed = batch.tiles[1]
    again = commands.retry_job(tenant.actor, failed.job_id, "again")
    assert (again.batch_id, again.accepted) == (batch.id, 1)
    batch = settled(tenant.actor, batch.id)
    assert batch.tiles[1].job_id != failed.job_id  # the mock counts submits by job, so it fails this one too
    assert batch.cost_quoted == 8 * CREDIT
    assert_books(admin, tenant.organization_id)


def test_an_outage_is_tried_again_and_charged_once(tenant, worker, admin):
    script = {"fail": "provider_unavailable", "retryable": True, "fail_times": 1}
    batch = run(tenant, script=script)
    assert batch.state is BatchState.SUCCEEDED
    assert batch.cost_charged == 2 * CREDIT
    assert attempts(admin, batch) == [2]
    assert_books(admin, tenant.organization_id)


def test_an_outage_that_does_not_end_gives_up_after_the_model_s_attempts(tenant, worker, admin, monkeypatch):
    from packshot.worker import road

    monkeypatch.setattr(road, "backoff", lambda attempt: 0.05)
    batch = run(tenant, script={"fail": "provider_unavailable", "retryable": True})
    assert (batch.state, batch.tiles[0].error_code) == (BatchState.FAILED, "provider_unavailable")
    assert attempts(admin, batch) == [3]
    assert_books(admin, tenant.organization_id)


def test_a_polled_provider_holds_no_slot_and_shows_its_progress(tenant, worker, admin):
    submission = commands.submit(tenant.actor, order(model="mock-remote", script=polled(delay_s=1.0)))
    waiting = in_state(tenant.actor, submission.batch_id, "waiting")
    assert waiting.state is BatchState.RUNNING
    wait_for(
        lambda: queries.batch(tenant.actor, submission.batch_id).tiles[0],
        lambda tile: tile.state is JobState.WAITING and 0 < tile.progress < 100,
    )
    assert settled(tenant.actor, submission.batch_id).state is BatchState.SUCCEEDED
    assert_books(admin, tenant.organization_id)


def test_progress_of_a_provider_that_answers_at_once_is_told_while_it_works(tenant, worker):
    submission = commands.submit(tenant.actor, order(script={"delay_s": 1.0}))
    wait_for(
        lambda: queries.batch(tenant.actor, submission.batch_id).tiles[0],
        lambda tile: tile.state is JobState.RUNNING and 0 < tile.progress < 100,
    )
    settled(tenant.actor, submission.batch_id)


@pytest.mark.parametrize("output", ["garbage", "lie", "none"])
def test_an_output_that_is_no_picture_is_neither_stored_nor_charged(tenant, worker, admin, output):
    batch = run(tenant, script={"output": output})
    assert (batch.state, batch.tiles[0].error_code) == (BatchState.FAILED, "output_invalid")
    assert batch.tiles[0].asset_id is None
    assert_books(admin, tenant.organization_id)


def test_a_broken_adapter_costs_one_job_and_not_the_worker(tenant, worker, admin):
    assert run(tenant, script={"raises": True}).tiles[0].error_code == "internal"
    unknown = run(tenant, model="mock-remote", script={"raises": True})
    assert (
        unknown.tiles[0].error_code == "submit_unknown"
    )  # the money may be spent: never sent again by itself
    assert attempts(admin, unknown) == [1]
    assert run(tenant).state is BatchState.SUCCEEDED
    assert_books(admin, tenant.organization_id)


def test_a_provider_that_takes_too_long_is_given_up(tenant, worker, admin):
    limit_attempt(admin, seconds=1)
    try:
        asked = [
            commands.submit(tenant.actor, order(script={"delay_s": 30})),
            commands.submit(tenant.actor, order(model="mock-remote", script=polled(delay_s=30))),
            commands.submit(tenant.actor, order(model="mock-remote", script=polled(lost=True))),
        ]
        batches = [settled(tenant.actor, one.batch_id) for one in asked]
    finally:
        limit_attempt(admin, seconds=None)
    assert [batch.tiles[0].error_code for batch in batches] == ["timeout"] * 3
    assert_books(admin, tenant.organization_id)


def attempts(admin, batch):
    found = admin.execute("select attempt from public.generation_job where batch_id = %s", [batch.id])
    return [row[0] for row in found]


def limit_attempt(admin, seconds):
    """Shorten every new job's time limit: the catalogue's are longer than a test may last."""
    admin.execute("drop function if exists public.test_limit() cascade")
    if seconds is not None:
        admin.execute(
            "create function public.test_limit() returns trigger language plpgsql as"
            f" $$ begin new.timeout_s := {seconds}; return new; end $$"
        )
        admin.execute(
            "create trigger test_limit before insert on public.generation_job"
            " for each row execute function public.test_limit()"
        )


def write(tenant, **script):
    batch = run(tenant, operation="reply", model="mock-reply", script=script)
    job = batch.tiles[0].job_id
    return batch, queries.texts(tenant.actor, [job]).get(job)


def test_a_model_that_writes_is_paid_for_its_text_and_makes_no_picture(tenant, worker, admin):
    batch, text = write(tenant, text="Good morning.")
    assert (batch.state, text, batch.tiles[0].asset_id) == (BatchState.SUCCEEDED, "Good morning.", None)
    assert batch.cost_charged == CREDIT
    assert_books(admin, tenant.organization_id)


@pytest.mark.parametrize(
    "script",
    [{"text": ""}, {"text": "x" * 20_001}, {"output": "none"}],
    ids=["empty", "too long", "no text"],
)
def test_a_text_that_cannot_be_kept_is_not_paid_for(script, tenant, worker, admin):
    batch, text = write(tenant, **script)
    assert (batch.tiles[0].error_code, text) == ("output_invalid", None)
    assert batch.cost_returned == CREDIT
    assert_books(admin, tenant.organization_id)
