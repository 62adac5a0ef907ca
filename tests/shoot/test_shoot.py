"""`packshot shoot` as a person runs it: real database, real worker, real pixels, real kills."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from packshot.db import server
from packshot.db.guard import Guard
from packshot.imaging.sources import read_source_type
from tests.e2e.studio import until

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("shoot")]

PHOTOS = Path(__file__).parents[1] / "data"


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


class Home:
    """An installation whose database stays up between the tests; what runs in it, each test says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        hidden = {"DATABASE_URL", "PACKSHOT_HOME", "PACKSHOT_ROLE", "PACKSHOT_MOCK_PROVIDER"}
        self._environment = {k: v for k, v in os.environ.items() if k not in hidden}

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "packshot", "shoot", *map(str, arguments), "--home", str(self.path)]
        return subprocess.Popen(
            command,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def shoot(self, *arguments: object) -> Said:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=200)
        return Said(process.returncode, out, err)

    def postgres(self) -> psutil.Process:
        found = server.running(server.places(self.path))
        assert found is not None
        return found

    def left_over(self) -> list[psutil.Process]:
        """Workers and their children that belong to this home."""
        mark = f"PACKSHOT_HOME={self.path}"
        found = []
        for process in psutil.process_iter(["cmdline"]):
            if "packshot" not in " ".join(process.info["cmdline"] or []) or process.pid == os.getpid():
                continue
            try:
                if any(f"{k}={v}" == mark for k, v in process.environ().items()) and server.alive(process):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("shoot") / "home")
    yield home
    server.stop(server.places(home.path))


@pytest.fixture
def awake(home: Home) -> Iterator[Home]:
    """With the database kept up, so that several shoots in a test do not start it each."""
    guard = Guard.over(home.path)
    yield home
    guard.close()


def balance(home: Home, out: Path) -> float:
    """What is left, asked by the cheapest shoot there is."""
    said = home.shoot(PHOTOS / "bottle.jpg", "--op", "remove_background", "--out", out / "asked", "--json")
    assert said.code == 0, said.err
    return float(said.document["balance"]) + float(said.document["charged"])


def test_four_pictures_on_a_machine_where_nothing_runs(home, tmp_path):
    said = home.shoot(
        PHOTOS / "mug.jpg", "--prompt", "on white marble, soft light", "--out", tmp_path, "--seed", 7
    )
    assert said.code == 0, said.err
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"mug-{n}.jpg" for n in range(1, 5)]
    files = [(tmp_path / name).read_bytes() for name in names]
    assert len({hashlib.sha256(data).digest() for data in files}) == 4
    for data in files:
        assert read_source_type(data) == "compositeSynthetic"
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            assert (image.format, image.size) == ("JPEG", (1024, 1024))
    lines = said.out.splitlines()
    assert [line.split("  ")[0] for line in lines[:4]] == [str(tmp_path / name) for name in names]
    assert lines[-1].startswith("Charged 8 credits, 492 are left.")
    assert home.left_over() == []
    assert server.running(server.places(home.path)) is None


