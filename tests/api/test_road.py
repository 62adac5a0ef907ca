"""The first whole road: who am I, what is there, what does it cost, make it, find it again."""

from __future__ import annotations

import io
import os
import threading
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from PIL import Image
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot import wiring
from packshot.api import waiting
from packshot.api.v1 import uploads
from packshot.ports.fetch import FetchFailed
from packshot.studio.generation import commands as generation
from packshot.studio.generation.contracts import Order
from tests.foundation.terms import on
from tests.studio.generation.hand import Hand
from tests.studio.generation.hand import picture as made_of


def picture() -> bytes:
    file = io.BytesIO()
    Image.frombytes("RGB", (16, 16), os.urandom(16 * 16 * 3)).save(file, "PNG")
    return file.getvalue()


ORDER = {"model": "mock-scene", "prompt": "a bottle on a stone"}


def test_an_account_says_whose_key_it_is(program):
    found = program.get("/account").json()
    assert found["workspace"]["id"] == str(program.tenant.organization_id)
    assert found["workspace"]["plan"] == "free"
    assert found["key"]["id"] == str(program.made.id)
    assert found["role"] == "owner"
    assert program.secret not in str(found)


def test_every_model_tells_its_price_and_what_it_takes(program):
    found = program.get("/models").json()
    assert found["has_more"] is False
    by_id = {each["id"]: each for each in found["data"]}
    scene = by_id["mock-scene"]
    assert scene["prices"][0]["micros"] > 0
    assert scene["input_schema"]["required"] == ["model"]
    assert scene["input_schema"]["properties"]["size"]["enum"]
    assert program.get("/models/mock-scene").json() == scene
    assert program.get("/models/nothing").status_code == 404
    assert not {"describe", "reply"} & {each["operation"] for each in found["data"]}


def test_a_quote_reserves_nothing(program):
    before = program.get("/credits").json()
    found = program.post("/quotes", ORDER | {"variants": 3}).json()
    assert found["total_micros"] == 3 * found["each_micros"] > 0
    assert found["enough"] is True
    assert program.get("/credits").json()["available_micros"] == before["available_micros"]


def test_a_generation_is_ordered_watched_and_found(program, login):
    made = program.post("/generations", ORDER | {"variants": 2, "seed": 7})
    assert made.status_code == 201
    order = made.json()
    assert (order["status"], order["seed"], len(order["outputs"])) == ("queued", 7, 2)
    assert order["created_at"].endswith("Z")
    assert datetime.fromisoformat(order["created_at"]).utcoffset() == timedelta(0)
    assert program.get(f"/generations/{order['id']}").json() == order
    listed = program.get("/generations").json()
    assert [each["id"] for each in listed["data"]] == [order["id"]]
    credits_ = program.get("/credits").json()
    assert credits_["held_micros"] == order["quoted_micros"]
    hand = Hand(login("packshot_worker"))
    claims = hand.claim(program.tenant.organization_id, UUID(order["outputs"][0]["id"]))
    hand.settle(claims, assets=[made_of("a")])
    done = program.get(f"/generations/{order['id']}").json()
    assert done["outputs"][0]["status"] == "succeeded"
    assert done["charged_micros"] > 0
    assert done["outputs"][0]["asset_id"] is not None


def test_a_generation_is_cancelled(program):
    order = program.post("/generations", ORDER).json()
    found = program.post(f"/generations/{order['id']}/cancel")
    assert (found.status_code, found.json()["status"]) == (200, "cancelled")
    assert program.get("/credits").json()["held_micros"] == 0
    assert program.post(f"/generations/{uuid7()}/cancel").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"model": "nothing", "prompt": "x"}, "model"),
        (ORDER | {"ratio": "7:1"}, "ratio"),
        (ORDER | {"size": 3}, "size"),
        (ORDER | {"parameters": {"colour": 1}}, "parameters/colour"),
        (ORDER | {"operation": "edit"}, "operation"),
    ],
)
def test_an_order_that_the_model_does_not_take_says_which_field(program, body, field):
    found = program.post("/generations", body)
    assert (found.status_code, found.json()["code"]) == (422, "invalid_order")
    assert found.json()["errors"][0]["pointer"] == f"#/{field}"


