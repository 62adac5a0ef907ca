"""Large changes and exports through a real worker, and through one that is killed in the middle."""

from __future__ import annotations

import io
import zipfile
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from PIL import Image

from packshot.imaging.export import read_source_type
from packshot.studio.assets import commands, queries, storage
from packshot.studio.assets.contracts import ChangeView, ExportSpec, ExportView, Search, Selection
from tests.studio.assets.support import add, board, many, stored
from tests.worker.support import wait_for, worker_process

EVERYTHING = Selection(search=Search())


def ended(actor, change_id: UUID, limit_s: float = 60) -> ChangeView:
    return wait_for(
        lambda: queries.change(actor, change_id),
        lambda view: view.state not in ("working", "undoing"),
        limit_s,
    )


def number_on(actor, board_id: UUID) -> int:
    return queries.count(actor, Search(board=board_id), cap=None).number


def test_a_large_change_is_worked_off_and_taken_back(tenant, worker, admin):
    here, there = board(tenant.actor, "Here"), board(tenant.actor, "There")
    many(admin, tenant, 4100, here)
    view = commands.change(tenant.actor, EVERYTHING, "move", str(there))
    assert (view.state, view.done) == ("working", 0)
    assert view.total > 1000
    view = ended(tenant.actor, view.id)
    assert (view.state, view.done, view.total) == ("done", 4100, 4100)
    assert (number_on(tenant.actor, here), number_on(tenant.actor, there)) == (0, 4100)
    kept = queries.page(tenant.actor, Search(board=there), limit=1)[0].id
    further = board(tenant.actor, "Further")
    commands.change(tenant.actor, Selection(ids=(kept,)), "move", str(further))
    assert commands.undo(tenant.actor, view.id).state == "undoing"
    view = ended(tenant.actor, view.id)
    assert (view.state, view.done, view.kept) == ("undone", 4099, 1)
    assert (number_on(tenant.actor, here), number_on(tenant.actor, further)) == (4099, 1)


@pytest.mark.crash
def test_a_worker_that_is_killed_in_a_large_change_loses_and_doubles_nothing(tenant, admin):
    here, there = board(tenant.actor, "Here"), board(tenant.actor, "There")
    many(admin, tenant, 8_000, here)
    with worker_process() as first:
        view = commands.change(tenant.actor, EVERYTHING, "copy", str(there))
        wait_for(lambda: queries.change(tenant.actor, view.id).done, lambda done: done > 0)
        first.kill()
    left = queries.change(tenant.actor, view.id)
    assert left.state == "working"
    with worker_process():
        view = ended(tenant.actor, view.id, 90)
    assert (view.state, view.done, number_on(tenant.actor, there)) == ("done", 8_000, 8_000)


# Exports.


def file_of(view: ExportView) -> bytes:
    assert view.url is not None
    data = storage.blobs().get(urlsplit(view.url).path.removeprefix("/blobs/"))
    assert len(data) == view.bytes
    return data


def made(actor, export_id: UUID) -> ExportView:
    # Where a killed worker's message is lost with it, the next one asks again after a minute.
    return wait_for(lambda: queries.export(actor, export_id), lambda view: view.state != "working", 150.0)


def test_pictures_are_converted_named_and_packed(tenant, worker, admin):
    here = board(tenant.actor, "Mugs: 50 % off")
    ids = [
        stored(admin, tenant, 10, board_id=here, name="Tasse.png", title="Grüne/Tasse"),
        stored(admin, tenant, 20, board_id=here, name="b.png", title="grüne/TASSE"),
        stored(admin, tenant, 30, board_id=here, name="../../etc/passwd"),
    ]
    spec = ExportSpec(form="jpeg", longest=32, quality=80, name="{n} {name} {w}x{h}")
    view = made(tenant.actor, commands.export(tenant.actor, Selection(ids=tuple(ids)), spec).id)
    assert (view.state, view.done, view.total, view.message) == ("ready", 3, 3, None)
    assert view.name.startswith("Mugs- 50 % off-20")
    with zipfile.ZipFile(io.BytesIO(file_of(view))) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == [
            "1 passwd 32x24.jpg",
            "2 grüne-TASSE 32x24.jpg",
            "3 Grüne-Tasse 32x24.jpg",
        ]
        for name in packed.namelist():
            data = packed.read(name)
            assert read_source_type(data) == "compositeSynthetic"
            with Image.open(io.BytesIO(data)) as picture:
                assert (picture.format, picture.size) == ("JPEG", (32, 24))
    assert view in queries.exports(tenant.actor)


def test_one_picture_is_a_file_and_one_whose_bytes_are_gone_is_left_out(tenant, worker, admin):
    one, lost = stored(admin, tenant, 40, name="a.png"), add(admin, tenant.organization_id)
    view = made(
        tenant.actor, commands.export(tenant.actor, Selection(ids=(one,)), ExportSpec(form="webp")).id
    )
    assert view.name == "a.webp"
    with Image.open(io.BytesIO(file_of(view))) as picture:
        assert picture.format == "WEBP"
    both = commands.export(tenant.actor, Selection(ids=(one, lost)), ExportSpec())
    view = made(tenant.actor, both.id)
    assert (view.state, view.message) == ("ready", "1 picture was left out: its file is not there any more.")
    with zipfile.ZipFile(io.BytesIO(file_of(view))) as packed:
        assert packed.namelist() == ["a.png"]


def test_a_finished_file_is_there_for_a_day(tenant, worker, admin):
    one = stored(admin, tenant, 60)
    view = made(tenant.actor, commands.export(tenant.actor, Selection(ids=(one,)), ExportSpec()).id)
    file_of(view)
    admin.execute(
        "update public.assets_export set finished_at = now() - interval '25 hours' where id = %s", [view.id]
    )
    key = storage.export_key(tenant.organization_id, view.id)
    wait_for(lambda: queries.export(tenant.actor, view.id).state, lambda state: state == "expired")
    wait_for(lambda: is_stored(key), lambda there: not there)
    assert queries.export(tenant.actor, view.id).url is None


def is_stored(key: str) -> bool:
    try:
        storage.blobs().info(key)
    except LookupError:
        return False
    return True


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_a_worker_that_is_killed_in_an_export_leaves_it_to_the_next(tenant, admin):
    ids = tuple(stored(admin, tenant, colour) for colour in range(60, 240))
    with worker_process() as first:
        view = commands.export(tenant.actor, Selection(ids=ids), ExportSpec(form="avif"))
        wait_for(lambda: queries.export(tenant.actor, view.id).done, lambda done: done > 0)
        first.kill()
    assert queries.export(tenant.actor, view.id).state == "working"
    with worker_process():
        view = made(tenant.actor, view.id)
    with zipfile.ZipFile(io.BytesIO(file_of(view))) as packed:
        assert len(packed.namelist()) == 180
