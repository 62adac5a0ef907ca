"""The embedded server's life: shared, healed, recovered, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from packshot.db import server
from packshot.db.guard import Guard
from tests import homes

pytestmark = [pytest.mark.crash, pytest.mark.timeout(240)]


def _count(url: str) -> int:
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute("select count(*) from kept").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def home(tmp_path: Path):
    yield tmp_path / "home"
    homes.forget(tmp_path / "home")


def _until(condition, seconds: float = 60.0) -> None:
    """Wait for something outside this process, which no event of ours announces."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_the_last_one_out_stops_the_server(home):
    first, second = Guard.over(home), Guard.over(home)
    where = server.places(home)
    assert first.url == second.url
    first.close()
    assert server.running(where) is not None
    second.close()
    assert server.running(where) is None


def test_a_killed_postgres_is_started_again_and_keeps_what_was_committed(home):
    guard = Guard.over(home)
    with psycopg.connect(guard.url) as connection:
        connection.execute("create table kept as select generate_series(1, 1000)")
    process = server.running(server.places(home))
    assert process is not None
    process.kill()

    def healed() -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            return _count(guard.url) == 1000
        return False

    _until(healed)
    guard.close()


def test_a_killed_parent_leaves_no_orphan(home):
    script = (
        "import subprocess, sys\n"
        "from pathlib import Path\n"
        "from packshot.db.guard import Guard\n"
        f"guard = Guard.over(Path({str(home)!r}))\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE, start_new_session=True)\n"
        "guard.watch(child.pid)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    postgres = server.running(server.places(home))
    assert postgres is not None
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    _until(lambda: not server.alive(child) and not server.alive(postgres))
    # And the next start recovers.
    guard = Guard.over(home)
    with psycopg.connect(guard.url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    guard.close()


def test_a_pid_that_is_somebody_elses_now_does_not_stop_the_start(home):
    Guard.over(home).close()
    where = server.places(home)
    (where.data / "postmaster.pid").write_text(f"{os.getpid()}\n{where.data}\n0\n5432\n\n\n\n")
    guard = Guard.over(home)
    with psycopg.connect(guard.url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    guard.close()


def test_a_start_that_cannot_work_says_why(home):
    Guard.over(home).close()
    where = server.places(home)
    (where.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(server.ServerError, match=r"PostgreSQL did not start(.|\n)*version"):
        Guard.over(home)


def test_a_home_with_a_path_too_long_for_a_socket_works(tmp_path):
    home = tmp_path / ("long" * 20) / ("name" * 20)
    guard = Guard.over(home)
    with psycopg.connect(guard.url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    guard.close()
    homes.forget(home)