def test_more_than_there_is_to_pay_with_is_refused_whole(program):
    body = ORDER | {"variants": 4}
    each = program.post("/quotes", ORDER).json()["each_micros"]
    while program.post("/generations", body).status_code == 201:
        pass
    found = program.post("/generations", body)
    assert (found.status_code, found.json()["code"]) == (402, "insufficient_credits")
    assert found.json()["needed_micros"] == 4 * each
    assert found.json()["available_micros"] < 4 * each


def test_a_price_that_was_not_agreed_to_orders_nothing(program):
    found = program.post("/generations", ORDER | {"max_price_micros": 1})
    assert (found.status_code, found.json()["code"]) == (409, "price_changed")
    assert program.get("/generations").json()["data"] == []


def test_a_picture_is_uploaded_described_taken_and_deleted(program, login):
    made = program.send_file(picture())
    assert made.status_code == 201
    asset = made.json()
    assert (asset["status"], asset["url"]) == ("new", None)
    worker = login("packshot_worker")
    seen = {"width": 16, "height": 16, "placeholder": "data:,", "source_type": "digitalCapture"}
    seen |= {"organization_id": str(program.tenant.organization_id), "id": asset["id"]}
    worker.execute("select public.assets_inspected_v1(%s)", [Jsonb(seen)])
    path = f"/assets/{asset['id']}"
    named = program.ask("PATCH", path, {"title": "Bottle", "alt": "A bottle", "tags": ["summer"]}).json()
    assert (named["title"], named["alt"], named["tags"], named["status"]) == (
        "Bottle",
        "A bottle",
        ["summer"],
        "ready",
    )
    assert program.ask("PATCH", path, {"title": "Flask"}).json()["tags"] == ["summer"]
    file = program.get(f"{path}/file")
    assert file.status_code == 302
    assert file["Location"].startswith("http://testserver/blobs/")
    assert [each["id"] for each in program.get("/assets?tag=summer").json()["data"]] == [asset["id"]]
    assert program.get("/assets?tag=winter").json()["data"] == []
    assert program.ask("DELETE", path).status_code == 204
    assert program.get(path).status_code == 404
    assert program.ask("DELETE", path).status_code == 404


def test_what_is_no_picture_is_not_kept(program):
    found = program.send_file(b"no picture")
    assert (found.status_code, found.json()["code"]) == (415, "unsupported_picture")
    found = program.send_file(picture(), colour="red")
    assert found.json()["errors"][0]["pointer"] == "#/colour"
    found = program.post("/uploads", {"url": "http://127.0.0.1/secret"})
    assert (found.status_code, found.json()["code"]) == (422, "fetch_refused")
    assert program.post("/uploads", {"adress": "x"}).json()["code"] == "invalid_request"


class Door:
    """A door out that leads to one picture, or to nothing."""

    def __init__(self, data: bytes | None) -> None:
        self._data = data

    async def fetch(self, url: str, into: Path, **_limits: object) -> None:
        if self._data is None:
            raise FetchFailed("nobody there")
        into.write_bytes(self._data)


def test_a_picture_is_fetched_from_an_address(program, monkeypatch):
    monkeypatch.setattr(wiring, "fetcher", lambda: Door(picture()))
    made = program.post("/uploads", {"url": "https://example.com/shop/green%20bottle.png?size=9"})
    assert (made.status_code, made.json()["name"]) == (201, "green bottle.png")
    monkeypatch.setattr(wiring, "fetcher", lambda: Door(b"<html>"))
    assert program.post("/uploads", {"url": "https://example.com/a"}).json()["code"] == "unsupported_picture"
    monkeypatch.setattr(wiring, "fetcher", lambda: Door(None))
    failed = program.post("/uploads", {"url": "https://example.com/a"})
    assert (failed.status_code, failed.json()["code"]) == (502, "fetch_failed")


def test_fetching_leaves_threads_for_others(program, monkeypatch):
    monkeypatch.setattr(uploads, "_fetching", threading.BoundedSemaphore(1))
    uploads._fetching.acquire()
    found = program.post("/uploads", {"url": "https://example.com/a"})
    assert (found.status_code, found.json()["code"], found["Retry-After"]) == (503, "unavailable", "2")
    uploads._fetching.release()
    monkeypatch.setattr(wiring, "fetcher", lambda: Door(picture()))
    assert program.post("/uploads", {"url": "https://example.com/a"}).status_code == 201


