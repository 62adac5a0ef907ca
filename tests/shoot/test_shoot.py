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
import psycopg
import pytest
from PIL import Image
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot.db import server
from packshot.db.guard import Guard
from packshot.imaging.sources import read_source_type
from tests import homes
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


def _as_in_a_terminal() -> None:
    """Tests that a shell runs in the background inherit that Ctrl-C is ignored, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Home:
    """An installation of its own. `wake` keeps its database and a worker up, so that no shoot starts them."""

    def __init__(self, path: Path, **environment: str) -> None:
        self.path = path
        self._guard: Guard | None = None
        self._worker: subprocess.Popen[bytes] | None = None
        hidden = {"DATABASE_URL", "PACKSHOT_HOME", "PACKSHOT_ROLE", "PACKSHOT_MOCK_PROVIDER"}
        self._environment = {k: v for k, v in os.environ.items() if k not in hidden} | environment

    def wake(self) -> None:
        """A worker that was killed is started again."""
        if self._guard is None:
            self._guard = Guard.over(self.path)
            migrate = [sys.executable, "-m", "packshot", "migrate", "--home", str(self.path)]
            subprocess.run(migrate, env=self._environment, check=True, capture_output=True)
        if self._worker is None or self._worker.poll() is not None:
            self._worker = self.run("worker")
            until(self._worker_is_there, why="the worker did not start")

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        """A part of the studio beside the shoots, for as long as this home is awake."""
        assert self._guard is not None
        with (self.path / f"{command[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "packshot", *command],
                env={
                    **self._environment,
                    "PACKSHOT_HOME": str(self.path),
                    "DATABASE_URL": self._guard.url,
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._guard.watch(process.pid)
        return process

    def kill_worker(self) -> None:
        assert self._worker is not None
        os.killpg(self._worker.pid, signal.SIGKILL)
        self._worker.wait()

    def sleep(self) -> None:
        if self._worker is not None and self._worker.poll() is None:
            self._worker.terminate()
            self._worker.wait()
        if self._guard is not None:
            self._guard.close()

    def balance(self) -> float:
        """Credits that can be spent, asked of the ledger; before the first shoot, what it will find."""
        if (wallet := self.wallet()) is None:
            return 500.0
        asked = "select (public.credits_balance_at_v1(%s, now()) ->> 'available')::bigint"
        with psycopg.connect(server.places(self.path).url) as connection:
            row = connection.execute(asked, [wallet]).fetchone()
        assert row is not None
        return float(row[0]) / 1_000_000

    def wallet(self) -> str | None:
        asked = (
            "select m.organization_id::text from public.organizations_membership as m"
            " join public.accounts_user as u on u.id = m.user_id where u.email = 'shoot@localhost'"
        )
        with psycopg.connect(server.places(self.path).url) as connection:
            row = connection.execute(asked).fetchone()
        return row[0] if row else None

    def idle(self) -> bool:
        with psycopg.connect(server.places(self.path).url) as connection:
            found = connection.execute(
                "select from public.generation_job where state not in ('succeeded', 'failed', 'cancelled')"
            )
            return found.rowcount == 0

    def _worker_is_there(self) -> bool:
        with psycopg.connect(server.places(self.path).url) as connection:
            found = connection.execute("select from pg_stat_activity where usename = 'packshot_worker'")
            return found.rowcount > 0

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "packshot", "shoot", *map(str, arguments), "--home", str(self.path)]
        return subprocess.Popen(
            command,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_as_in_a_terminal,
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
        """Processes that belong to this home beside what the fixture keeps."""
        mark, known, found = f"PACKSHOT_HOME={self.path}", {os.getpid()}, []
        if self._worker is not None and self._worker.poll() is None:
            kept = psutil.Process(self._worker.pid)
            known |= {process.pid for process in (kept, *kept.children(recursive=True))}
        if self._guard is not None and (shared := server.running(server.places(self.path))) is not None:
            # The fixture holds a share of the server, whichever guard started it last.
            known |= {process.pid for process in (shared, *shared.children())}
        for process in psutil.process_iter(["cmdline"]):
            if process.pid in known or "packshot" not in " ".join(process.info["cmdline"] or []):
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
    homes.forget(home.path)


@pytest.fixture(scope="module")
def _kept_up(home: Home) -> Iterator[None]:
    yield
    home.sleep()


@pytest.fixture
def awake(home: Home, _kept_up: None) -> Home:
    home.wake()
    return home


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
    before = awake.balance()
    for arguments, word in (
        ((tmp_path / "missing.jpg", *generate), "does not exist"),
        ((tmp_path / "text.jpg", *generate), "not a JPEG"),
        ((tmp_path / "huge.png", *generate), "megapixels"),
        ((tmp_path / "cut.jpg", *generate), "damaged"),
        ((photo, "--out", tmp_path / "out"), "what you want"),
        ((photo, *generate, "--ratio", "7:3"), "16:9"),
    ):
        said = awake.shoot(*arguments)
        assert (said.code, said.out) == (2, ""), (arguments, said)
        assert said.err.count("\n") == 1, said.err
        assert word.lower() in said.err.lower(), said.err
    assert list((tmp_path / "out").iterdir()) == []
    assert awake.balance() == before


def test_too_few_credits_are_told_with_both_numbers(awake, tmp_path):
    assert awake.shoot(PHOTOS / "bottle.jpg", "--out", tmp_path).code == 2  # no prompt; now there is a wallet
    before, hold = awake.balance(), str(uuid7())
    rest = {"amount": round((before - 3) * 1_000_000), "id": hold}
    reserve = {
        "kind": "reserve",
        "wallet": awake.wallet(),
        "holds": [rest],
        "partial": False,
        "expires_in": 600,
    }
    release = {"kind": "release", "hold": hold}
    with psycopg.connect(server.places(awake.path).url, autocommit=True) as connection:
        for command in (reserve, release):
            whole = {"key": f"{command['kind']} {hold}", "actor": None} | command
            row = connection.execute("select public.credits_apply_v1(%s)", [Jsonb([whole])]).fetchone()
            assert row is not None
            assert row[0][0]["ok"], row
            if command is reserve:
                said = awake.shoot(PHOTOS / "bottle.jpg", "--prompt", "a mug", "--out", tmp_path)
    assert (said.code, said.out) == (2, "")
    assert said.err == "packshot: This costs 8 credits and 3 are there. Nothing was charged.\n"
    assert awake.balance() == before


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
    before = awake.balance()
    arguments = ("--prompt", "marble", "--variants", 8, "--out", tmp_path / "out", "--json")
    process = awake.start(PHOTOS / "mug.jpg", *arguments)
    assert _after_first_picture(process).wait(200)
    process.send_signal(number)
    assert process.stdout is not None
    document = json.loads(process.stdout.read())
    assert process.wait(60) == 130
    made = len(document["files"])
    assert 1 <= made < 8
    assert made + len(document["failed"]) == 8
    assert (document["charged"], document["returned"]) == (2 * made, 2 * (8 - made))
    assert document["balance"] == before - document["charged"]
    assert len(list((tmp_path / "out").iterdir())) == made
    assert awake.left_over() == []


@pytest.mark.crash
@pytest.mark.parametrize("victim", ["worker", "postgres"])
def test_a_kill_in_the_middle_loses_nothing(awake, tmp_path, victim):
    before = awake.balance()
    arguments = ("--prompt", "marble", "--variants", 6, "--out", tmp_path / "out", "--json")
    process = awake.start(PHOTOS / "mug.jpg", *arguments)
    assert _after_first_picture(process).wait(200)
    if victim == "postgres":
        awake.postgres().kill()
    else:
        awake.kill_worker()
    assert process.stdout is not None
    document = json.loads(process.stdout.read())
    assert process.wait(60) == 0
    assert (len(document["files"]), document["failed"], document["charged"]) == (6, [], 12)
    assert len({file["sha256"] for file in document["files"]}) == 6
    assert document["balance"] == before - 12


@pytest.mark.crash
def test_killed_it_leaves_no_orphan_and_a_worker_finishes_its_order(awake, tmp_path):
    awake.kill_worker()
    before = awake.balance()
    arguments = ("--prompt", "marble", "--variants", 4, "--out", tmp_path / "out")
    process = awake.start(PHOTOS / "mug.jpg", *arguments)
    assert _after_first_picture(process).wait(200)
    process.kill()
    process.wait()
    until(lambda: awake.left_over() == [], why="a worker was left behind")
    assert list((tmp_path / "out").iterdir()) == []
    awake.wake()
    until(lambda: awake.idle(), seconds=120, why="the order was never finished")
    assert awake.balance() == before - 8


def test_two_at_once_in_a_home_share_it(awake, tmp_path):
    options = ("--prompt", "wood", "--variants", 2, "--size", 512, "--json")
    both = [awake.start(PHOTOS / name, *options, "--out", tmp_path) for name in ("mug.jpg", "jar.png")]
    documents = [json.loads(process.communicate(timeout=200)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert [len(document["files"]) for document in documents] == [2, 2]
