"""From one store to another, in both directions, while both are read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from packshot.adapters.copying import copy, missing
from packshot.adapters.disk import DiskBlobs
from packshot.adapters.moving import MovingBlobs
from packshot.adapters.s3 import S3Blobs
from packshot.ports.blobs import BlobInfo, BlobMissing, BlobStore
from tests.conformance.test_blobs import key_of, on_disk, on_s3
from tests.fakes.s3 import S3, running


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with running() as started, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_S3", started.address)
        yield started


Stores = tuple[BlobStore, BlobStore, MovingBlobs]


@pytest.fixture(params=["to the bucket", "to the disk"])
def stores(request: pytest.FixtureRequest, server: S3, tmp_path: Path) -> Stores:
    """Old, new, and the two as one."""
    disk, bucket = on_disk(tmp_path / "disk"), on_s3(tmp_path)
    old, new = (disk, bucket) if request.param == "to the bucket" else (bucket, disk)
    return old, new, MovingBlobs(new, old, nearer=disk)


def filled(store: BlobStore, number: int = 12) -> dict[str, bytes]:
    made = {}
    for n in range(number):
        data = os.urandom(1000 + n)
        made |= {key_of(data): data, key_of(data, ".256.webp"): data[:99]}
    for key, data in made.items():
        store.put(key, data)
    return made


def ignore(_info: BlobInfo) -> None:
    """Nobody watches."""


def test_both_are_read_and_the_new_one_is_written(stores):
    old, new, both = stores
    old.put(key_of(b"old"), b"old")
    both.put(key_of(b"new"), b"new")
    assert (both.get(key_of(b"old")), both.get(key_of(b"new"))) == (b"old", b"new")
    assert new.get(key_of(b"new")) == b"new"
    with pytest.raises(BlobMissing):
        old.get(key_of(b"new"))
    assert b"".join(both.open_range(key_of(b"old"), 1)) == b"ld"
    assert both.info(key_of(b"old")).size == 3
    with pytest.raises(BlobMissing):
        both.get(key_of(b"nothing"))
    both.put(key_of(b"old"), b"old")
    assert [found.key for found in both.walk()] == sorted([key_of(b"old"), key_of(b"new")])
    both.delete(key_of(b"old"))
    for each in (old, new, both):
        with pytest.raises(BlobMissing):
            each.get(key_of(b"old"))
    both.check()
    assert set(both.origins) == {*old.origins, *new.origins}
    assert both.direct == new.direct


def test_an_address_asks_no_network_and_leads_to_where_the_file_is(stores, server):
    old, new, both = stores
    old.put(key_of(b"old"), b"old")
    new.put(key_of(b"new"), b"new")
    server.seen.clear()
    assert both.url(key_of(b"old")) == old.url(key_of(b"old"))
    assert both.url(key_of(b"new")) == new.url(key_of(b"new"))
    assert server.seen == []


def test_everything_is_copied_once_and_proven(stores, tmp_path):
    old, new, _ = stores
    made = filled(old)
    told: list[int] = []
    report = copy(old, new, told=lambda info: told.append(info.size))
    assert (report.files, report.bytes, report.damaged) == (24, sum(map(len, made.values())), [])
    assert sum(told) == report.bytes
    assert {found.key: new.get(found.key) for found in new.walk()} == made
    assert list(missing(old, new)) == []
    assert copy(old, new, told=ignore).files == 0


def test_what_is_damaged_is_named_and_not_copied(stores):
    old, new, _ = stores
    filled(old, 2)
    old.put(key_of(b"as it was"), b"as it is")
    assert copy(old, new, told=ignore).damaged == [key_of(b"as it was")]
    assert [found.key for found in missing(old, new)] == [key_of(b"as it was")]


def test_a_broken_copy_at_the_target_is_replaced(stores):
    old, new, _ = stores
    old.put(key_of(b"whole"), b"whole")
    new.put(key_of(b"whole"), b"wh")
    assert copy(old, new, told=ignore).files == 1
    assert new.get(key_of(b"whole")) == b"whole"


def test_what_is_deleted_meanwhile_is_passed_over(stores):
    old, new, _ = stores
    made = filled(old, 20)

    def erase(_info: BlobInfo) -> None:
        for key in list(made)[10:]:
            old.delete(key)

    report = copy(old, new, told=erase)
    assert report.damaged == []
    assert list(missing(old, new)) == []


@pytest.mark.parametrize("first", [DiskBlobs, S3Blobs])
def test_the_difference_is_exact(server: S3, tmp_path: Path, first: type):
    disk, bucket = on_disk(tmp_path / "disk"), on_s3(tmp_path)
    here, there = (disk, bucket) if first is DiskBlobs else (bucket, disk)
    data = [bytes([n]) * 9 for n in range(30)]
    for n, each in enumerate(data):
        if n % 3 != 1:
            here.put(key_of(each), each)
        if n % 3 != 0:
            there.put(key_of(each), each)
    assert {found.key for found in missing(here, there)} == {key_of(each) for each in data[::3]}
