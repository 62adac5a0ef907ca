"""What belongs to nothing goes, and nothing else: whatever is being uploaded, held or made at that moment."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from packshot.adapters.disk import DiskBlobs
from packshot.adapters.s3 import S3Blobs
from packshot.db.sql import call
from packshot.db.tenancy import acting_as
from packshot.ports.blobs import BlobMissing
from packshot.studio.assets import commands, storage
from tests.conformance.test_blobs import on_disk, on_s3
from tests.fakes.s3 import running
from tests.test_tenancy_matrix import picture

ROOT = Path(__file__).parents[3]
DAYS_2 = 2 * 24 * 3600

# As a worker's own process: another login than the web's, which may do none of this.
_COLLECTOR = """
import json, sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
import django; django.setup()
from packshot.studio.assets.orphans import collect
from tests.conformance.test_blobs import OPENERS
store = OPENERS[sys.argv[1]](Path(sys.argv[2]))
print("ready", flush=True)
for line in sys.stdin:
    order = json.loads(line)
    report = collect(store, delete=order["delete"], grace=timedelta(seconds=order["grace_s"]))
    print(json.dumps(asdict(report)), flush=True)
"""


class Collector:
    def __init__(self, kind: str, root: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _COLLECTOR, kind, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PACKSHOT_ROLE": "worker"},
        )
        assert self._hear() == "ready"

    def collect(self, *, delete: bool, grace_s: float = 24 * 3600) -> dict[str, int]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"delete": delete, "grace_s": grace_s}) + "\n")
        self._process.stdin.flush()
        found: dict[str, int] = json.loads(self._hear())
        return found

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def store(root: Path):
    before = storage.blobs()
    made = on_disk(root)
    storage.connect(made)
    yield made
    storage.connect(before)


@pytest.fixture
def collector(root: Path):
    made = Collector("disk", root)
    yield made
    made.close()


def aged(store: DiskBlobs, key: str, seconds: float = DAYS_2) -> str:
    path = store.path(key)
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))
    return key


def content_key(organization_id: UUID, data: bytes) -> str:
    return storage.key(organization_id, hashlib.sha256(data).hexdigest())


def lost(store: DiskBlobs, organization_id: UUID, data: bytes, *suffixes: str) -> list[str]:
    """What an upload has left that died before its row, two days ago."""
    keys = [content_key(organization_id, data) + suffix for suffix in suffixes or ("",)]
    for key in keys:
        store.put(key, data)
    return [aged(store, key) for key in keys]


def there(store: Any) -> set[str]:
    return {found.key for found in store.walk()}


def test_what_belongs_to_nothing_goes_and_everything_else_stays(tenant, admin, store, root, collector, login):
    mine = tenant.organization_id
    commands.upload(tenant.actor, data=(kept := picture()), filename="a.png")
    stays = [aged(store, content_key(mine, kept))]
    stays += lost(store, mine, kept, ".256.webp", ".512.webp", ".marked")
    admin.execute(
        "insert into public.assets_export (organization_id, id, created_by, spec, ids, state, total, name)"
        " values (%s, %s, %s, '{}', '{}', 'working', 1, 'a')",
        [mine, (export_id := uuid7()), tenant.user_id],
    )
    admin.execute(
        "insert into public.assets_arrival (organization_id, id, created_by, board_id, name, bytes, media_type, state)"
        " values (%s, %s, %s, %s, 'a', 1, 'image/png', 'arrived')",
        [mine, (arrival_id := uuid7()), tenant.user_id, uuid7()],
    )
    for key in (storage.export_key(mine, export_id), storage.incoming_key(mine, arrival_id)):
        store.put(key, b"in passing")
        stays.append(aged(store, key))
    held = content_key(mine, b"held for a job")
    store.put(held, b"held for a job")
    stays.append(aged(store, held))
    login("packshot_worker").execute(
        "select public.assets_hold_bytes_v1(%s, %s)", [mine, held.rpartition("/")[2]]
    )
    young = content_key(mine, b"a moment old")
    store.put(young, b"a moment old")
    foreign = lost(store, uuid7(), b"of another installation")

    goes = lost(store, mine, b"lost", "", ".256.webp") + lost(store, mine, b"only thumbs", ".512.webp")
    goes += [storage.export_key(mine, uuid7()), storage.incoming_key(mine, uuid7())]
    for key in goes[-2:]:
        store.put(key, b"forgotten")
        aged(store, key)

    everything = there(store)
    assert everything == {*stays, young, *foreign, *goes}
    counted = collector.collect(delete=False)
    assert (counted["files"], counted["young"], counted["foreign"]) == (len(everything), 1, 1)
    assert (counted["orphans"], counted["deleted"]) == (len(goes), 0)
    assert counted["orphan_bytes"] == sum(store.info(key).size for key in goes)
    assert there(store) == everything
    deleted = collector.collect(delete=True)
    assert (deleted["deleted"], deleted["deleted_bytes"]) == (len(goes), counted["orphan_bytes"])
    assert there(store) == everything - set(goes)
    assert collector.collect(delete=True)["orphans"] == 0
    rows = "select count(*) from public.assets_blob where organization_id = %s"
    assert admin.execute(rows, [mine]).fetchone() == (1,)


def test_bytes_are_there_for_every_picture_after_any_race(tenant, admin, store, root, collector):
    """With no grace at all: everything is deleted the moment nobody has a claim to it, and uploads go on."""
    done, sent, wrong = threading.Event(), [], []

    def send(number: int) -> None:
        try:
            for turn in range(12):
                # Four hands bring the same bytes, which lie there already as an orphan.
                data = b"\x89PNG\r\n\x1a\n" + tenant.organization_id.bytes + bytes([turn])
                commands.upload(tenant.actor, data=data, filename=f"{number}.png")
                sent.append(content_key(tenant.organization_id, data))
        except Exception as error:
            wrong.append(error)
            raise

    for turn in range(12):
        lost(
            store, tenant.organization_id, b"\x89PNG\r\n\x1a\n" + tenant.organization_id.bytes + bytes([turn])
        )
        lost(store, tenant.organization_id, bytes([turn]) * 40)
    rounds = 0
    threads = [threading.Thread(target=send, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    while not done.is_set():
        done_before = not any(thread.is_alive() for thread in threads)
        collector.collect(delete=True, grace_s=0)
        rounds += 1
        if done_before:
            done.set()
    assert wrong == []
    assert rounds >= 1
    assert len(sent) == 48
    assert there(store) == set(sent)
    alone = (
        "select count(*) from public.assets_asset as a"
        " left join public.assets_blob as b using (organization_id, sha256)"
        " where a.organization_id = %s and b.sha256 is null"
    )
    assert admin.execute(alone, [tenant.organization_id]).fetchone() == (0,)


def test_an_upload_that_waits_for_the_collector_stores_its_bytes_again(tenant, store, server):
    """The collector has the lock and has deleted; the upload saw the bytes a moment before."""
    import psycopg

    data = b"\x89PNG\r\n\x1a\n" + uuid7().bytes
    [key] = lost(store, tenant.organization_id, data)
    with psycopg.connect(server.database_url) as collecting, psycopg.connect(server.database_url) as looking:
        looking.autocommit = True
        found = collecting.execute(
            "select public.assets_give_up_orphan_v1(%s, %s)", [tenant.organization_id, key.rpartition("/")[2]]
        ).fetchone()
        assert found == (True,)
        upload = threading.Thread(
            target=commands.upload, args=[tenant.actor], kwargs={"data": data, "filename": "a.png"}
        )
        upload.start()
        waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%assets_upload%'"
        while upload.is_alive() and looking.execute(waits).fetchone() == (0,):
            pass
        assert upload.is_alive()
        store.delete(key)
        collecting.commit()
    upload.join()
    assert store.get(key) == data


def test_what_was_written_since_the_walk_is_left(tenant, store, monkeypatch):
    from datetime import UTC, datetime

    from packshot.studio.assets import orphans

    [key] = lost(store, tenant.organization_id, b"rewritten")
    [group] = orphans._groups(store)
    before = datetime.now(UTC) - timedelta(days=1)
    assert orphans._is_fresh(store, group, before) is False
    store.delete(key)
    store.put(key, b"rewritten")
    assert orphans._is_fresh(store, group, before) is True


def test_a_bucket_is_cleaned_alike(tenant, tmp_path, monkeypatch):
    with running() as server:
        monkeypatch.setenv("TEST_S3", server.address)
        store = on_s3(tmp_path)
        assert isinstance(store, S3Blobs)
        mine = content_key(tenant.organization_id, b"lost")
        store.put(mine, b"lost")
        collector = Collector("s3", tmp_path)
        try:
            assert collector.collect(delete=True)["young"] == 1
            assert store.get(mine) == b"lost"
            assert collector.collect(delete=True, grace_s=-60)["deleted"] == 1
        finally:
            collector.close()
        with pytest.raises(BlobMissing):
            store.info(mine)


def test_members_may_ask_none_of_it(tenant):
    for name, given in (
        ("assets_unclaimed_v1", [[]]),
        ("assets_give_up_orphan_v1", [tenant.organization_id, "0" * 64]),
        ("assets_begin_round_v1", ["orphans"]),
    ):
        with acting_as(tenant.actor), pytest.raises(Exception, match="permission denied"):
            call(name, *given)


def test_a_round_is_begun_once_a_day(login, admin):
    ask = "select public.assets_begin_round_v1('orphans')"
    admin.execute("update public.assets_round set begun_at = now() - interval '23 hours'")
    assert login("packshot_worker").execute(ask).fetchone() == (False,)
    admin.execute("update public.assets_round set begun_at = now() - interval '25 hours'")
    assert login("packshot_worker").execute(ask).fetchone() == (True,)
    assert login("packshot_worker").execute(ask).fetchone() == (False,)
