"""Pictures go for good with their bytes, and bytes that somebody brings at that very moment stay."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from packshot.adapters.disk import DiskBlobs
from packshot.errors import NotFound
from packshot.ports.blobs import BlobsUnavailable
from packshot.studio.assets import commands, queries, storage
from packshot.studio.assets.contracts import Search, Selection
from packshot.worker.database import Database
from packshot.worker.erasing import erase, expire
from tests.studio.assets.support import add, board, stored


class Store(DiskBlobs):
    """A disk that tells when something was put, and waits before it deletes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, sign_key=b"k" * 32, base_url="", now=lambda: 1_000_000.0)
        self.was_put: Callable[[], object] = lambda: None
        self.before_delete: Callable[[], object] = lambda: None

    def put(self, key: str, data: bytes) -> bool:
        fresh = super().put(key, data)
        self.was_put()
        return fresh

    def delete(self, key: str) -> None:
        self.before_delete()
        super().delete(key)


@pytest.fixture
def store(tmp_path: Path):
    before = storage.blobs()
    store = Store(tmp_path / "blobs")
    storage.connect(store)
    yield store
    storage.connect(before)


def with_database(work: Callable[[Database], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        database = await Database.connect(os.environ["DATABASE_URL"], 2)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def erased(store: Store) -> int:
    return with_database(lambda database: erase(database, store))


def is_there(store: Store, key: str) -> bool:
    try:
        store.info(key)
    except LookupError:
        return False
    return True


def trash(admin, asset_id: UUID, days: int) -> None:
    admin.execute(
        "update public.assets_asset set deleted_at = now() - make_interval(days => %s) where id = %s",
        [days, asset_id],
    )


def key_of(admin, tenant, asset_id: UUID) -> str:
    sha256 = admin.execute("select sha256 from public.assets_asset where id = %s", [asset_id]).fetchone()[0]
    return storage.key(tenant.organization_id, sha256)


def test_what_was_in_the_trash_for_thirty_days_goes_with_all_its_bytes(tenant, admin, store):
    old, young, twin = (stored(admin, tenant, colour) for colour in (1, 2, 3))
    copy = stored(admin, tenant, 3)
    keys = {each: key_of(admin, tenant, each) for each in (old, young, twin)}
    for suffix in (".256.webp", ".512.webp", ".marked"):
        store.put(keys[old] + suffix, b"x")
    trash(admin, old, 31)
    trash(admin, young, 29)
    trash(admin, twin, 31)
    erased(store)
    for suffix in ("", ".256.webp", ".512.webp", ".marked"):
        assert not is_there(store, keys[old] + suffix)
    assert is_there(store, keys[young])
    assert is_there(store, keys[twin])  # the copy shows the same bytes
    left = {
        view.id for trashed in (False, True) for view in queries.page(tenant.actor, Search(trash=trashed))
    }
    assert left == {young, copy}
    commands.change(tenant.actor, Selection(ids=(copy,)), "trash")
    commands.erase(tenant.actor, Selection(ids=(copy,)))
    with pytest.raises(NotFound):
        queries.original(tenant.actor, copy)
    erased(store)
    assert not is_there(store, keys[twin])
    rows = "select count(*) from public.assets_blob where organization_id = %s"
    assert admin.execute(rows, [tenant.organization_id]).fetchone() == (1,)


def test_a_rejected_upload_goes_after_a_day(tenant, admin, store):
    view = commands.upload(tenant.actor, data=b"\x89PNG\r\n\x1a\nbroken", filename="a.png")
    admin.execute("select public.assets_rejected_v1(%s, %s, 'No.')", [tenant.organization_id, view.id])
    key = key_of(admin, tenant, view.id)
    erased(store)
    assert is_there(store, key)
    admin.execute(
        "update public.assets_asset set created_at = now() - interval '25 hours' where id = %s", [view.id]
    )
    erased(store)
    assert not is_there(store, key)
    assert queries.assets(tenant.actor, [view.id]) == []


def test_a_board_goes_with_what_lies_on_it(tenant, admin, store):
    here = board(tenant.actor)
    one, two = stored(admin, tenant, 5, board_id=here), stored(admin, tenant, 6)
    keys = [key_of(admin, tenant, each) for each in (one, two)]
    drop = "select public.assets_drop_board_v1(%s, %s)"
    assert admin.execute(drop, [tenant.organization_id, here]).fetchone() == (True,)
    erased(store)
    assert [is_there(store, key) for key in keys] == [False, True]


def due(admin, tenant, store: Store) -> tuple[bytes, str]:
    """A picture whose row is gone and whose bytes are to go next."""
    data = b"\x89PNG\r\n\x1a\n" + uuid7().bytes
    view = commands.upload(tenant.actor, data=data, filename="a.png")
    commands.change(tenant.actor, Selection(ids=(view.id,)), "trash")
    commands.erase(tenant.actor, Selection(ids=(view.id,)))
    return data, storage.key(tenant.organization_id, hashlib.sha256(data).hexdigest())


def test_an_upload_that_found_its_bytes_stored_waits_for_the_eraser_and_stores_them_again(
    tenant, admin, store
):
    """The eraser has the lock and deletes; the upload has seen the bytes a moment before."""
    data, key = due(admin, tenant, store)
    has_lock, has_put = threading.Event(), threading.Event()

    def before_delete() -> None:
        has_lock.set()
        assert has_put.wait(60)

    store.before_delete, store.was_put = before_delete, has_put.set
    eraser = threading.Thread(target=erased, args=[store])
    eraser.start()
    assert has_lock.wait(60)
    assert is_there(store, key)
    view = commands.upload(tenant.actor, data=data, filename="b.png")
    eraser.join()
    assert store.get(key) == data
    assert queries.asset(tenant.actor, view.id).state == "new"


def test_an_eraser_that_comes_while_an_upload_is_written_leaves_its_bytes(tenant, admin, store, server):
    import psycopg

    data, key = due(admin, tenant, store)
    with psycopg.connect(server.database_url) as writing:
        writing.execute(
            "select public.assets_keep_blob_v1(%s, %s, %s, 'image/png')",
            [tenant.organization_id, key.rpartition("/")[2], len(data)],
        )
        eraser = threading.Thread(target=erased, args=[store])
        eraser.start()
        waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%give_up_blob%'"
        while eraser.is_alive() and admin.execute(waits).fetchone() == (0,):
            pass
        assert eraser.is_alive()
        add(writing, tenant.organization_id, sha256=key.rpartition("/")[2])
        writing.commit()
    eraser.join()
    assert store.get(key) == data


def test_bytes_survive_every_race_of_uploads_and_erasers(tenant, admin, store):
    for _ in range(12):
        data, key = due(admin, tenant, store)
        gate = threading.Barrier(4)

        def send(data: bytes = data, gate: threading.Barrier = gate) -> None:
            gate.wait()
            commands.upload(tenant.actor, data=data, filename="b.png")

        def clear(gate: threading.Barrier = gate) -> None:
            gate.wait()
            erased(store)

        threads = [threading.Thread(target=each) for each in (send, send, clear, clear)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.get(key) == data
    alone = (
        "select count(*) from public.assets_asset as a"
        " left join public.assets_blob as b using (organization_id, sha256)"
        " where a.organization_id = %s and b.sha256 is null"
    )
    assert admin.execute(alone, [tenant.organization_id]).fetchone() == (0,)


def test_an_eraser_that_died_between_bytes_and_row_does_no_harm(tenant, admin, store):
    data, key = due(admin, tenant, store)
    store.delete(key)  # and then it was killed: its transaction is undone
    commands.upload(tenant.actor, data=data, filename="b.png")
    erased(store)
    assert store.get(key) == data


def test_bytes_that_a_job_is_about_to_use_are_held_for_an_hour(tenant, admin, store, login):
    _, key = due(admin, tenant, store)
    sha256 = key.rpartition("/")[2]
    login("packshot_worker").execute(
        "select public.assets_hold_bytes_v1(%s, %s)", [tenant.organization_id, sha256]
    )
    erased(store)
    assert is_there(store, key)
    admin.execute("update public.assets_doomed set due_at = now() where sha256 = %s", [sha256])
    erased(store)
    assert not is_there(store, key)


def arrival(admin, tenant, store: Store, state: str, hours: int) -> str:
    """A file that a browser brought, which moved last so many hours ago."""
    arrival_id = uuid7()
    admin.execute(
        "insert into public.assets_arrival"
        " (organization_id, id, created_by, board_id, name, bytes, media_type, state, reject_reason, moved_at)"
        " values (%s, %s, %s, %s, 'a', 1, 'image/png', %s, %s, now() - make_interval(hours => %s))",
        [
            tenant.organization_id,
            arrival_id,
            tenant.user_id,
            uuid7(),
            state,
            "No." if state == "rejected" else None,
            hours,
        ],
    )
    key = storage.incoming_key(tenant.organization_id, arrival_id)
    store.put(key, b"x")
    return key


def test_what_browsers_brought_goes_when_nobody_needs_it_any_more(tenant, admin, store):
    goes = [
        arrival(admin, tenant, store, state, hours)
        for state, hours in (("received", 0), ("open", 25), ("rejected", 25))
    ]
    stays = [
        arrival(admin, tenant, store, state, hours)
        for state, hours in (("arrived", 99), ("open", 23), ("rejected", 23))
    ]
    with_database(lambda database: expire(database, store))
    assert [is_there(store, key) for key in goes] == [False] * 3
    assert [is_there(store, key) for key in stays] == [True] * 3
    rows = "select count(*) from public.assets_arrival where organization_id = %s"
    assert admin.execute(rows, [tenant.organization_id]).fetchone() == (3,)


def test_while_the_store_is_away_what_is_due_stays_so(tenant, admin, store):
    _, key = due(admin, tenant, store)
    passing = arrival(admin, tenant, store, "received", 0)

    def away() -> None:
        raise BlobsUnavailable("no answer")

    store.before_delete = away
    assert erased(store) == 0
    with_database(lambda database: expire(database, store))
    store.before_delete = lambda: None
    erased(store)
    with_database(lambda database: expire(database, store))
    assert not is_there(store, key)
    assert not is_there(store, passing)
