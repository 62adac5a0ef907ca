"""Idempotency-Key: the same request twice is one deed, whatever happens between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from uuid_utils.compat import uuid7

from packshot.foundation.apikeys import commands
from tests.api.conftest import Program
from tests.api.test_road import ORDER, picture


def ids(program, path="/generations"):
    return [each["id"] for each in program.get(f"{path}?limit=100").json()["data"]]


def test_the_same_request_is_answered_as_the_first_time(program):
    key = str(uuid7())
    first = program.post("/generations", ORDER, idempotency_key=key)
    program.post(f"/generations/{first.json()['id']}/cancel")
    again = program.post("/generations", dict(reversed(ORDER.items())), idempotency_key=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert ids(program) == [first.json()["id"]]


def test_without_a_key_each_request_is_one(program):
    program.post("/generations", ORDER)
    program.post("/generations", ORDER)
    assert len(ids(program)) == 2


@pytest.mark.parametrize("other", [ORDER | {"prompt": "another"}, ORDER | {"seed": 1}])
def test_another_body_under_the_same_key_is_refused(program, other):
    key = str(uuid7())
    program.post("/generations", ORDER, idempotency_key=key)
    found = program.post("/generations", other, idempotency_key=key)
    assert (found.status_code, found.json()["code"]) == (422, "idempotency_key_reused")
    found = program.post("/quotes", ORDER, idempotency_key=key)
    assert found.json()["code"] == "idempotency_key_reused"
    assert len(ids(program)) == 1


def test_a_refused_request_may_be_mended_under_its_key(program):
    key = str(uuid7())
    assert program.post("/generations", ORDER | {"ratio": "7:1"}, idempotency_key=key).status_code == 422
    assert program.post("/generations", ORDER, idempotency_key=key).status_code == 201


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "ü"])
def test_a_key_has_a_form(program, key):
    found = program.post("/generations", ORDER, idempotency_key=key)
    assert (found.status_code, found.json()["code"]) == (400, "invalid_header")


def test_keys_of_two_programs_do_not_meet(program, new_program):
    key, other = str(uuid7()), new_program()
    first = program.post("/generations", ORDER, idempotency_key=key).json()
    assert other.post("/generations", ORDER, idempotency_key=key).json()["id"] != first["id"]


def test_a_rotated_key_replays_what_the_one_before_was_answered(program, tenant):
    key = str(uuid7())
    first = program.post("/generations", ORDER, idempotency_key=key)
    assert Program(tenant).post("/generations", ORDER, idempotency_key=key).content == first.content


@pytest.mark.parametrize("path", ["/generations", "/boards", "/uploads"])
def test_many_at_once_are_one(program, path):
    key, data = str(uuid7()), picture()

    def send(_):
        if path == "/uploads":
            return program.send_file(data, key=key)
        return program.post(path, ORDER if path == "/generations" else {"title": "B"}, idempotency_key=key)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    made = answers[0].json()["id"]
    assert ids(program, "/assets" if path == "/uploads" else path).count(made) == 1
    assert len(ids(program, "/assets" if path == "/uploads" else path)) == 1


@pytest.mark.parametrize(("path", "body"), [("/generations", ORDER), ("/boards", {"title": "Bottles"})])
def test_a_process_that_dies_between_the_deed_and_the_answer_is_taken_up(program, path, body):
    """Killed when everything is committed but the answer: the next process finds what was done."""
    key = str(uuid7())
    script = (
        "import json, os, signal, sys\n"
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "from packshot.foundation.apikeys import commands\n"
        "commands.finish = lambda *given: os.kill(os.getpid(), signal.SIGKILL)\n"
        "secret, path, body, key = sys.argv[1:]\n"
        "headers = {'authorization': 'Bearer ' + secret, 'idempotency-key': key}\n"
        "Client().post('/v1' + path, body, content_type='application/json', headers=headers)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, program.secret, path, json.dumps(body), key],
        env=os.environ,
        capture_output=True,
    )
    assert done.returncode == -9, done.stderr
    [made] = ids(program, path)
    answer = program.post(path, body, idempotency_key=key)
    assert (answer.status_code, answer.json()["id"]) == (201, made)
    assert ids(program, path) == [made]
    assert program.post(path, body, idempotency_key=key)["Idempotent-Replayed"] == "true"
    other = program.post(
        path, body | {"title": "x"} if path == "/boards" else body | {"seed": 9}, idempotency_key=key
    )
    assert other.json()["code"] == "idempotency_key_reused"


def test_an_upload_that_was_not_answered_is_one_picture(program, monkeypatch):
    key, data = str(uuid7()), picture()

    def lost(*_given):
        raise RuntimeError("the line is cut")

    with monkeypatch.context() as patch:
        patch.setattr(commands, "finish", lost)
        assert program.send_file(data, key=key).status_code == 500
    assert program.send_file(data, key=key).status_code == 201
    assert program.send_file(picture(), key=key).json()["code"] == "idempotency_key_reused"
    assert len(ids(program, "/assets")) == 1
