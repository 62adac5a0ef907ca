"""`packshot shoot --model ...` with Google's models: the real command and worker, and real HTTP to the fake."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from tests import homes
from tests.fakes.gemini import KEY, FakeGemini, media, says

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("shoot")]

PHOTO = Path(__file__).parents[1] / "data" / "bottle.jpg"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("gemini") / "home"
    yield path
    homes.forget(path)


@pytest.fixture
def google() -> Iterator[FakeGemini]:
    with FakeGemini() as fake:
        yield fake


def shoot(home: Path, google: FakeGemini, *arguments: object) -> tuple[int, dict[str, Any]]:
    """Exit code and document; the database and the worker start and end with it."""
    hidden = {"DATABASE_URL", "PACKSHOT_ROLE", "PACKSHOT_MOCK_PROVIDER"}
    environment = {k: v for k, v in os.environ.items() if k not in hidden} | {
        "PACKSHOT_GEMINI_KEY": KEY,
        "PACKSHOT_GEMINI_URL": google.url,
        "PACKSHOT_FETCH_TRUSTED": json.dumps(
            [urlsplit(each).netloc for each in (google.url, google.storage_url)]
        ),
    }
    command = [sys.executable, "-m", "packshot", "shoot", *map(str, arguments), "--home", str(home), "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert KEY not in done.stdout + done.stderr + (home / "worker.log").read_text()
    return done.returncode, json.loads(done.stdout)


def test_pictures_of_a_photo_and_every_weather_in_one_batch(home, google, tmp_path):
    google.say(says.blocked("PROHIBITED_CONTENT"), says.DROPPED, says.rate_limited("1s"))
    code, document = shoot(
        home, google, PHOTO, "--model", "nano-banana", "--prompt", "on oak", "--ratio", "4:5", "--variants", 4,
        "--out", tmp_path,
    )  # fmt: skip
    assert code == 1, document
    assert [Path(file["path"]).name for file in document["files"]] == ["bottle-1.png", "bottle-2.png"]
    for file in document["files"]:
        with Image.open(io.BytesIO(Path(file["path"]).read_bytes())) as image:
            assert image.size == media.sides("4:5", 1024)
        assert file["source_type"] == "trainedAlgorithmicMedia"
    told = {each["code"]: each["message"] for each in document["failed"]}
    assert told.keys() == {"content_policy", "submit_unknown"}
    assert told["content_policy"] == "The provider does not make things of this kind."
    assert document["charged"] == document["returned"]
    assert document["balance"] == 500 - document["charged"]
    assert len(google.posts) == 5  # four variants, and once more for the one that was told to wait


def test_a_video_of_words(home, google, tmp_path):
    code, document = shoot(home, google, "--model", "omni-video", "--prompt", "waves", "--out", tmp_path)
    assert (code, document["failed"]) == (0, []), document
    [file] = document["files"]
    assert Path(file["path"]).name == "picture-1.mp4"
    assert (file["width"], file["height"], file["media_type"]) == (1280, 720, "video/mp4")
    assert len(google.posts) == 1
    [(_, shown)] = google.downloads
    assert "x-goog-api-key" not in shown
