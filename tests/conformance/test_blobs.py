"""What every blob store promises; run on each adapter."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packshot.adapters.disk import DiskBlobs
from packshot.adapters.s3 import S3Blobs
from packshot.ports.blobs import BlobMissing, BlobStore
from tests.fakes.s3 import bucket_at, running

ROOT = Path(__file__).parents[2]
ORGANIZATION = UUID("01939f2a-0000-7000-8000-000000000001")


def key_of(data: bytes, suffix: str = "") -> str:
    return f"{ORGANIZATION}/{hashlib.sha256(data).hexdigest()}{suffix}"


def on_disk(root: Path) -> BlobStore:
    return DiskBlobs(root, sign_key=b"a key of the tests", base_url="", now=lambda: 1_000_000.0)


def on_s3(root: Path) -> BlobStore:
    """In a bucket named after the folder; the server's address is in the environment, for other processes too."""
    name = hashlib.sha256(str(root).encode()).hexdigest()[:32]
    return S3Blobs(bucket_at(os.environ["TEST_S3"], name), now=lambda: 1_000_000.0)


OPENERS: dict[str, Callable[[Path], BlobStore]] = {"disk": on_disk, "s3": on_s3}


@pytest.fixture(scope="module", autouse=True)
def s3() -> Iterator[None]:
    with running() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_S3", server.address)
        yield


@pytest.fixture(params=list(OPENERS))
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], BlobStore]:
    """Open the same store again: another process's view of it."""
    return lambda: OPENERS[request.param](tmp_path / "blobs")


@pytest.fixture
def store(open_store: Callable[[], BlobStore]) -> BlobStore:
    return open_store()


def test_bytes_come_back_in_another_process(open_store):
    data = os.urandom(700_000)
    assert open_store().put(key_of(data), data) is True
    other = open_store()
    assert other.get(key_of(data)) == data
    assert (other.info(key_of(data)).size, other.info(key_of(data)).key) == (len(data), key_of(data))


def test_a_key_keeps_the_bytes_it_got_first(store):
    key = key_of(b"first")
    assert store.put(key, b"first") is True
    assert store.put(key, b"second") is False
    assert store.get(key) == b"first"


def test_a_file_is_copied_and_stays(store, tmp_path):
    path = tmp_path / "photo"
    path.write_bytes(data := os.urandom(600_000))
    assert store.put_file(key_of(data), path) is True
    assert store.put_file(key_of(data), path) is False
    assert path.read_bytes() == store.get(key_of(data)) == data


def test_what_is_not_there_is_missing_and_deleting_it_is_no_error(store):
    key = key_of(b"nothing")
    for ask in (store.get, store.info, store.open_range):
        with pytest.raises(BlobMissing):
            ask(key)
    store.delete(key)
    store.put(key, b"nothing")
    store.delete(key)
    with pytest.raises(BlobMissing):
        store.get(key)
    assert store.put(key, b"nothing") is True


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(start=st.integers(0, 600_100), length=st.none() | st.integers(0, 600_100))
def test_a_range_is_a_slice(store, start, length):
    data = bytes(range(256)) * 2344
    store.put(key_of(data), data)
    end = None if length is None else start + length
    assert b"".join(store.open_range(key_of(data), start, length)) == data[start:end]


@pytest.mark.parametrize(("start", "length"), [(-1, None), (0, -1)])
def test_a_range_backwards_is_refused(store, start, length):
    store.put(key_of(b"x"), b"x")
    with pytest.raises(ValueError, match="range"):
        store.open_range(key_of(b"x"), start, length)


def test_a_reader_keeps_what_it_opened(store):
    data = os.urandom(900_000)
    store.put(key_of(data), data)
    chunks = store.open_range(key_of(data))
    first = next(chunks)
    store.delete(key_of(data))
    assert first + b"".join(chunks) == data


ODD_KEYS = [
    "",
    "/",
    "..",
    "../../etc/passwd",
    f"{ORGANIZATION}/../{'a' * 64}",
    f"{ORGANIZATION}/{'a' * 64}/..",
    f"/{ORGANIZATION}/{'a' * 64}",
    f"{ORGANIZATION}//{'a' * 64}",
    f"{ORGANIZATION}\\{'a' * 64}",
    f"{ORGANIZATION}/{'a' * 63}",
    f"{ORGANIZATION}/{'A' * 64}",
    f"{ORGANIZATION}/{'a' * 64}.",
    f"{ORGANIZATION}/{'a' * 64}..webp",
    f"{ORGANIZATION}/{'a' * 64}.256.webp\n",
    f"{ORGANIZATION}/{'a' * 64}\x00.webp",
    f"{ORGANIZATION}/{'٣' * 64}",
    f"{ORGANIZATION}/{'a' * 64}.{'b' * 200}",
    str(ORGANIZATION),
    f"{str(ORGANIZATION).upper()}/{'a' * 64}",
    f"drafts/{'a' * 64}",
]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_odd_keys_are_refused_by_every_method(store, tmp_path, key):
    path = tmp_path / "photo"
    path.write_bytes(b"x")
    calls = [
        lambda: store.put(key, b"x"),
        lambda: store.put_file(key, path),
        lambda: store.get(key),
        lambda: store.open_range(key),
        lambda: store.info(key),
        lambda: store.delete(key),
        lambda: store.url(key),
        lambda: store.slot(key, size=1, media_type="image/png"),
    ]
    for ask in calls:
        with pytest.raises(ValueError, match="key"):
            ask()
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]


