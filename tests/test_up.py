"""`packshot up` as a whole: starts, heals, stops, leaves nothing behind."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from packshot.db import server
from tests import homes
from tests.e2e.studio import Studio, until

pytestmark = [pytest.mark.crash, pytest.mark.timeout(240), pytest.mark.xdist_group("up")]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    studio = Studio(tmp_path_factory.mktemp("up") / "home")
    yield studio
    studio.stop()
    homes.forget(studio.home)


def test_probes_answer_and_say_what_is_well(studio):
    assert httpx.get(studio.address + "/healthz").json() == {"status": "ok"}
    assert httpx.get(studio.address + "/readyz").json() == {
        "status": "ready",
        "database": "ok",
        "queue": "ok",
        "blobs": "ok",
    }


def test_the_secret_key_is_for_its_owner_alone(studio):
    assert stat.S_IMODE((studio.home / "secret_key").stat().st_mode) == 0o600


def test_a_taken_port_is_told_in_one_line(studio):
    done = subprocess.run(
        [sys.executable, "-m", "packshot", "up", "--home", str(studio.home), "--port", str(studio.port)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"port {studio.port}" in done.stderr


@pytest.mark.parametrize("part", ["web", "worker"])
def test_a_killed_part_is_started_again(studio, part):
    before = studio.part(part)
    os.killpg(before.pid, signal.SIGKILL)

    def back() -> bool:
        try:
            return studio.part(part).pid != before.pid and studio.ready()
        except LookupError:
            return False

    until(back, why=f"{part} did not come back")


def test_a_killed_database_is_started_again_and_the_pages_recover(studio):
    before = studio.postgres()
    before.kill()
    until(lambda: (now := server.running(server.places(studio.home))) and now.pid != before.pid)
    until(studio.ready, why="the pages did not recover")


def test_ctrl_c_stops_all_of_it_and_the_second_start_is_quick(studio):
    family = studio.descendants()
    assert studio.stop(signal.SIGINT) == 0
    assert [process for process in family if server.alive(process)] == []
    began = time.monotonic()
    studio.start()
    # The promise is under 5 s on an idle machine; a test must not fail for a busy one.
    assert time.monotonic() - began < 30
    assert studio.ready()


def test_a_killed_parent_leaves_no_orphan_and_the_next_start_recovers(studio):
    family = studio.descendants()
    studio.process.kill()
    until(lambda: not [process for process in family if server.alive(process)], why="orphans were left")
    studio.start()
    assert studio.ready()


def test_without_a_command_or_with_a_wrong_one_it_teaches():
    for arguments, code in ((["--help"], 0), (["dwim"], 2), (["up", "--port", "x"], 2)):
        done = subprocess.run(
            [sys.executable, "-m", "packshot", *arguments],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parent,
        )
        assert done.returncode == code
        assert "Traceback" not in done.stdout + done.stderr
        assert "packshot" in done.stdout + done.stderr
