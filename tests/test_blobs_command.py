"""`packshot blobs`, as an operator calls it, on an installation of its own."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from packshot.adapters.disk import DiskBlobs
from packshot.adapters.s3 import S3Blobs
from tests.conformance.test_blobs import key_of
from tests.fakes.s3 import S3, running
from tests.fakes.s3.server import ACCESS_KEY, REGION, SECRET_KEY


@dataclass
class Installation:
    home: Path
    server: S3
    environment: dict[str, str]

    @property
    def disk(self) -> DiskBlobs:
        return DiskBlobs(self.home / "blobs", sign_key=b"k", base_url="", now=lambda: 0.0)

    @property
    def bucket(self) -> S3Blobs:
        return S3Blobs(self.server.bucket("pictures"), now=lambda: 0.0)

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "packshot", "blobs", *arguments, "--home", str(self.home)],
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **more: str) -> tuple[int, Any]:
        """The exit code, and what was printed: read as JSON where that was asked for."""
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=120)
        return process.returncode, json.loads(out) if "--json" in arguments and out else out + err


@pytest.fixture
def installation(fresh_database, tmp_path) -> Iterator[Installation]:
    with running() as server:
        server.bucket("pictures")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PACKSHOT_")}
        environment |= {
            "DATABASE_URL": fresh_database.url,
            "PACKSHOT_SECRET_KEY": (Path(os.environ["PACKSHOT_HOME"]) / "secret_key").read_text().strip(),
            "PACKSHOT_S3_BUCKET": "pictures",
            "PACKSHOT_S3_REGION": REGION,
            "PACKSHOT_S3_ENDPOINT": server.address,
            "PACKSHOT_S3_PATH_STYLE": "true",
            "PACKSHOT_S3_ACCESS_KEY_ID": ACCESS_KEY,
            "PACKSHOT_S3_SECRET_ACCESS_KEY": SECRET_KEY,
        }
        yield Installation(tmp_path / "home", server, environment)


def original(database_url: str, data: bytes) -> str:
    """A row of an original, as uploads write it; its key."""
    import psycopg

    sha256 = hashlib.sha256(data).hexdigest()
    with psycopg.connect(database_url, autocommit=True) as connection:
        organization = connection.execute(
            "insert into public.organizations_organization (id, name, personal) values (%s, 'A', true) returning id",
            [uuid7()],
        ).fetchone()
        assert organization is not None
        connection.execute(
            "insert into public.assets_blob (organization_id, sha256, size, media_type)"
            " values (%s, %s, %s, 'image/png')",
            [organization[0], sha256, len(data)],
        )
    return f"{organization[0]}/{sha256}"


def test_check_and_orphans(installation, fresh_database):
    whole, gone, short, changed = (
        original(fresh_database.url, word) for word in (b"whole", b"gone", b"short", b"changed")
    )
    disk = installation.disk
    for key, data in ((whole, b"whole"), (short, b"sh"), (changed, b"CHANGED")):
        disk.put(key, data)
    code, found = installation.run("check", "--json")
    assert (code, found["originals"], found["complete"]) == (1, 4, False)
    assert (found["missing"], found["damaged"]) == ([gone], [short])
    code, found = installation.run("check", "--hashes", "--json")
    assert sorted(found["damaged"]) == sorted([short, changed])

    old = disk.path(whole).stat().st_mtime - timedelta(days=2).total_seconds()
    for key in (whole, changed):
        os.utime(disk.path(key), (old, old))
    code, found = installation.run("orphans", "--json")
    assert (code, found["orphans"], found["young"], found["deleted"]) == (0, 2, 1, 0)
    code, said = installation.run("orphans", "--delete")
    assert code == 0
    assert "2 deleted" in said
    assert {each.key for each in disk.walk()} == {short}


def test_a_move_is_killed_again_and_again_and_comes_to_its_end(installation):
    disk, bucket = installation.disk, installation.bucket
    files = {}
    for n in range(120):
        data = n.to_bytes(2, "big") * 20_000
        files[key_of(data)] = data
        disk.put(key_of(data), data)
    moving = {"PACKSHOT_BLOBS": "s3", "PACKSHOT_BLOBS_FROM": "disk"}
    for enough in (10, 40):
        process = installation.start("migrate", "disk", "s3", **moving)
        while len(list(bucket.walk())) < enough:
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    halfway = {each.key for each in bucket.walk()}
    assert 40 <= len(halfway) < 120
    code, found = installation.run("migrate", "disk", "s3", "--json", **moving)
    assert (code, found["left"], found["damaged"]) == (0, 0, [])
    # The server may still have finished what the killed one had sent.
    assert 0 < found["files"] <= 120 - len(halfway)
    assert {each.key: bucket.get(each.key) for each in bucket.walk()} == files
    assert {each.key for each in disk.walk()} == set(files)

    for key in list(files)[:5]:
        disk.delete(key)
    code, said = installation.run("migrate", "s3", "disk", PACKSHOT_BLOBS="disk", PACKSHOT_BLOBS_FROM="s3")
    assert (code, "5 files copied and proven" in said) == (0, True)
    assert {each.key: disk.get(each.key) for each in disk.walk()} == files


def test_a_move_that_the_studio_does_not_follow_is_refused(installation):
    installation.disk.put(key_of(b"one"), b"one")
    for settings in ({}, {"PACKSHOT_BLOBS": "s3"}, {"PACKSHOT_BLOBS": "disk", "PACKSHOT_BLOBS_FROM": "s3"}):
        code, said = installation.run("migrate", "disk", "s3", **settings)
        assert (code, "Nothing was copied" in said) == (2, True)
    assert list(installation.bucket.walk()) == []


def test_a_bucket_that_is_away_is_told_in_a_line(installation):
    installation.server.down = True
    code, said = installation.run("migrate", "disk", "s3", PACKSHOT_BLOBS="s3", PACKSHOT_BLOBS_FROM="disk")
    assert code == 1
    assert "run the same command again" in said
    assert "Traceback" not in said
    assert SECRET_KEY not in said
