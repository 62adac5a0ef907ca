"""Real signals to real processes, under load: nothing is lost, nothing is charged twice, every hold ends once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from packshot.db import server as servers
from packshot.db.guard import Guard
from packshot.settings import settings
from packshot.studio.credits.verify import verify
from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import BatchState, JobState
from tests import homes
from tests.worker.support import (
    QUICK,
    assert_books,
    in_state,
    order,
    polled,
    settled,
    wait_for,
    worker_process,
)

pytestmark = [pytest.mark.crash, pytest.mark.timeout(400)]

CREDIT = 1_000_000


def submits(job_id) -> int:
    """How often the mock's provider was asked to do a job."""
    from packshot.adapters.mock.provider import MockProvider

    return MockProvider(settings().home / "mock", now=lambda: 0.0).submits(job_id)


def test_the_work_of_a_killed_worker_is_taken_up_and_paid_once(tenant, new_tenant, admin):
    other = new_tenant()
    with worker_process() as first:
        free = commands.submit(tenant.actor, order(variants=4, script={"delay_s": 2.0}))
        paid = commands.submit(
            other.actor, order(model="mock-remote", variants=4, script=polled(delay_s=2.0))
        )
        in_state(tenant.actor, free.batch_id, "running")
        wait_for(lambda: known_to_provider(admin, paid.batch_id), lambda count: count == 4)
        first.kill()
    with worker_process():
        assert settled(tenant.actor, free.batch_id).state is BatchState.SUCCEEDED
        assert settled(other.actor, paid.batch_id).state is BatchState.SUCCEEDED
    assert_books(admin, tenant.organization_id)
    assert_books(admin, other.organization_id)
    paid_jobs = [tile.job_id for tile in queries.batch(other.actor, paid.batch_id).tiles]
    assert [submits(job_id) for job_id in paid_jobs] == [1] * 4


def known_to_provider(admin, batch_id) -> int:
    return admin.execute(
        "select count(*) from public.generation_job where batch_id = %s and provider_ref is not null",
        [batch_id],
    ).fetchone()[0]


def test_a_paid_submit_that_was_killed_on_its_way_is_never_repeated(tenant, admin):
    with worker_process() as first:
        submission = commands.submit(
            tenant.actor, order(model="mock-remote", variants=2, script=polled(lost=True))
        )
        jobs = [tile.job_id for tile in in_state(tenant.actor, submission.batch_id, "running").tiles]
        wait_for(lambda: [submits(job_id) for job_id in jobs], lambda counts: counts == [1, 1])
        first.kill()
    with worker_process():
        batch = settled(tenant.actor, submission.batch_id)
    assert [tile.error_code for tile in batch.tiles] == ["submit_unknown"] * 2
    assert [submits(job_id) for job_id in jobs] == [1, 1]
    assert assert_books(admin, tenant.organization_id)["available"] == 500 * CREDIT


def test_a_worker_that_was_frozen_past_its_lease_settles_nothing(tenant, admin):
    with worker_process() as zombie:
        submission = commands.submit(tenant.actor, order(variants=4, script={"delay_s": 1.0}))
        in_state(tenant.actor, submission.batch_id, "running")
        zombie.signal(signal.SIGSTOP)
        with worker_process() as heir:
            batch = settled(tenant.actor, submission.batch_id)
            before = admin.execute(
                "select * from public.generation_job where organization_id = %s order by id",
                [tenant.organization_id],
            ).fetchall()
            zombie.signal(signal.SIGCONT)
            assert zombie.end() == 0, "".join(zombie.output)
            # It noticed by its heartbeat, or brought its results and was told.
            assert set(words(zombie, batch)) <= {"stale"}
            assert words(heir, batch) == ["settled"] * 4
            after = admin.execute(
                "select * from public.generation_job where organization_id = %s order by id",
                [tenant.organization_id],
            ).fetchall()
    assert after == before
    assert batch.state is BatchState.SUCCEEDED
    found = assert_books(admin, tenant.organization_id)
    assert (found["charged"], found["settled"]) == (8 * CREDIT, 4)


def words(worker, batch) -> list[str]:
    """What became of this batch's jobs where a worker brought them to their end, from its log."""
    ids = {str(tile.job_id) for tile in batch.tiles}
    told = [line for line in worker.output if "word=" in line and any(f"job={id_}" in line for id_ in ids)]
    return [line.rsplit("word=", 1)[1].strip() for line in told]