def test_thumbnails_have_keys_of_their_own(store):
    for suffix in ("", ".256.webp", ".512.webp"):
        assert store.put(key_of(b"photo", suffix), suffix.encode() or b"photo")
    assert store.get(key_of(b"photo", ".256.webp")) == b".256.webp"
    assert store.get(key_of(b"photo")) == b"photo"


def test_of_many_writers_one_is_first_and_readers_see_all_or_nothing(open_store):
    bodies = [bytes([n]) * 300_000 for n in range(8)]
    key, gate, firsts, seen = key_of(b"raced"), threading.Barrier(12), [], []
    done = threading.Event()

    def write(body: bytes) -> None:
        mine = open_store()
        gate.wait()
        if mine.put(key, body):
            firsts.append(body)

    def read() -> None:
        mine = open_store()
        gate.wait()
        while not done.is_set():
            try:
                seen.append(mine.get(key))
            except BlobMissing:
                continue

    readers = [threading.Thread(target=read) for _ in range(4)]
    writers = [threading.Thread(target=write, args=(body,)) for body in bodies]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert len(firsts) == 1
    assert set(seen) <= set(firsts)
    assert open_store().get(key) == firsts[0]


_WRITER = """
import sys
from tests.conformance.test_blobs import OPENERS, key_of
from pathlib import Path
store = OPENERS[sys.argv[1]](Path(sys.argv[2]))
body = b"p" * int(sys.argv[3])
print("ready", flush=True)
for n in range(10_000):
    data = n.to_bytes(4, "big") + body
    store.put(key_of(data), data)
    print(key_of(data), flush=True)
"""


@pytest.mark.crash
@pytest.mark.parametrize("name", list(OPENERS))
def test_a_killed_writer_leaves_no_half_file_and_loses_nothing_it_was_told_is_stored(name, tmp_path):
    root, size = tmp_path / "blobs", {"disk": 8_000_000, "s3": 1_000_000}[name]
    for round_ in range({"disk": 5, "s3": 2}[name]):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, name, str(root), str(size)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(round_ + 2)][1:]
        process.send_signal(signal.SIGKILL)
        process.wait()
        told += process.stdout.read().split("\n")[:-1]
        process.stdout.close()
        store = OPENERS[name](root)
        for n in range(len(told) + 2):
            data = n.to_bytes(4, "big") + b"p" * size
            try:
                assert store.get(key_of(data)) == data
            except BlobMissing:
                assert key_of(data) not in told
            store.delete(key_of(data))


def test_the_check_passes_and_leaves_nothing(store, tmp_path):
    store.check()
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    assert list(store.walk()) == []


def test_a_walk_gives_every_key_in_order(store):
    data = [n.to_bytes(2, "big") * (n + 1) for n in range(40)]
    sizes = {key_of(each): len(each) for each in data}
    other = f"{UUID(int=ORGANIZATION.int - 1)}/{'f' * 64}"
    for each in data:
        store.put(key_of(each), each)
    store.put(key_of(data[3], ".256.webp"), b"thumb")
    store.put(other, b"another organization's")
    sizes |= {key_of(data[3], ".256.webp"): 5, other: 22}
    found = list(store.walk())
    assert [each.key for each in found] == sorted(sizes)
    assert {each.key: each.size for each in found} == sizes
    assert all(abs(each.modified - datetime.now(UTC)) < timedelta(minutes=5) for each in found)
    assert found[0] == store.info(found[0].key)


def test_only_a_store_that_takes_bytes_from_browsers_gives_slots(store):
    slot = store.slot(key_of(b"x"), size=1, media_type="image/png")
    assert (slot is not None) == store.direct
    assert store.direct == bool(store.origins)


def test_addresses_lead_to_our_origin_or_to_those_that_are_told(store):
    address = store.url(key_of(b"x"))
    assert address.startswith(store.origins or "/blobs/")
    assert all(re.fullmatch(r"https?://[^/ ;,]+(/[^ ;,?]+/)?", each) for each in store.origins)


def test_an_address_names_the_key_and_differs_by_file_name(store):
    key = key_of(b"x")
    plain, named = store.url(key), store.url(key, filename="a b.jpg", attachment=True)
    assert key in plain
    assert plain != named
    assert plain == store.url(key)