@pytest.mark.parametrize("photo", ["bottle.jpg", "jar.png", "sneaker.webp", "plush.avif"])
def test_every_format_cuts_out_and_tells_a_program_all_of_it(awake, tmp_path, photo):
    said = awake.shoot(
        PHOTOS / photo, "--op", "remove_background", "--out", tmp_path / "new" / "folder", "--json"
    )
    assert said.code == 0, said.err
    document = said.document
    [file] = document["files"]
    data = Path(file["path"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == file["sha256"]
    assert (document["charged"], document["state"], document["failed"]) == (1, "succeeded", [])
    assert 0.5 < file["confidence"] <= 1
    with Image.open(io.BytesIO(data)) as image, Image.open(PHOTOS / photo) as source:
        assert image.mode == "RGBA"
        assert image.size == (file["width"], file["height"])
        assert sorted(image.size) == sorted(source.size)
        assert image.getchannel("A").getextrema() == (0, 255)


def test_upscaling_doubles(awake, tmp_path):
    with Image.open(PHOTOS / "bottle.jpg") as source:
        small = source.resize((160, 120))
        small.save(tmp_path / "small.jpg", quality=90)
    said = awake.shoot(tmp_path / "small.jpg", "--op", "upscale", "--factor", 2, "--out", tmp_path, "--json")
    assert said.code == 0, said.err
    [file] = said.document["files"]
    assert (file["width"], file["height"], said.document["charged"]) == (320, 240, 2)


def test_the_same_seed_is_the_same_pictures_and_no_file_is_overwritten(awake, tmp_path):
    options = (
        "--prompt",
        "wood table",
        "--variants",
        2,
        "--seed",
        11,
        "--size",
        512,
        "--out",
        tmp_path,
        "--json",
    )
    first, second = (awake.shoot(PHOTOS / "bottle.jpg", *options).document for _ in range(2))
    assert [f["sha256"] for f in first["files"]] == [f["sha256"] for f in second["files"]]
    assert [Path(f["path"]).name for f in second["files"]] == ["bottle-3.jpg", "bottle-4.jpg"]
    assert [f["seed"] for f in first["files"]] == [11, 12]
    assert first["balance"] - second["balance"] == second["charged"] == 4


def _huge_png() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(30_000 * (1 + 30_000 // 8)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_mistakes_are_one_line_and_cost_nothing(awake, tmp_path):
    photo = PHOTOS / "bottle.jpg"
    (tmp_path / "text.jpg").write_text("I am a text, renamed.")
    (tmp_path / "huge.png").write_bytes(_huge_png())
    (tmp_path / "cut.jpg").write_bytes(photo.read_bytes()[:-5000])
    generate = ("--prompt", "a mug", "--out", tmp_path / "out")
    before = balance(awake, tmp_path)
    for arguments, word in (
        ((tmp_path / "missing.jpg", *generate), "does not exist"),
        ((tmp_path / "text.jpg", *generate), "not a JPEG"),
        ((tmp_path / "huge.png", *generate), "megapixels"),
        ((tmp_path / "cut.jpg", *generate), "damaged"),
        ((photo, "--out", tmp_path / "out"), "what you want"),
        ((photo, *generate, "--ratio", "7:3"), "16:9"),
        ((photo, *generate, "--size", 777), "1024"),
        ((photo, *generate, "--variants", 0), "1 to 8"),
        ((photo, *generate, "--variants", 9), "1 to 8"),
        ((photo, *generate, "--factor", 2), "--factor"),
        ((photo, *generate, "--seed", -1), "seed"),
        ((photo, "--op", "upscale", "--factor", 3, "--out", tmp_path / "out"), "2, 4"),
        ((photo, "--prompt", "a mug", "--out", photo), "is a file"),
    ):
        said = awake.shoot(*arguments)
        assert (said.code, said.out) == (2, ""), (arguments, said)
        assert said.err.count("\n") == 1, said.err
        assert word.lower() in said.err.lower(), said.err
        assert "Traceback" not in said.err
    assert list((tmp_path / "out").iterdir()) == []
    assert balance(awake, tmp_path) == before - 1  # the price of having asked


def _after_first_picture(process: subprocess.Popen[str]) -> threading.Event:
    """Set when the first picture is told on standard error."""
    seen = threading.Event()
    lines: list[str] = []

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            seen.set()
        seen.set()

    threading.Thread(target=read, daemon=True).start()
    return seen


@pytest.mark.crash
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_cancels_and_the_rest_comes_back(awake, tmp_path, number):
    before = balance(awake, tmp_path)
    arguments = ("--prompt", "marble", "--variants", 8, "--size", 2048, "--out", tmp_path / "out", "--json")
    process = awake.start(PHOTOS / "mug.jpg", *arguments)
    assert _after_first_picture(process).wait(120)
    process.send_signal(number)
    assert process.stdout is not None
    document = json.loads(process.stdout.read())
    assert process.wait(60) == 130
    made = len(document["files"])
    assert 1 <= made < 8
    assert made + len(document["failed"]) == 8
    assert (document["charged"], document["returned"]) == (4 * made, 4 * (8 - made))
    assert document["balance"] == before - 1 - document["charged"]
    assert len(list((tmp_path / "out").iterdir())) == made
    assert awake.left_over() == []


@pytest.mark.crash
@pytest.mark.parametrize("victim", ["worker", "postgres"])
def test_a_kill_in_the_middle_loses_nothing(awake, tmp_path, victim):
    before = balance(awake, tmp_path)
    arguments = ("--prompt", "marble", "--variants", 6, "--size", 1536, "--out", tmp_path / "out", "--json")
    process = awake.start(PHOTOS / "mug.jpg", *arguments)
    assert _after_first_picture(process).wait(120)
    if victim == "postgres":
        awake.postgres().kill()
    else:
        for child in psutil.Process(process.pid).children():
            if child.cmdline()[-1:] == ["worker"]:
                os.killpg(child.pid, signal.SIGKILL)
    assert process.stdout is not None
    document = json.loads(process.stdout.read())
    assert process.wait(60) == 0
    assert (len(document["files"]), document["failed"], document["charged"]) == (6, [], 24)
    assert len({file["sha256"] for file in document["files"]}) == 6
    assert document["balance"] == before - 1 - 24


@pytest.mark.crash
def test_killed_it_leaves_no_orphan_and_its_order_is_finished_by_the_next(awake, tmp_path):
    before = balance(awake, tmp_path)
    arguments = ("--prompt", "marble", "--variants", 4, "--size", 1024, "--out", tmp_path / "out")
    process = awake.start(PHOTOS / "mug.jpg", *arguments)
    assert _after_first_picture(process).wait(120)
    process.kill()
    process.wait()
    until(lambda: awake.left_over() == [], why="a worker was left behind")
    assert list((tmp_path / "out").iterdir()) == []
    until(lambda: balance(awake, tmp_path) <= before - 1 - 8, seconds=120, why="the order was never finished")


def test_two_at_once_in_a_home_share_it(awake, tmp_path):
    options = ("--prompt", "wood", "--variants", 2, "--size", 512, "--json")
    both = [awake.start(PHOTOS / name, *options, "--out", tmp_path) for name in ("mug.jpg", "jar.png")]
    documents = [json.loads(process.communicate(timeout=200)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert [len(document["files"]) for document in documents] == [2, 2]
