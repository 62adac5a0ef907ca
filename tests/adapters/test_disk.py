"""What is the disk's own: addresses, the clock, full disks and forgotten drafts."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.adapters.disk import DiskBlobs

DATA = b"the bytes of a picture"
KEY = f"01939f2a-0000-7000-8000-000000000001/{hashlib.sha256(DATA).hexdigest()}"
START = 1_700_000_000.0 // 900 * 900


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> DiskBlobs:
    return DiskBlobs(tmp_path / "blobs", sign_key=b"secret", base_url="https://studio.test/", now=clock)


def asked(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def test_addresses_are_the_same_for_a_quarter_of_an_hour(store, clock):
    first = store.url(KEY)
    clock.time += 899
    assert store.url(KEY) == first
    clock.time += 1
    assert store.url(KEY) != first
    assert first.startswith(f"https://studio.test/blobs/{KEY}?e=")


def test_an_address_holds_for_an_hour_at_least_and_then_no_more(store, clock):
    clock.time += 899.9
    found = asked(store.url(KEY))
    clock.time += 3600
    assert store.verify(KEY, found)
    clock.time = START + 5 * 900
    assert not store.verify(KEY, found)


@pytest.mark.parametrize("name", ["d", "n", "e", "s", "x"])
def test_nothing_of_an_address_can_be_changed_or_added(store, name):
    found = asked(store.url(KEY, filename="mug.jpg", attachment=True))
    assert store.verify(KEY, found)
    assert not store.verify(KEY, found | {name: found.get(name, "") + "0"})
    assert not store.verify(KEY, {k: v for k, v in found.items() if k != name} | {"y": ""})


def test_an_address_is_for_its_key_and_its_installation(store, tmp_path, clock):
    found = asked(store.url(KEY))
    assert not store.verify(KEY[:-1] + ("0" if KEY[-1] != "0" else "1"), found)
    assert not store.verify(f"{KEY}.256.webp", found)
    other = DiskBlobs(tmp_path / "blobs", sign_key=b"another", base_url="", now=clock)
    assert not other.verify(KEY, found)


@given(key=st.text(), given_=st.dictionaries(st.sampled_from("esdnx"), st.text(), max_size=5))
def test_made_up_addresses_are_refused_and_never_raise(key, given_):
    store = DiskBlobs(Path("/nonexistent"), sign_key=b"secret", base_url="", now=lambda: START)
    assert not store.verify(key, given_)
    assert not store.verify(KEY, given_)


@given(st.text(st.characters(), max_size=40))
def test_every_file_name_can_be_put_into_an_address(name):
    store = DiskBlobs(Path("/nonexistent"), sign_key=b"secret", base_url="", now=lambda: START)
    for attachment in (False, True):
        found = asked(store.url(KEY, filename=name, attachment=attachment))
        assert store.verify(KEY, found)


def test_a_write_that_fails_leaves_nothing(store, tmp_path, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.put(KEY, DATA)
    monkeypatch.undo()
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    assert store.put(KEY, DATA) is True


def test_what_was_stored_is_on_the_disk_before_the_answer(store, monkeypatch):
    flushed: list[str] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    store.put(KEY, DATA)
    file, *folders = [Path(path).name for path in flushed][-2:]
    assert len(file) == 32
    assert folders == [KEY.partition("/")[2][:2]]
    flushed.clear()
    assert store.put(KEY, DATA) is False
    assert [Path(path).name for path in flushed] == folders


def test_the_check_clears_away_old_drafts_and_no_others(store, tmp_path, clock):
    drafts = tmp_path / "blobs" / "drafts"
    drafts.mkdir(parents=True)
    for name, age in (("old", 90_000), ("new", 60)):
        (drafts / name).write_bytes(b"half")
        os.utime(drafts / name, (START - age, START - age))
    store.check()
    assert [p.name for p in drafts.iterdir()] == ["new"]


def test_the_check_tells_of_a_folder_that_cannot_be_written(tmp_path, clock):
    (tmp_path / "blobs").write_bytes(b"a file where the folder should be")
    with pytest.raises(OSError, match="blobs"):
        DiskBlobs(tmp_path / "blobs", sign_key=b"s", base_url="", now=clock).check()
