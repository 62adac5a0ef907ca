"""`packshot shoot` by a provider far away: real HTTP in both directions, and callbacks signed as fal signs them."""

from __future__ import annotations

import io
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from PIL import Image

from packshot.db import server
from tests import homes
from tests.e2e.studio import until
from tests.fakes.fal import Fal, Plan
from tests.shoot.test_shoot import PHOTOS, Home

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("shoot")]


@pytest.fixture(scope="module")
def fal() -> Iterator[Fal]:
    with Fal() as running:
        yield running


@pytest.fixture(scope="module")
def home(fal: Fal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Home(
        tmp_path_factory.mktemp("shoot") / "home",
        PACKSHOT_PUBLIC_URL=f"http://127.0.0.1:{port}",
        PACKSHOT_FAL_KEY=fal.key,
        PACKSHOT_FAL_USER=fal.user,
        PACKSHOT_FAL_QUEUE_URL=fal.url,
        PACKSHOT_FAL_JWKS_URL=fal.jwks_url,
        PACKSHOT_FETCH_TRUSTED=f'["{urlsplit(fal.url).netloc}"]',
    )
    made.wake()
    site = made.run("web", "--port", str(port))
    until(lambda: _answers(site, port), seconds=120, why="the site did not start")
    yield made
    site.terminate()
    site.wait(30)
    made.sleep()
    homes.forget(made.path)


def _answers(site: subprocess.Popen[bytes], port: int) -> bool:
    assert site.poll() is None
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def test_words_alone_become_pictures_and_the_callback_brings_them(
    home: Home, fal: Fal, tmp_path: Path
) -> None:
    said = home.shoot("--model", "flux", "--prompt", "a bottle", "--variants", 2, "--out", tmp_path, "--json")
    assert said.code == 0, said.err
    files = said.document["files"]
    assert [Path(file["path"]).name for file in files] == ["picture-1.png", "picture-2.png"]
    assert {file["source_type"] for file in files} == {"trainedAlgorithmicMedia"}
    for file in files:
        with Image.open(io.BytesIO(Path(file["path"]).read_bytes())) as picture:
            picture.load()
            assert picture.size == (1024, 1024)
    assert said.document["charged"] == 12
    assert fal.posts["a bottle"] == 2
    for request in fal.requests.values():
        assert request.delivered == [204]
    with psycopg.connect(server.places(home.path).url) as connection:
        handled = "select count(*), count(handled_at) from public.generation_callback where provider = 'fal'"
        assert connection.execute(handled).fetchone() == (2, 2)


def test_a_refusal_is_told_and_costs_nothing(home: Home, fal: Fal, tmp_path: Path) -> None:
    before = home.balance()
    fal.plans.append(Plan(error="content_policy_violation"))
    said = home.shoot(
        PHOTOS / "mug.jpg", "--op", "remove_background", "--model", "birefnet", "--out", tmp_path
    )
    assert said.code == 1
    assert "its rules do not allow it" in said.err
    assert home.balance() == before
