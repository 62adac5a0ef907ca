"""What can be refused before a database is started, and where results are written."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from packshot.shoot import command
from packshot.shoot.files import write_new
from packshot.shoot.request import Mistake, read_photo, ready_folder


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def start() -> None:
        raise AssertionError("a database was started for a mistake that needs none")

    monkeypatch.setattr(command.installation, "database", start)
    monkeypatch.setattr(command.installation, "configure", lambda **_: None)


def test_a_photo_is_read(tmp_path):
    path = tmp_path / "mug.txt"
    path.write_bytes(data := b"\xff\xd8\xff and so on")
    assert read_photo(path) == data


def _mistakes(folder: Path) -> dict[str, Path]:
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("I am a text, renamed.")
    (folder / "film.jpg").write_bytes(b"\x00\x00\x00\x20ftypisom" + bytes(40))
    with (folder / "huge.jpg").open("wb") as file:
        file.truncate(40 * 1024 * 1024 + 1)
    os.mkfifo(folder / "pipe.jpg")
    return {
        "does not exist": folder / "missing.jpg",
        "is a folder": folder,
        "is not a file": folder / "pipe.jpg",
        "is empty": folder / "empty.jpg",
        "is not a JPEG": folder / "text.jpg",
        "whatever it is called": folder / "film.jpg",
        "larger than 40 MB": folder / "huge.jpg",
    }


def test_each_mistake_is_one_line_and_exit_code_2(tmp_path, no_database, capsys):
    for word, path in _mistakes(tmp_path).items():
        assert command.run(path, prompt="a mug", out=tmp_path / "out") == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1
        assert said.err.startswith("packshot: ")
        assert word in said.err
    assert not (tmp_path / "out").exists()


def test_an_unknown_operation_and_a_file_in_the_folders_place(tmp_path, no_database, capsys):
    photo = tmp_path / "mug.jpg"
    photo.write_bytes(b"\xff\xd8\xff")
    assert command.run(photo, op="dance", out=tmp_path / "out") == 2
    assert "generate, remove_background, upscale" in capsys.readouterr().err
    assert command.run(photo, prompt="a mug", out=photo) == 2
    assert "is a file" in capsys.readouterr().err
    assert command.run(photo, prompt="a mug", out=photo / "below") == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_program_gets_the_mistake_as_a_document(tmp_path, no_database, capsys):
    import json

    assert command.run(tmp_path / "missing.jpg", out=tmp_path / "out", as_json=True) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["files"] == []
    assert document["error"]["code"] == "mistake"
    assert "does not exist" in document["error"]["message"]


def test_the_folder_is_made_with_those_above_it(tmp_path):
    assert ready_folder(tmp_path / "a" / "b").is_dir()
    assert ready_folder(tmp_path / "a" / "b").is_dir()


def test_a_folder_that_may_not_be_made_is_a_mistake(tmp_path):
    with pytest.raises(Mistake, match="cannot be made"):
        ready_folder(Path("/proc/nothing/here"))


def test_results_take_the_first_free_number(tmp_path):
    (tmp_path / "mug-2.jpg").write_bytes(b"mine")
    names = [write_new(tmp_path, "mug", bytes([n]), "image/jpeg").name for n in range(3)]
    assert names == ["mug-1.jpg", "mug-3.jpg", "mug-4.jpg"]
    assert write_new(tmp_path, "mug", b"x", "image/png").name == "mug-1.png"
    assert (tmp_path / "mug-2.jpg").read_bytes() == b"mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*names, "mug-2.jpg", "mug-1.png"])


def test_writers_at_once_never_share_a_name(tmp_path):
    gate, paths = threading.Barrier(8), []

    def write(number: int) -> None:
        gate.wait()
        paths.extend(write_new(tmp_path, "mug", bytes([number]) * 50_000, "image/webp") for _ in range(5))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(paths)) == 40
    assert sorted(path.read_bytes()[0] for path in paths) == sorted(n for n in range(8) for _ in range(5))


def test_a_full_disk_leaves_nothing_half(tmp_path, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_new(tmp_path, "mug", b"x", "image/jpeg")
    assert list(tmp_path.iterdir()) == []
