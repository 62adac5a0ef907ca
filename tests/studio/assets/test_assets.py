"""Uploads and assets: commands, the worker's side, and what the database lets whom see."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection
from PIL import Image
from uuid_utils.compat import uuid7

from packshot.adapters.disk import DiskBlobs
from packshot.db.sql import _adapt, call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Conflict, Forbidden, NotFound
from packshot.imaging.errors import BadPicture
from packshot.imaging.inspect import inspect as look
from packshot.studio.assets import commands, queries, storage, tasks
from packshot.studio.assets.errors import TooLarge, UnsupportedPicture
from packshot.studio.assets.models import Asset


def picture(
    colour: tuple[int, int, int] = (200, 30, 40), form: str = "PNG", size: tuple[int, int] = (64, 48)
) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


def unique_picture() -> bytes:
    return picture(tuple(uuid7().bytes[-3:]), size=(64, 40 + uuid7().bytes[-4] % 50))  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskBlobs]:
    before = storage.blobs()
    store = DiskBlobs(tmp_path / "blobs", sign_key=b"k" * 32, base_url="", now=lambda: 1_000_000.0)
    storage.connect(store)
    yield store
    storage.connect(before)


@pytest.fixture
def as_worker(
    login: Callable[[str], psycopg.Connection], monkeypatch: pytest.MonkeyPatch
) -> psycopg.Connection:
    """The worker's side runs its SQL as the worker's login."""
    worker = login("packshot_worker")

    def one(function: str, *args: Any) -> Any:
        marks = ", ".join(["%s"] * len(args))
        row = worker.execute(f"select public.{function}({marks})", [_adapt(a) for a in args]).fetchone()
        assert row is not None
        return row[0]

    def many(function: str, *args: Any) -> list[dict[str, Any]]:
        marks = ", ".join(["%s"] * len(args))
        cursor = worker.execute(f"select * from public.{function}({marks})", [_adapt(a) for a in args])
        names = [c.name for c in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    monkeypatch.setattr(tasks, "call", one)
    monkeypatch.setattr(tasks, "rows", many)
    return worker


async def run_here(name: str, *args: Any, timeout: float) -> Any:
    assert (name, timeout) == ("inspect", tasks.INSPECT_LIMIT_S)
    return look(*args)


def messages(admin: psycopg.Connection, organization_id: UUID) -> list[str]:
    rows = admin.execute(
        "select convert_from(payload, 'UTF8') from pgq.pgqueuer where entrypoint = 'inspect'"
    )
    return [row[0] for row in rows.fetchall() if row[0].startswith(str(organization_id))]


def generated(organization_id: UUID, **changes: Any) -> dict[str, Any]:
    sha256 = hashlib.sha256(uuid7().bytes).hexdigest()
    return {
        "organization_id": str(organization_id),
        "id": str(uuid7()),
        "board_id": None,
        "job_id": str(uuid7()),
        "parent_id": None,
        "origin": "generated",
        "operation": "generate",
        "sha256": sha256,
        "media_type": "image/jpeg",
        "bytes": 1234,
        "width": 640,
        "height": 480,
        "placeholder": "data:image/webp;base64,AA==",
        "name": "mug on marble",
        "source_type": "compositeSynthetic",
        "confidence": 0.97,
        "note": None,
        "created_by": None,
        "seed": 7,
        "prompt": "a mug on marble",
    } | changes


def add(admin: psycopg.Connection, row: dict[str, Any]) -> UUID:
    found = admin.execute("select public.assets_add_v1(%s)", [json.dumps(row)]).fetchone()
    assert found is not None
    return found[0]


def test_an_upload_waits_for_a_worker_and_tells_the_queue(tenant, store, admin):
    data = unique_picture()
    view = commands.upload(tenant.actor, data=data, filename="mug.png")
    assert (view.state, view.media_type, view.bytes, view.name) == ("new", "image/png", len(data), "mug.png")
    assert view.url is view.thumb_256 is view.width is view.source_type is None
    assert store.get(storage.key(tenant.organization_id, hashlib.sha256(data).hexdigest())) == data
    assert messages(admin, tenant.organization_id) == [f"{tenant.organization_id}/{view.id}"]
    assert queries.asset(tenant.actor, view.id) == view


def test_a_file_uploads_like_bytes(tenant, store, tmp_path):
    path = tmp_path / "upload.tmp"
    path.write_bytes(data := picture(form="JPEG"))
    view = commands.upload(tenant.actor, data=path, filename="C:\\photos\\mug\x00\u202e.jpg ")
    assert (view.media_type, view.bytes, view.name) == ("image/jpeg", len(data), "mug.jpg")
    assert path.exists()


async def test_inspection_makes_it_ready_with_thumbnails(tenant, store, as_worker):
    import asyncio

    data = picture(form="JPEG", size=(900, 600))
    view = await asyncio.to_thread(commands.upload, tenant.actor, data=data, filename="mug.jpg")
    assert await tasks.inspect(tenant.organization_id, view.id, blobs=store, run=run_here) is True
    ready = await asyncio.to_thread(queries.asset, tenant.actor, view.id)
    assert (ready.state, ready.width, ready.height, ready.source_type) == (
        "ready",
        900,
        600,
        "digitalCapture",
    )
    assert ready.placeholder is not None
    assert ready.placeholder.startswith("data:image/webp;base64,")
    for address, side in ((ready.thumb_256, 256), (ready.thumb_512, 512)):
        assert address is not None
        key = address.removeprefix("/blobs/").partition("?")[0]
        with Image.open(io.BytesIO(store.get(key))) as thumb:
            assert (thumb.format, max(thumb.size)) == ("WEBP", side)
    assert await tasks.inspect(tenant.organization_id, view.id, blobs=store, run=run_here) is False


async def test_what_is_no_picture_is_rejected_with_the_reason(tenant, store, as_worker):
    import asyncio

    cut = picture(form="PNG", size=(300, 300))[:-40]
    view = await asyncio.to_thread(commands.upload, tenant.actor, data=cut, filename="cut.png")
    assert await tasks.inspect(tenant.organization_id, view.id, blobs=store, run=run_here) is True
    seen = await asyncio.to_thread(queries.asset, tenant.actor, view.id)
    with pytest.raises(BadPicture) as bad:
        look(cut)
    assert (seen.state, seen.reject_reason, seen.url) == ("rejected", bad.value.message, None)
    assert await tasks.give_up(tenant.organization_id, view.id) is False


async def test_a_broken_worker_leaves_the_upload_for_the_next_one(tenant, store, as_worker):
    import asyncio

    async def dies(name: str, *args: Any, timeout: float) -> Any:
        raise RuntimeError("the process is gone")

    view = await asyncio.to_thread(commands.upload, tenant.actor, data=unique_picture(), filename="mug.png")
    with pytest.raises(RuntimeError, match="gone"):
        await tasks.inspect(tenant.organization_id, view.id, blobs=store, run=dies)
    assert (await asyncio.to_thread(queries.asset, tenant.actor, view.id)).state == "new"
    assert await tasks.give_up(tenant.organization_id, view.id) is True
    assert (await asyncio.to_thread(queries.asset, tenant.actor, view.id)).state == "rejected"


async def test_bytes_that_are_gone_reject_the_upload(tenant, store, as_worker):
    import asyncio

    data = unique_picture()
    view = await asyncio.to_thread(commands.upload, tenant.actor, data=data, filename="mug.png")
    store.delete(storage.key(tenant.organization_id, hashlib.sha256(data).hexdigest()))
    assert await tasks.inspect(tenant.organization_id, view.id, blobs=store, run=run_here) is True
    seen = await asyncio.to_thread(queries.asset, tenant.actor, view.id)
    assert seen.reject_reason == "The stored file is missing. Upload it again."


async def test_pages_are_told_when_it_is_ready(tenant, store, as_worker, admin):
    import asyncio

    view = await asyncio.to_thread(commands.upload, tenant.actor, data=unique_picture(), filename="mug.png")
    admin.execute("listen packshot_events")
    await tasks.inspect(tenant.organization_id, view.id, blobs=store, run=run_here)
    told = [json.loads(n.payload) for n in admin.notifies(timeout=60, stop_after=1)]
    assert told == [{"o": str(tenant.organization_id), "k": "asset", "i": str(view.id)}]


async def test_known_bytes_are_ready_at_once_and_stored_once(tenant, store, as_worker, admin):
    import asyncio

    data = unique_picture()
    first = await asyncio.to_thread(commands.upload, tenant.actor, data=data, filename="a.png")
    await tasks.inspect(tenant.organization_id, first.id, blobs=store, run=run_here)
    second = await asyncio.to_thread(commands.upload, tenant.actor, data=data, filename="b.png")
    assert (second.state, second.name, second.width) == ("ready", "b.png", 64)
    assert second.id != first.id
    assert messages(admin, tenant.organization_id) == [f"{tenant.organization_id}/{first.id}"]
    count = "select count(*) from public.assets_blob where organization_id = %s"
    assert admin.execute(count, [tenant.organization_id]).fetchone() == (1,)


def test_the_same_bytes_in_another_organization_are_looked_at_again(new_tenant, store, admin):
    data = unique_picture()
    for person in (new_tenant(), new_tenant()):
        assert commands.upload(person.actor, data=data, filename="a.png").state == "new"
        assert len(messages(admin, person.organization_id)) == 1


def test_uploads_of_the_same_bytes_at_once_are_one_blob(tenant, store, admin):
    data, views, gate = unique_picture(), [], threading.Barrier(6)

    def send() -> None:
        gate.wait()
        views.append(commands.upload(tenant.actor, data=data, filename="a.png"))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({view.id for view in views}) == 6
    count = "select count(*) from public.assets_blob where organization_id = %s"
    assert admin.execute(count, [tenant.organization_id]).fetchone() == (1,)


@pytest.mark.parametrize(
    ("data", "problem", "status"),
    [
        (b"", UnsupportedPicture, 415),
        (b"just a text", UnsupportedPicture, 415),
        (b"GIF89a" + bytes(100), UnsupportedPicture, 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnsupportedPicture, 415),
        (b"\x89PNG\r\n\x1a\n" + bytes(40 * 1024 * 1024), TooLarge, 413),
    ],
)
@pytest.mark.parametrize("as_file", [False, True])
def test_other_files_are_refused_and_leave_nothing(
    tenant, store, admin, tmp_path, data, problem, status, as_file
):
    source: bytes | Path = data
    if as_file:
        source = tmp_path / "upload"
        source.write_bytes(data)
    with pytest.raises(problem) as refused:
        commands.upload(tenant.actor, data=source, filename="x.jpg")
    assert refused.value.status == status
    assert "\n" not in refused.value.message
    assert not list((tmp_path / "blobs").rglob("*"))
    assert messages(admin, tenant.organization_id) == []


def test_only_a_member_uploads_and_only_to_boards_of_its_own(new_tenant, store):
    mine, other = new_tenant(), new_tenant()
    with pytest.raises(Forbidden):
        commands.upload(Actor(mine.user_id, other.organization_id), data=picture(), filename="x.png")
    with pytest.raises(NotFound):
        commands.upload(mine.actor, data=picture(), filename="x.png", board_id=uuid7())
    with acting_as(other.actor):
        board = uuid7()
        call("boards_create_v1", board, "Mugs")
    with pytest.raises(NotFound):
        commands.upload(mine.actor, data=picture(), filename="x.png", board_id=board)
    assert commands.upload(other.actor, data=picture(), filename="x.png", board_id=board).board_id == board


def test_a_lost_message_is_sent_again_and_one_that_is_there_is_not_doubled(tenant, store, admin, as_worker):
    ids = [commands.upload(tenant.actor, data=unique_picture(), filename="a.png").id for _ in range(2)]
    mine = [f"{tenant.organization_id}/{asset_id}" for asset_id in ids]
    admin.execute("delete from pgq.pgqueuer where payload = convert_to(%s, 'UTF8')", [mine[0]])
    as_worker.execute("select public.assets_sweep_v1()")
    assert messages(admin, tenant.organization_id) == [mine[1]]
    admin.execute(
        "update public.assets_asset set created_at = now() - interval '2 minutes' where organization_id = %s",
        [tenant.organization_id],
    )
    found = as_worker.execute("select public.assets_sweep_v1()").fetchone()
    assert found is not None
    assert found[0] >= 2
    assert sorted(messages(admin, tenant.organization_id)) == sorted(mine)


def test_another_tenants_pictures_do_not_exist(new_tenant, store, admin):
    mine, other = new_tenant(), new_tenant()
    theirs = add(admin, generated(other.organization_id))
    with pytest.raises(NotFound):
        queries.asset(mine.actor, theirs)
    assert queries.assets(mine.actor, [theirs]) == []
    assert queries.asset(other.actor, theirs).id == theirs
    with acting_as(mine.actor):
        assert Asset.objects.count() == 0


def test_many_pictures_come_in_the_order_asked_for(tenant, store, admin):
    ids = [add(admin, generated(tenant.organization_id)) for _ in range(3)]
    asked = [ids[2], uuid7(), ids[0]]
    assert [view.id for view in queries.assets(tenant.actor, asked)] == [ids[2], ids[0]]
    assert queries.assets(tenant.actor, []) == []


def test_a_boards_pictures_come_newest_first_page_by_page(tenant, store, admin):
    board, elsewhere = uuid7(), uuid7()
    ids = [add(admin, generated(tenant.organization_id, board_id=str(board))) for _ in range(5)]
    add(admin, generated(tenant.organization_id, board_id=str(elsewhere)))
    gone = ids.pop(1)
    admin.execute("update public.assets_asset set deleted_at = now() where id = %s", [gone])
    page = queries.on_board(tenant.actor, board, limit=3)
    rest = queries.on_board(tenant.actor, board, limit=3, before=page[-1].id)
    assert [view.id for view in page + rest] == ids[::-1]
    with pytest.raises(NotFound):
        queries.asset(tenant.actor, gone)


def test_a_finished_job_adds_one_asset_however_often_it_is_told(tenant, store, admin):
    row = generated(tenant.organization_id, note="style approximated", parent_id=str(uuid7()))
    first, again = add(admin, row), add(admin, row)
    view = queries.asset(tenant.actor, first)
    assert first == again == UUID(row["id"])
    assert (view.state, view.seed, view.prompt, view.note) == (
        "ready",
        7,
        "a mug on marble",
        "style approximated",
    )
    assert (view.parent_id, view.confidence) == (UUID(row["parent_id"]), 0.97)
    assert view.url is not None
    with pytest.raises(psycopg.Error, match="other content") as refused:
        add(admin, row | {"sha256": "0" * 64})
    assert refused.value.sqlstate == "PX409"
    assert Conflict.status == 409


@pytest.mark.parametrize(
    "change",
    [
        {"width": None},
        {"source_type": None},
        {"placeholder": None},
        {"origin": "stolen"},
        {"sha256": "../../etc/passwd"},
        {"confidence": 1.5},
        {"bytes": 0},
        {"name": None},
    ],
)
def test_the_table_takes_no_half_picture(tenant, admin, change):
    with pytest.raises(psycopg.errors.IntegrityError):
        add(admin, generated(tenant.organization_id, **change))


def test_members_and_web_cannot_write_rows_or_call_what_is_not_theirs(tenant, login):
    for statement in (
        "insert into public.assets_asset (organization_id) values (null)",
        "update public.assets_asset set state = 'ready'",
        "delete from public.assets_asset",
        "select count(*) from public.assets_blob",
        "select public.assets_add_v1('{}')",
        "select public.assets_inspected_v1('{}')",
        "select public.assets_rejected_v1(null, null, null)",
        "select public.assets_enqueue_v1(null, null, null)",
        "select public.assets_for_work_v1(null, null)",
    ):
        with pytest.raises(DatabaseError, match="permission denied"), acting_as(tenant.actor):
            connection.cursor().execute(statement)
        with pytest.raises(psycopg.Error, match="permission denied"):
            login("packshot_web").execute(statement)


def test_the_worker_reads_no_table_and_uploads_nothing(login):
    for statement in (
        "select count(*) from public.assets_asset",
        "select public.assets_upload_v1('{}')",
        "select public.assets_add_v1('{}')",
    ):
        with pytest.raises(psycopg.Error, match="permission denied"):
            login("packshot_worker").execute(statement)
