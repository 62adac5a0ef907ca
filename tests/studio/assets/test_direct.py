"""Files that a browser brings straight into the store, and what a worker makes of them."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from django.test import Client
from uuid_utils.compat import uuid7

from packshot.adapters.s3 import S3Blobs
from packshot.db.sql import call
from packshot.db.tenancy import acting_as
from packshot.errors import Conflict, Forbidden, Invalid, NotFound
from packshot.foundation.accounts.models import User
from packshot.imaging.decode import MAX_BYTES
from packshot.studio.assets import queries, storage, tasks, uploads
from packshot.studio.assets.errors import TooLarge, UnsupportedPicture
from packshot.studio.boards import commands as boards
from tests.fakes.s3 import S3, running
from tests.studio.boards.people import Office
from tests.test_tenancy_matrix import picture


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with running() as started:
        yield started


@pytest.fixture
def store(s3: S3) -> Iterator[S3Blobs]:
    before = storage.blobs()
    made = S3Blobs(s3.bucket(f"b{uuid7().hex}"), now=time.time)
    storage.connect(made)
    yield made
    storage.connect(before)


@pytest.fixture
def client(tenant) -> Client:
    made = Client()
    made.force_login(User.objects.get(id=tenant.user_id))
    return made


def brought(actor, data: bytes, *, said: bytes | None = None, **more) -> UUID:
    """Promise `said`, bring `data`, tell it."""
    said = data if said is None else said
    digest = hashlib.sha256(said).hexdigest()
    found = uploads.expect(
        actor, **{"filename": "a.png", "size": len(said), "media_type": "image/png", "sha256": digest, **more}
    )
    answer = httpx.put(found.slot.url, content=data, headers=found.slot.headers)
    assert answer.status_code == 200, answer.text
    uploads.arrived(actor, found.id)
    return found.id


def received(tenant, arrival_id: UUID) -> bool:
    """What a worker does that was told of it; as the worker's login it calls the same functions."""
    return asyncio.run(tasks.receive(tenant.organization_id, arrival_id, blobs=storage.blobs()))


@pytest.fixture(autouse=True)
def worker(monkeypatch, login):
    """The functions of workers are not the web's: this test's calls of them go over the worker's own connection."""
    from psycopg.rows import dict_row
    from psycopg.types.json import Jsonb

    connection = login("packshot_worker")

    def ask(name: str, *given: object) -> list[dict[str, object]]:
        marks = ", ".join(["%s"] * len(given))
        with connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(
                f"select * from public.{name}({marks})",
                [Jsonb(each) if isinstance(each, dict) else each for each in given],
            )
            return cursor.fetchall()

    monkeypatch.setattr(tasks, "rows", ask)
    monkeypatch.setattr(tasks, "call", lambda name, *given: next(iter(ask(name, *given)[0].values())))


def test_a_file_becomes_a_picture_with_the_id_it_was_promised(tenant, store, admin):
    data = picture()
    arrival_id = brought(tenant.actor, data)
    assert uploads.arrival(tenant.actor, arrival_id).state == "arrived"
    with pytest.raises(NotFound):
        queries.asset(tenant.actor, arrival_id)
    assert received(tenant, arrival_id) is True
    view = queries.asset(tenant.actor, arrival_id)
    assert (view.state, view.name, view.bytes, view.media_type) == ("new", "a.png", len(data), "image/png")
    assert store.get(storage.key(tenant.organization_id, hashlib.sha256(data).hexdigest())) == data
    told = "select count(*) from pgq.pgqueuer where entrypoint = 'inspect' and convert_from(payload, 'UTF8') like %s"
    assert admin.execute(told, [f"%/{arrival_id}"]).fetchone() == (1,)
    assert received(tenant, arrival_id) is False


def test_bytes_that_were_looked_at_before_are_ready_at_once(tenant, store, login):
    from tests.studio.assets.test_uploads import ready

    data = picture()
    first = brought(tenant.actor, data)
    received(tenant, first)
    ready(login, (tenant.organization_id, first))
    second = brought(tenant.actor, data)
    received(tenant, second)
    assert queries.asset(tenant.actor, second).state == "ready"


@pytest.mark.parametrize(
    ("data", "said", "more", "reason"),
    [
        (b"\x89PNG\r\n\x1a\nother", b"\x89PNG\r\n\x1a\nasked", {}, "did not arrive as it was sent"),
        (b"<html>" * 10, None, {}, "not a JPEG"),
        (b"GIF89a" * 10, None, {"sha256": None}, "not a JPEG"),
    ],
)
def test_what_is_not_what_was_promised_is_turned_away(tenant, store, data, said, more, reason):
    arrival_id = brought(tenant.actor, data, said=said, **more)
    received(tenant, arrival_id)
    found = uploads.arrival(tenant.actor, arrival_id)
    assert found.state == "rejected"
    assert reason in (found.reject_reason or "")
    assert [each.key for each in store.walk() if not each.key.endswith(".incoming")] == []


