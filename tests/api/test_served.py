"""The API as it is served: `packshot api` in a process of its own, asked over HTTP and by curl."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import pytest
from uuid_utils.compat import uuid7

from packshot.studio.generation import queries
from packshot.studio.generation.contracts import Order
from packshot.studio.generation.wording import ORIGIN, api_call
from tests.api.conftest import Program
from tests.api.test_road import ORDER, picture
from tests.e2e.studio import until
from tests.studio.generation.hand import Hand


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "packshot", "api", "--port", str(port)],
        env={**os.environ, "PACKSHOT_HOST": "127.0.0.1", "PACKSHOT_TRUSTED_PROXIES": "1"},
    )
    address = f"http://127.0.0.1:{port}"
    until(lambda: _answers(address) or process.poll() is not None, why="the API did not start")
    assert process.poll() is None
    yield address
    process.terminate()
    assert process.wait(60) in (0, -15)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def client(address, program: Program) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {program.secret}", "X-Forwarded-For": program.place}
    with httpx.Client(base_url=f"{address}/v1", headers=headers, timeout=90) as client:
        yield client


def test_it_serves_calls_and_nothing_else(client, address):
    answer = client.get("/account")
    assert answer.status_code == 200
    assert answer.headers["x-request-id"]
    for path in ("/", "/sign-in", "/events", "/static/dist/app.css", "/boards"):
        found = client.get(f"{address}{path}")
        assert (found.status_code, found.json()["code"]) == (404, "not_found")


def test_the_callers_request_id_is_kept(client):
    answer = client.get("/nothing", headers={"X-Request-Id": "mine-12345678"})
    assert answer.headers.get_list("x-request-id") == ["mine-12345678"]
    assert answer.json()["request_id"] == "mine-12345678"


@pytest.mark.parametrize("chunked", [False, True])
def test_what_is_too_large_is_a_problem_document(client, chunked):
    body = b'{"model": "' + b"x" * (2 * 1024 * 1024) + b'"}'
    content = iter([body]) if chunked else body
    answer = client.post("/generations", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "ratelimit" in answer.headers


def test_an_upload_may_be_large(client):
    answer = client.post("/uploads", files={"file": ("a.png", picture() + b"\0" * 2_000_000)})
    assert answer.status_code == 201


def test_whoever_waits_is_answered_when_it_is_done(client, program, login):
    hand, tenant = Hand(login("packshot_worker")), program.tenant
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(client.post, "/generations", json=ORDER, headers={"Prefer": "wait=60"})
        until(lambda: bool(queries.page(tenant.actor)), why="nothing was ordered")
        [order] = queries.page(tenant.actor)
        assert not waiting.done()
        hand.settle(hand.claim(tenant.organization_id, order.tiles[0].job_id))
        answer = waiting.result(30)
    assert answer.status_code == 201
    assert answer.json()["status"] == "succeeded"
    assert answer.headers["preference-applied"] == "wait=60"
    found = client.get(f"/generations/{answer.json()['id']}", headers={"Prefer": "wait=60"})
    assert found.json() == answer.json()


def test_whoever_waits_holds_no_thread(client, program):
    """As many wait as there are threads, and twice that; others are answered meanwhile."""
    started = threading.Barrier(9)

    def wait(_number: int) -> httpx.Response:
        started.wait()
        return client.post("/generations", json=ORDER, headers={"Prefer": "wait=4"})

    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(wait, number) for number in range(8)]
        started.wait()
        assert client.get("/models").status_code == 200
        assert not any(each.done() for each in waiting)
        answers = [each.result(60) for each in waiting]
    assert {answer.json()["status"] for answer in answers} == {"queued"}


def test_a_call_that_was_copied_from_the_studio_works_word_for_word(address, program):
    """The studio's 'Copy as API call', pasted into a shell."""
    board = program.post("/boards", {"title": "B"}).json()["id"]
    photo = program.send_file(picture()).json()["id"]
    orders = [
        {"prompt": 'it\'s a "bottle" \\ $HOME `ls`\non a stone — ü', "variants": 2, "board": board},
        {"prompt": "a bottle", "references": [photo], "seed": 9},
    ]
    for given in orders:
        made = program.post("/generations", {"model": "mock-scene", **given})
        assert made.status_code == 201, made.json()
        actor = program.tenant.actor
        call = api_call(queries.batch(actor, UUID(made.json()["id"]))).replace(ORIGIN, address)
        done = subprocess.run(
            ["sh", "-c", f"{call} -sS -w '\\n%{{http_code}}'"],
            env={**os.environ, "PACKSHOT_KEY": program.secret},
            capture_output=True,
            text=True,
            check=True,
        )
        body, _, status = done.stdout.rpartition("\n")
        assert status == "201", body
        copied = queries.batch(actor, UUID(re.search(r'"id":"([^"]+)"', body).group(1)))
        first = queries.batch(actor, UUID(made.json()["id"]))
        same = (
            "operation",
            "model",
            "prompt",
            "ratio",
            "size",
            "seed",
            "references",
            "board_id",
            "parameters",
        )
        assert [getattr(copied, name) for name in same] == [getattr(first, name) for name in same]
        assert copied.id != first.id


def test_an_order_with_everything_is_copied_too(address, program):
    from packshot.studio.generation import commands

    order = Order(
        board_id=None,
        operation="generate",
        model="mock-scene",
        prompt="x",
        key=str(uuid7()),
        parameters={"script": {"delay_s": 1}},
    )
    made = commands.submit(program.tenant.actor, order)
    call = api_call(queries.batch(program.tenant.actor, made.batch_id)).replace(ORIGIN, address)
    done = subprocess.run(
        ["sh", "-c", f"{call} -sS -f"],
        env={**os.environ, "PACKSHOT_KEY": program.secret},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
