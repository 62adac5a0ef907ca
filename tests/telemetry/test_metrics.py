"""The figures as Prometheus gets them: over real HTTP, from real processes, through one port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest

from packshot.studio.generation import commands, queue
from tests.worker.support import QUICK, order, settled, wait_for

# Figures are of the whole installation: what other tests left undone would be counted with them.
pytestmark = [pytest.mark.crash, pytest.mark.timeout(600), pytest.mark.usefixtures("own_database")]

LIMIT_S = 240.0
"""Workers start slowly where much else does."""

SERVE = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
from functools import partial
from pathlib import Path
from packshot.studio.generation import queue
from packshot.telemetry import exposition
port = exposition.serve(Path({home!r}), "127.0.0.1", 0, partial(queue.look, {url!r}))
print("port", port, flush=True)
import subprocess
children = [subprocess.Popen([sys.executable, "-c", {child!r}], stdin=subprocess.PIPE) for _ in range({count})]
print("pids", *[child.pid for child in children], flush=True)
for child in children:
    child.wait()
threading.Event().wait()
"""
WORKER = f"""
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
from packshot import installation; installation.set_up_django()
from packshot.worker.main import run
from packshot.worker.pace import Pace
run(Pace(**{asdict(QUICK)!r}))
"""


class Scraped:
    """A process that serves the figures of `count` workers, started as the command line starts them."""

    def __init__(self, home: Path, count: int) -> None:
        script = SERVE.format(home=str(home), url=os.environ["DATABASE_URL"], child=WORKER, count=count)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            env={**os.environ, "PACKSHOT_ROLE": "worker", "PACKSHOT_WORKER_CPUS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().split()[1])
        self.workers = [int(pid) for pid in self.process.stdout.readline().split()[1:]]

    def read(self, figure: str) -> float | None:
        """A figure of a scrape, by its name and labels as they are written; None where there is none."""
        text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", trust_env=False).raise_for_status().text
        found = re.search(rf"^{re.escape(figure)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else None

    def end(self) -> None:
        for pid in self.workers:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.kill()
        self.process.wait()


@pytest.fixture
def scraped(tmp_path: Path):
    running = Scraped(tmp_path, count=2)
    yield running
    running.end()


def test_jobs_providers_ledger_and_queue_are_scraped_from_one_port(tenant, admin, scraped):
    done = commands.submit(tenant.actor, order(variants=3))
    settled(tenant.actor, done.batch_id, LIMIT_S)
    refused = commands.submit(tenant.actor, order(script={"fail": "content_policy"}))
    settled(tenant.actor, refused.batch_id, LIMIT_S)

    def jobs() -> float | None:
        return scraped.read('packshot_job_seconds_count{model="mock-scene",outcome="succeeded"}')

    # Whichever of the two workers did it: figures are of all.
    wait_for(jobs, lambda count: count == 3.0)
    assert scraped.read('packshot_job_seconds_count{model="mock-scene",outcome="failed"}') == 1.0
    assert scraped.read('packshot_job_wait_seconds_count{model="mock-scene"}') == 4.0
    assert scraped.read('packshot_provider_failures_total{code="content_policy",provider="mock"}') == 1.0
    assert scraped.read('packshot_provider_seconds_count{call="submit",provider="mock"}') == 4.0
    assert scraped.read('packshot_ledger_lag_seconds_count{command="settle"}') == 4.0
    assert scraped.read("packshot_worker_jobs") == 0.0
    assert scraped.read("packshot_database_up") == 1.0
    assert scraped.read('packshot_queue_depth{lane="render"}') == 0.0
    assert scraped.read('packshot_jobs{state="running"}') == 0.0


def test_a_dead_worker_s_counts_stay_and_what_it_held_goes(tenant, scraped):
    batch_id = commands.submit(tenant.actor, order(script={"delay_s": 60})).batch_id
    wait_for(lambda: scraped.read("packshot_worker_jobs"), lambda held: held == 1.0, LIMIT_S)
    for pid in scraped.workers:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: scraped.read("packshot_worker_jobs"), lambda held: held is None)
    assert scraped.read('packshot_job_wait_seconds_count{model="mock-scene"}') == 1.0
    commands.cancel_batch(tenant.actor, batch_id)


def test_without_the_database_its_figures_are_missing_and_say_so(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    running = Scraped(tmp_path, count=0)
    try:
        assert running.read("packshot_database_up") == 0.0
        assert running.read('packshot_queue_depth{lane="render"}') is None
        assert queue.age_s(os.environ["DATABASE_URL"]) is None
    finally:
        running.end()


def test_the_queue_s_age_is_that_of_its_oldest_due_message(tenant, admin):
    admin.execute("delete from pgq.pgqueuer")
    url = os.environ["DATABASE_URL"]
    assert queue.age_s(url) == 0.0
    commands.submit(tenant.actor, order(variants=2))
    admin.execute("update pgq.pgqueuer set execute_after = now() - interval '90 s'")
    assert 89 < queue.age_s(url) < 120
    assert sum(lane["depth"] for lane in queue.look(url)["lanes"].values()) == 2
    admin.execute("update pgq.pgqueuer set execute_after = now() + interval '90 s'")
    assert queue.age_s(url) == 0.0, "what is not due yet waits for no worker"