def test_who_changes_the_file_after_it_was_read_changes_nothing(tenant, store, monkeypatch):
    """The address is good for an hour: other bytes of the same size may be put there while the worker works."""
    data = picture()
    other = data[:-1] + bytes([data[-1] ^ 1])
    digest = hashlib.sha256(data).hexdigest()
    found = uploads.expect(
        tenant.actor, filename="a.png", size=len(data), media_type="image/png", sha256=digest
    )
    httpx.put(found.slot.url, content=data, headers=found.slot.headers)
    uploads.arrived(tenant.actor, found.id)
    put = S3Blobs.put

    def swapped(self: S3Blobs, key: str, content: bytes) -> bool:
        assert httpx.put(found.slot.url, content=other, headers=found.slot.headers).status_code == 200
        return put(self, key, content)

    monkeypatch.setattr(S3Blobs, "put", swapped)
    assert received(tenant, found.id) is True
    assert store.get(storage.key(tenant.organization_id, digest)) == data


def test_nothing_in_its_place_is_told_and_can_be_mended(tenant, store):
    data = picture()
    found = uploads.expect(tenant.actor, filename="a.png", size=len(data), media_type="image/png")
    with pytest.raises(Conflict, match="not arrived"):
        uploads.arrived(tenant.actor, found.id)
    httpx.put(found.slot.url, content=data, headers=found.slot.headers)
    uploads.arrived(tenant.actor, found.id)
    uploads.arrived(tenant.actor, found.id)
    assert received(tenant, found.id) is True


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"size": 0}, UnsupportedPicture),
        ({"size": MAX_BYTES + 1}, TooLarge),
        ({"media_type": "image/svg+xml"}, UnsupportedPicture),
        ({"media_type": "text/html"}, UnsupportedPicture),
        ({"sha256": "0" * 63}, Invalid),
        ({"board_id": uuid7()}, NotFound),
    ],
)
def test_what_cannot_be_a_picture_gets_no_place(tenant, store, changes, error):
    with pytest.raises(error):
        uploads.expect(tenant.actor, **{"filename": "a.png", "size": 9, "media_type": "image/png", **changes})
    assert list(store.walk()) == []


def test_a_viewer_gets_no_place_and_nobody_tells_of_anothers(tenant, store, admin, new_tenant):
    office = Office(tenant, admin, new_tenant)
    colleague = office.hire()
    board_id = uuid7()
    slug = boards.create(tenant.actor, board_id, "Bottles")
    boards.open_to(tenant.actor, slug, "invited")
    boards.seat(tenant.actor, slug, colleague.user_id, "viewer")
    given = {"filename": "a.png", "size": 9, "media_type": "image/png", "board_id": board_id}
    with pytest.raises(Forbidden):
        uploads.expect(colleague, **given)
    mine = uploads.expect(tenant.actor, **given).id
    for stranger in (colleague, new_tenant().actor):
        for ask in (uploads.arrival, uploads.arrived):
            with pytest.raises(NotFound):
                ask(stranger, mine)


def test_promises_have_an_end(tenant, store, admin):
    admin.execute(
        "insert into public.assets_arrival (organization_id, id, created_by, board_id, name, bytes, media_type, state)"
        " select %s, app.uuid7(), %s, app.uuid7(), 'a', 1, 'image/png', 'open' from generate_series(1, 500)",
        [tenant.organization_id, tenant.user_id],
    )
    given = {"filename": "a.png", "size": 9, "media_type": "image/png"}
    with pytest.raises(Conflict, match="Too many"):
        uploads.expect(tenant.actor, **given)
    admin.execute(
        "update public.assets_arrival set moved_at = now() - interval '61 minutes' where organization_id = %s",
        [tenant.organization_id],
    )
    uploads.expect(tenant.actor, **given)


def test_the_page_goes_the_same_way(client, tenant, store):
    data = picture()
    said = {"name": "bottle.png", "size": str(len(data)), "type": "image/png"}
    answer = client.post("/assets/arrivals", said)
    assert answer.status_code == 201
    found = answer.json()
    assert client.post(found["done"]).status_code == 409
    httpx.put(found["url"], content=data, headers=found["headers"])
    told = client.post(found["done"])
    assert (told.status_code, told.json()) == (201, {"id": found["id"], "state": "checking", "message": ""})
    assert client.get(f"/assets/{found['id']}/state").json()["state"] == "checking"
    received(tenant, UUID(found["id"]))
    assert client.get(f"/assets/{found['id']}/state").json() == told.json()
    assert client.post("/assets/arrivals", {**said, "size": "-1"}).status_code == 422
    assert client.post("/assets/arrivals", {**said, "size": "many"}).status_code == 422
    assert client.get(f"/assets/{uuid7()}/state").status_code == 404


def test_the_policy_of_pages_lets_the_bucket_in_and_no_other(store):
    from packshot.web.middleware import content_security_policy

    policy = content_security_policy(store.origins)
    [origin] = store.origins
    for part in ("img-src", "media-src", "connect-src"):
        assert origin in next(line for line in policy.split("; ") if line.startswith(part))
    for part in ("default-src", "script-src", "style-src", "form-action", "frame-ancestors"):
        assert origin not in next(line for line in policy.split("; ") if line.startswith(part))
    assert "http" not in content_security_policy(())


def test_a_studio_on_a_disk_takes_files_itself(tenant, client):
    assert storage.blobs().direct is False
    with pytest.raises(Conflict):
        uploads.expect(tenant.actor, filename="a.png", size=9, media_type="image/png")
    assert 'expect=""' in client.get("/library").content.decode()


def test_a_row_is_read_by_whoever_made_it(tenant, store, new_tenant):
    found = uploads.expect(tenant.actor, filename="a.png", size=9, media_type="image/png")
    with acting_as(new_tenant().actor), pytest.raises(NotFound):
        call("assets_arrived_v1", found.id)