def test_boards_are_opened_and_listed(program):
    made = program.post("/boards", {"title": "Bottles"})
    assert made.status_code == 201
    board = made.json()
    assert (board["title"], board["role"]) == ("Bottles", "owner")
    assert program.get("/boards").json()["data"] == [board]
    order = program.post("/generations", ORDER | {"board": board["id"]}).json()
    assert order["board"] == board["id"]
    program.post("/generations", ORDER)
    listed = program.get(f"/generations?board={board['id']}").json()["data"]
    assert [each["id"] for each in listed] == [order["id"]]


def test_a_plan_without_room_says_what_is_missing(program):
    on(program.tenant.organization_id, of="free", limits={"boards": 1})
    key = {"idempotency_key": "the-only-one"}
    made = program.post("/boards", {"title": "The only one"}, **key)
    found = program.post("/boards", {"title": "Another"})
    assert (found.status_code, found.json()["code"]) == (402, "upgrade_needed")
    assert (found.json()["feature"], found.json()["limit"]) == ("boards", 1)
    assert program.post("/boards", {"title": "The only one"}, **key).content == made.content


def test_the_log_and_the_usage_tell_where_credits_went(program, login):
    order = program.post("/generations", ORDER).json()
    hand = Hand(login("packshot_worker"))
    hand.settle(hand.claim(program.tenant.organization_id, UUID(order["outputs"][0]["id"])))
    lines = program.get("/credits/entries").json()["data"]
    assert [line["kind"] for line in lines[:2]] == ["debit", "reserve"]
    assert lines[0]["generation"] == order["id"]
    usage = program.get("/usage").json()
    assert usage["total_micros"] == order["quoted_micros"]
    assert usage["models"] == [{"key": "mock-scene", "micros": order["quoted_micros"]}]
    assert len(usage["days"]) == 30
    assert program.get("/usage?since=2020-01-01&until=2026-01-01").status_code == 422
    assert program.get("/usage?until=0001-01-01").status_code == 200


@pytest.mark.parametrize("path", ["/generations", "/boards", "/credits/entries", "/assets"])
def test_lists_go_by_cursor_and_nothing_is_twice(program, path):
    for number in range(5):
        program.post("/generations", ORDER)
        program.post("/boards", {"title": f"Board {number}"})
        program.send_file(picture())
    field = {"/credits/entries": "seq"}.get(path, "id")
    everything = [each[field] for each in program.get(f"{path}?limit=100").json()["data"]]
    assert len(everything) >= 5
    found, cursor = [], ""
    while True:
        page = program.get(f"{path}?limit=2{cursor}").json()
        found += [each[field] for each in page["data"]]
        if not page["has_more"]:
            assert page["next_cursor"] is None
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == everything


def test_what_comes_meanwhile_moves_no_page(program):
    for _ in range(4):
        program.post("/generations", ORDER)
    first = program.get("/generations?limit=2").json()
    program.post("/generations", ORDER)
    second = program.get(f"/generations?limit=2&cursor={first['next_cursor']}").json()
    ids = [each["id"] for each in first["data"] + second["data"]]
    assert len(set(ids)) == 4
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    "cursor", ["x", "%00", "e30", "W10", "WyJhc3NldHMiLCJ4Il0", "WyJnZW5lcmF0aW9ucyIsIngiXQ"]
)
def test_a_cursor_of_another_list_or_none_is_refused(program, cursor):
    found = program.get(f"/generations?cursor={cursor}")
    assert (found.status_code, found.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("wait=5", 5),
        ("respond-async, wait=7", 7),
        ("wait=100000", 60),
        ("wait=-1", 0),
        ("await=5", 0),
        ("", 0),
    ],
)
def test_a_preference_binds_nobody(text, seconds):
    request = Client().get("/healthz", headers={"prefer": text}).wsgi_request
    assert waiting.preferred(request) == seconds


def test_an_order_of_the_studio_is_seen_too(program):
    order = Order(
        board_id=None, operation="generate", model="mock-scene", prompt="x", key=str(uuid7()), variants=1
    )
    batch = generation.submit(program.tenant.actor, order).batch_id
    assert program.get(f"/generations/{batch}").json()["prompt"] == "x"
