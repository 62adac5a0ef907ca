"""Workers that grow with the age of the queue: the rule alone, and real processes on a real queue."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import psycopg
import pytest

from packshot.growing import Rule, Size
from packshot.studio.generation import commands
from tests.worker.support import order, settled, wait_for

LIMIT_S = 240.0


def sizes(most: int, looks: list[tuple[float, float]], **rule: float) -> list[int]:
    size = Size(most, Rule(**rule))
    return [size.look(now, age_s) for now, age_s in looks]


def test_it_grows_one_by_one_while_the_queue_ages_and_not_above_its_most():
    looks = [(0, 0), (1, 6), (2, 7), (11, 8), (12, 9), (21, 9), (31, 9)]
    assert sizes(3, looks) == [1, 2, 2, 3, 3, 3, 3]


def test_it_shrinks_one_by_one_after_a_long_quiet_and_not_below_one():
    looks = [(0, 6), (20, 6), (30, 0), (149, 0), (150, 0), (151, 0), (270, 0), (400, 0)]
    assert sizes(3, looks) == [2, 3, 3, 3, 2, 2, 1, 1]


def test_a_queue_that_is_young_but_not_empty_keeps_its_workers():
    looks = [(0, 6), (10, 0), (100, 3), (129, 0), (131, 0), (248, 0), (250, 0)]
    assert sizes(3, looks) == [2, 2, 2, 2, 2, 2, 1]


GROW = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
from functools import partial
from packshot.db.guard import Guard
from packshot.growing import Grower, Rule
from packshot.studio.generation import queue
rule = Rule(look_every=0.2, grow_above=5, grow_pause=0.5, shrink_after=2)
guard = Guard.without_server()
Grower(guard, 3, partial(queue.age_s, os.environ["DATABASE_URL"]), rule).run()
guard.close()
"""


def workers(grower: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return [child for child in psutil.Process(grower.pid).children() if _works(child)]


def _works(child: psutil.Process) -> bool:
    try:
        return child.cmdline()[1:] == ["-m", "packshot", "worker"]
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False  # it has ended between the two looks


@pytest.mark.crash
@pytest.mark.timeout(800)
def test_real_processes_come_and_go_with_the_age_of_the_queue(tenant, admin, server):
    admin.execute("delete from pgq.pgqueuer")
    batch_id = commands.submit(tenant.actor, order()).batch_id
    admin.execute("update pgq.pgqueuer set execute_after = now() - interval '60 s'")
    with psycopg.connect(server.database_url) as holding:
        # Whoever looks for work passes over a locked message, so this one stays and ages.
        holding.execute("select from pgq.pgqueuer for update")
        grower = subprocess.Popen(
            [sys.executable, "-c", GROW],
            env={**os.environ, "PACKSHOT_ROLE": "worker", "PACKSHOT_WORKER_CPUS": "1"},
            stdin=subprocess.PIPE,
        )
        try:
            wait_for(lambda: len(workers(grower)), lambda count: count == 3, LIMIT_S)
            before = workers(grower)
            before[0].send_signal(signal.SIGKILL)
            wait_for(lambda: workers(grower), lambda now: len(now) == 3 and now != before, LIMIT_S)
            holding.rollback()
            assert settled(tenant.actor, batch_id, LIMIT_S).state.value == "succeeded"
            wait_for(lambda: len(workers(grower)), lambda count: count == 1, LIMIT_S)
            left = workers(grower)
            grower.terminate()
            assert grower.wait(60) == 0
            assert not any(each.is_running() for each in left)
        finally:
            if grower.poll() is None:
                grower.kill()
                grower.wait()