def test_a_worker_that_is_told_to_stop_hands_back_what_it_cannot_finish(tenant, admin):
    with worker_process() as first:
        settled(tenant.actor, commands.submit(tenant.actor, order()).batch_id)  # its pool is warm
        submission = commands.submit(tenant.actor, order(variants=3, script={"delay_s": 60}))
        quick = commands.submit(tenant.actor, order(script={"delay_s": 0.3}))
        in_state(tenant.actor, submission.batch_id, "running")
        in_state(tenant.actor, quick.batch_id, "running", "succeeded")
        assert first.end() == 0, "".join(first.output)
    assert queries.batch(tenant.actor, quick.batch_id).state is BatchState.SUCCEEDED
    batch = queries.batch(tenant.actor, submission.batch_id)
    assert [tile.state for tile in batch.tiles] == [JobState.QUEUED] * 3
    attempts = admin.execute(
        "select attempt, lease_until from public.generation_job where batch_id = %s", [batch.id]
    ).fetchall()
    assert attempts == [(0, None)] * 3
    with worker_process():
        in_state(tenant.actor, submission.batch_id, "running")
        commands.cancel_batch(tenant.actor, submission.batch_id)
        settled(tenant.actor, submission.batch_id)
    assert_books(admin, tenant.organization_id)


@pytest.fixture
def own_server(tmp_path: Path):
    """A server to be killed: flushed to disk as in production, migrated, healed by its guard."""
    home = tmp_path / "home"
    guard = Guard.over(home)
    script = "import django; django.setup(); from packshot.db import provision as p; "
    script += f"p.provision({guard.url!r}); p.migrate({guard.url!r})"
    environment = {**os.environ, "DATABASE_URL": guard.url}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    yield guard.url, servers.places(home)
    guard.close()
    homes.forget(home)


def test_postgres_and_the_worker_are_killed_under_load_and_the_books_are_clean(own_server):
    url, where = own_server
    # With everything that a worker minds beside jobs: none of it may end the worker when the server goes.
    environment = {"DATABASE_URL": url, "PACKSHOT_PAYMENTS": "mock"}
    shop = subprocess.Popen(
        [sys.executable, "-m", "tests.worker.shop", "6", "60", json.dumps(polled(delay_s=0.3))],
        env={**os.environ, **environment, "PACKSHOT_ROLE": "web"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shop.stdout is not None
    try:
        taken = [json.loads(shop.stdout.readline())]
        with worker_process(QUICK, **environment) as first:
            taken += [json.loads(shop.stdout.readline()) for _ in range(8)]
            kill_postgres(where)
            taken += [json.loads(shop.stdout.readline()) for _ in range(8)]
            first.kill()
            with worker_process(QUICK, **environment) as second:
                taken += [json.loads(shop.stdout.readline()) for _ in range(8)]
                kill_postgres(where)
                taken += [json.loads(line) for line in shop.stdout]
                assert shop.wait(120) == 0
                try:
                    left = wait_for(
                        lambda: (unfinished(url), second.process.poll()),
                        lambda seen: seen[0] == 0 or seen[1] is not None,
                        limit_s=150,
                    )
                    assert left == (0, None), "the worker ended before its work did"
                finally:
                    print("".join(second.output)[-6000:])  # shown when the test fails
                assert second.end() == 0, "".join(second.output)[-3000:]
    finally:
        shop.kill()
        shop.wait()
    assert len({one["batch"] for one in taken}) == 60
    with psycopg.connect(url) as connection:
        report = verify(connection)
        assert report.clean, report.differences
        assert report.held == 0
        states = dict(
            connection.execute("select state, count(*) from public.generation_job group by 1").fetchall()
        )
        ended, charged, settlements = connection.execute(
            "select count(*), sum(charged), (select count(*) from public.generation_settlement)"
            " from public.generation_job"
        ).fetchone()
        assert sum(states.values()) == ended == settlements == 120, states
        assert report.available + charged == 6 * 500 * CREDIT
        unknown = connection.execute(
            "select count(*) from public.generation_job where error_code <> 'submit_unknown'"
        ).fetchone()
        assert unknown == (0,), states
        jobs = connection.execute(
            "select j.id from public.generation_job as j join public.generation_batch as b"
            " on b.organization_id = j.organization_id and b.id = j.batch_id where b.model = 'mock-remote'"
        ).fetchall()
    assert max(submits(job_id) for (job_id,) in jobs) == 1


def kill_postgres(where) -> None:
    process = servers.running(where)
    assert process is not None
    process.kill()


def unfinished(url: str) -> int:
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return connection.execute(
                "select count(*) from public.generation_job where finished_at is null"
            ).fetchone()[0]
    except psycopg.OperationalError:
        return -1
