"""What is the bucket's own, beside what every store promises (tests/conformance/test_blobs.py)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from packshot.adapters.s3 import Bucket, S3Blobs
from packshot.adapters.s3 import store as module
from packshot.ports.blobs import BlobMissing, BlobsUnavailable
from tests.conformance.test_blobs import key_of
from tests.fakes.s3 import S3, running

PNG = b"\x89PNG\r\n\x1a\n" + bytes(600)
QUARTER = 15 * 60


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with running() as started:
        yield started


@pytest.fixture
def bucket(server: S3, request: pytest.FixtureRequest) -> Iterator[Bucket]:
    yield server.bucket(f"b{abs(hash(request.node.name))}")
    server.down, server.conditional = False, True


@pytest.fixture
def store(bucket: Bucket) -> S3Blobs:
    return S3Blobs(bucket, now=time.time)


def test_a_browser_is_told_what_it_gets_and_how_to_call_it(store):
    store.put(key_of(PNG), PNG)
    shown = httpx.get(store.url(key_of(PNG)))
    assert (shown.status_code, shown.content) == (200, PNG)
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["content-disposition"] == "inline"
    assert shown.headers["cache-control"] == "private, max-age=31536000, immutable"
    saved = httpx.get(store.url(key_of(PNG), filename="Fläschchen 1.png", attachment=True))
    assert saved.headers["content-disposition"] == (
        "attachment; filename=\"Fl_schchen 1.png\"; filename*=UTF-8''Fl%C3%A4schchen%201.png"
    )
    part = httpx.get(store.url(key_of(PNG)), headers={"range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, PNG[:8])


@pytest.mark.parametrize("data", [b"<html><script>", b"%PDF-1.7", b"GIF89a", b"PK\x03\x04"])
def test_what_is_no_picture_can_only_be_saved(store, data):
    store.put(key_of(data), data)
    answer = httpx.get(store.url(key_of(data)))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"


def test_an_address_that_was_changed_or_has_expired_is_refused(bucket):
    now = time.time()
    store = S3Blobs(bucket, now=lambda: now)
    store.put(key_of(PNG), PNG)
    store.put(key_of(b"other"), b"other")
    url = store.url(key_of(PNG), filename="a.png")
    assert httpx.get(url).status_code == 200
    for changed in (
        url.replace(key_of(PNG), key_of(b"other")),
        url.replace("inline", "attachment"),
        url.replace("X-Amz-Expires=4500", "X-Amz-Expires=604800"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
    ):
        assert httpx.get(changed).status_code == 403
    assert httpx.put(url, content=b"mine").status_code == 403
    now -= 4 * QUARTER - 60
    assert httpx.get(store.url(key_of(PNG))).status_code == 200
    now -= 2 * QUARTER
    assert httpx.get(store.url(key_of(PNG))).status_code == 403


def test_addresses_of_a_quarter_of_an_hour_are_one(bucket):
    now = [QUARTER * 2_000_000.0]
    store = S3Blobs(bucket, now=lambda: now[0])
    first = store.url(key_of(PNG))
    now[0] += QUARTER - 1
    assert store.url(key_of(PNG)) == first
    now[0] += 1
    assert store.url(key_of(PNG)) != first


def test_a_slot_takes_the_promised_size_and_type_and_nothing_else(store):
    key = key_of(PNG, ".incoming")
    slot = store.slot(key, size=len(PNG), media_type="image/png")
    assert httpx.put(slot.url, content=PNG + b"more", headers=slot.headers).status_code == 403
    assert httpx.put(slot.url, content=PNG[:-1], headers=slot.headers).status_code == 403
    assert httpx.put(slot.url, content=PNG, headers={"content-type": "text/html"}).status_code == 403
    assert httpx.get(slot.url).status_code == 403
    with pytest.raises(BlobMissing):
        store.info(key)
    assert httpx.put(slot.url, content=PNG, headers=slot.headers).status_code == 200
    assert store.get(key) == PNG


def test_a_slot_is_open_for_an_hour(bucket):
    early = S3Blobs(bucket, now=lambda: time.time() - 3601)
    slot = early.slot(key_of(PNG, ".incoming"), size=len(PNG), media_type="image/png")
    assert httpx.put(slot.url, content=PNG, headers=slot.headers).status_code == 403


def test_a_server_without_conditions_is_asked_first(server, store):
    server.conditional = False
    assert store.put(key_of(PNG), PNG) is True
    assert store.put(key_of(PNG), b"other") is False
    assert store.get(key_of(PNG)) == PNG
    server.seen.clear()
    store.put(key_of(b"third"), b"third")
    assert [method for method, _ in server.seen] == ["HEAD", "PUT"]


def test_a_large_file_goes_in_parts(server, store, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", 6_000_000)
    monkeypatch.setattr(module, "_PART", 5 * 1024 * 1024)
    path = tmp_path / "large"
    path.write_bytes(PNG + os.urandom(7_000_000))
    server.seen.clear()
    assert store.put_file(key_of(b"large"), path) is True
    assert sum("partNumber" in where for _, where in server.seen) == 2
    assert store.get(key_of(b"large")) == path.read_bytes()
    assert httpx.get(store.url(key_of(b"large"))).headers["content-type"] == "image/png"
    assert store.put_file(key_of(b"large"), path) is False


def test_a_store_that_is_away_is_not_an_empty_one(server, store):
    store.put(key_of(PNG), PNG)
    server.down = True
    with pytest.raises(BlobsUnavailable, match="500"):
        store.info(key_of(PNG))
    with pytest.raises(BlobsUnavailable):
        store.check()
    server.down = False
    store.check()


def test_a_bucket_that_is_not_there_fails_its_check(server, bucket):
    from dataclasses import replace

    with pytest.raises(BlobsUnavailable, match="NoSuchBucket"):
        S3Blobs(replace(bucket, name="nobodys"), now=time.time).check()


def test_what_was_proven_a_moment_ago_is_not_proven_again(server, bucket):
    now = [1000.0]
    store = S3Blobs(bucket, now=lambda: now[0])
    server.seen.clear()
    store.check()
    store.check()
    assert [method for method, _ in server.seen] == ["PUT", "GET", "POST"]
    now[0] += 15
    store.check()
    assert len(server.seen) == 6


def test_a_strangers_objects_are_passed_over(server, store, bucket):
    for key in ("notes.txt", "checks/1", f"{key_of(PNG)}/x", f"{key_of(PNG)}.UPPER"):
        server.client.put_object(Bucket=bucket.name, Key=key, Body=b"theirs")
    store.put(key_of(PNG), PNG)
    assert [found.key for found in store.walk()] == [key_of(PNG)]
