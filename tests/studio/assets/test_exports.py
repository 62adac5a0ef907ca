"""Exports without a worker: who may have what, how files are called, and small ZIPs that are sent at once."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from packshot.adapters.disk import DiskBlobs
from packshot.errors import Invalid, NotFound
from packshot.foundation.accounts.models import User
from packshot.studio.assets import commands, queries, storage
from packshot.studio.assets.contracts import ExportSpec, Search, Selection
from packshot.studio.assets.exporting import Item, Names, checked, safe, zipped
from tests.studio.assets.support import add, board, many, member, stored

EVERYTHING = Selection(search=Search())


@pytest.fixture(autouse=True)
def store(tmp_path: Path):
    before = storage.blobs()
    storage.connect(DiskBlobs(tmp_path / "blobs", sign_key=b"k" * 32, base_url="", now=lambda: 1_000_000.0))
    yield
    storage.connect(before)


def test_an_export_is_its_persons_alone_and_is_cancelled_by_nobody_else(tenant, admin, new_tenant):
    one = stored(admin, tenant, 50)
    other = member(admin, tenant.organization_id, new_tenant)
    view = commands.export(tenant.actor, Selection(ids=(one,)), ExportSpec())
    for actor in (other, new_tenant().actor):
        with pytest.raises(NotFound):
            queries.export(actor, view.id)
        with pytest.raises(NotFound):
            commands.cancel_export(actor, view.id)
        assert queries.exports(actor) == []
    assert commands.cancel_export(tenant.actor, view.id).state == "cancelled"
    with pytest.raises(NotFound):
        commands.export(new_tenant().actor, Selection(ids=(one,)), ExportSpec())


def test_too_much_is_refused_with_words(tenant, admin):
    many(admin, tenant, 5001, board(tenant.actor))
    with pytest.raises(Invalid, match="5,000"):
        commands.export(tenant.actor, EVERYTHING, ExportSpec())
    admin.execute(
        "update public.assets_asset set bytes = 1000000 where organization_id = %s", [tenant.organization_id]
    )
    fewer = Selection(search=Search(), but=(queries.page(tenant.actor, Search(), limit=1)[0].id,))
    with pytest.raises(Invalid, match="4 GB"):
        commands.export(tenant.actor, fewer, ExportSpec())


def test_nothing_happens_twice_for_the_same_export(tenant, admin):
    one = stored(admin, tenant, 70)
    export_id = uuid7()
    first = commands.export(tenant.actor, Selection(ids=(one,)), ExportSpec(), export_id=export_id)
    assert commands.export(tenant.actor, Selection(ids=(one,)), ExportSpec(), export_id=export_id) == first
    told = admin.execute(
        "select count(*) from public.boards_activity where organization_id = %s and verb = 'exported'",
        [tenant.organization_id],
    ).fetchone()
    assert told == (1,)


def test_a_few_pictures_are_sent_as_they_are_stored(tenant, admin):
    ids = tuple(stored(admin, tenant, colour, name="Größe 1.png") for colour in (1, 2, 3))
    found = queries.stream_zip(tenant.actor, Selection(ids=ids), ExportSpec(name="{name}"))
    assert found is not None
    with zipfile.ZipFile(io.BytesIO(b"".join(found.chunks))) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["Größe 1.png", "Größe 1-2.png", "Größe 1-3.png"]
        assert all(each.compress_type == zipfile.ZIP_STORED for each in packed.infolist())
    assert found.name.startswith("Inbox-20")
    assert queries.stream_zip(tenant.actor, Selection(ids=ids), ExportSpec(form="png")) is None
    assert queries.file_names(tenant.actor, EVERYTHING, ExportSpec(name="{n}-{w}x{h}-{hash8}"), 1)[
        0
    ].startswith("1-64x48-")


def test_what_is_too_large_to_be_sent_at_once_is_not(tenant, admin, new_tenant):
    ids = tuple(stored(admin, tenant, 1) for _ in range(51))
    assert queries.stream_zip(tenant.actor, Selection(ids=ids), ExportSpec()) is None
    assert queries.stream_zip(tenant.actor, Selection(ids=ids[:50]), ExportSpec()) is not None
    admin.execute("update public.assets_asset set bytes = 1024 * 1024 * 101 where id = %s", [ids[0]])
    assert queries.stream_zip(tenant.actor, Selection(ids=ids[:1]), ExportSpec()) is None
    with pytest.raises(NotFound):
        queries.stream_zip(new_tenant().actor, Selection(ids=ids[:2]), ExportSpec())
    gone = add(admin, tenant.organization_id)
    assert queries.stream_zip(tenant.actor, Selection(ids=(gone,)), ExportSpec()) is None


@pytest.mark.parametrize(
    "spec",
    [
        ExportSpec(form="gif"), ExportSpec(longest=100), ExportSpec(form="png", longest=0),
        ExportSpec(form="png", longest=20_000), ExportSpec(form="jpeg", quality=101), ExportSpec(name=""),
        ExportSpec(name="{name} {sku}"), ExportSpec(name="x" * 121), ExportSpec(metadata="all"), ExportSpec(quality=5),
    ],  # type: ignore[arg-type]
)  # fmt: skip
def test_a_spec_that_means_nothing_is_refused(tenant, admin, spec):
    with pytest.raises(Invalid):
        checked(spec)
    with pytest.raises(Invalid):
        commands.export(tenant.actor, Selection(ids=(stored(admin, tenant, 1),)), spec)


def item(**changes: Any) -> Item:
    facts: dict[str, Any] = {
        "id": uuid7(), "sha256": "ab" * 32, "media_type": "image/png", "bytes": 1, "name": "a.png", "origin": "upload",
        "source_type": "digitalCapture", "width": 30, "height": 20, "seed": None, "title": "", "alt": "",
        "product": "Mug", "board": "Here", "created_on": "2026-11-20",
    }  # fmt: skip
    return Item(**(facts | changes))


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{name}", "a.png"), ("{product}_{n}_{w}x{h}", "Mug_1_30x20.png"), ("{board}/{date}", "Here-2026-11-20.png"),
        ("{seed}", "picture.png"), ("{hash8}", "abababab.png"), ("..{name}..", "a.png"), ("con", "_con.png"),
        ("a{name}{name}", "aaa.png"), ("x\u202e{name}", "x a.png"),
    ],
)  # fmt: skip
def test_a_template_is_filled(template, name):
    assert Names(ExportSpec(name=template)).next(item()) == name


def test_a_video_keeps_its_form():
    assert Names(ExportSpec(form="jpeg")).next(item(media_type="video/webm", name="clip.webm")) == "clip.webm"


@given(st.text(max_size=300))
def test_a_file_name_is_safe_on_every_system(text):
    stem = safe(text)
    assert not set(stem) & set('<>:"/\\|?*\x00\n\r\t')
    assert stem == stem.strip(" .")
    assert len(stem.encode()) <= 201
    assert stem.lower() not in ("con", "nul", "aux", "prn")


@given(st.lists(st.sampled_from(["a", "A", "ä", "A\u0308", "", "con"]), max_size=12))
def test_no_two_files_of_an_export_share_a_name(titles):
    names = Names(ExportSpec())
    made = [names.next(item(title=title)) for title in titles]
    assert len({name.casefold() for name in made}) == len(made)


@given(st.lists(st.binary(max_size=200), max_size=6))
def test_a_zip_that_is_made_while_it_is_read_is_whole(contents):
    files = [
        (f"{n}.bin", len(data), lambda data=data: iter([data[:7], data[7:]]))
        for n, data in enumerate(contents)
    ]
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped(files)))) as packed:
        assert packed.testzip() is None
        assert [packed.read(name) for name in packed.namelist()] == contents


def test_a_page_gets_a_few_files_at_once(tenant, admin):
    ids = [stored(admin, tenant, colour, name="mug.png") for colour in (7, 8)]
    client = Client()
    client.force_login(User.objects.get(id=tenant.user_id))
    picked = {"ids": " ".join(map(str, ids)), "as": "original", "name": "{n}"}
    toast = client.post("/library/exports", picked).content.decode()
    assert "data-fetch" in toast
    answer = client.get("/library/exports/stream", {"ids": picked["ids"], "name": "{n}"})
    assert answer["Content-Type"] == "application/zip"
    assert "attachment" in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as packed:
        assert packed.namelist() == ["1.png", "2.png"]
    one = client.post("/library/exports", {**picked, "ids": str(ids[0])}).content.decode()
    assert "Packing" in one, "one file is no ZIP: it is left to a worker"


def test_what_is_too_much_by_now_is_told(tenant, admin, new_tenant):
    ids = [stored(admin, tenant, colour) for colour in (9, 10)]
    client = Client()
    client.force_login(User.objects.get(id=tenant.user_id))
    for each in ids:
        storage.blobs().delete(storage.key(tenant.organization_id, sha256_of(admin, each)))
    answer = client.get("/library/exports/stream", {"ids": " ".join(map(str, ids))})
    assert answer.status_code == 409
    stranger = Client()
    stranger.force_login(User.objects.get(id=new_tenant().user_id))
    assert stranger.get("/library/exports/stream", {"ids": str(ids[0])}).status_code == 404


def sha256_of(admin, asset_id) -> str:
    (found,) = admin.execute("select sha256 from public.assets_asset where id = %s", [asset_id]).fetchone()
    return str(found)
