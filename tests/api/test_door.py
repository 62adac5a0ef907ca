"""The door: who comes in, what they are told when they do not, and the headers that every answer has."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from uuid_utils.compat import uuid7

from packshot.api.codes import CODES
from packshot.errors import Problem
from packshot.foundation.apikeys import commands, tokens
from packshot.foundation.apikeys.contracts import SCOPES
from packshot.settings import settings
from packshot.studio.generation import queries
from tests.api.conftest import Program
from tests.api.operations import OPERATIONS
from tests.foundation.conftest import new_place

IDS = {"generation_id": str(uuid7()), "asset_id": str(uuid7()), "model_id": "mock-scene"}


def assert_problem(answer, status: int, code: str) -> dict:
    found = answer.json()
    assert (answer.status_code, found["status"], found["code"]) == (status, status, code), found
    assert answer["Content-Type"] == "application/problem+json"
    assert found["type"] == f"{settings().address}/v1/errors/{code}"
    assert found["title"] == CODES[code].title
    assert found["request_id"] == answer["X-Request-Id"]
    assert found["detail"]
    return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_every_operation_asks_for_a_key(operation):
    client = Client(REMOTE_ADDR=new_place())
    answer = client.generic(operation.method, f"/v1{operation.at(IDS)}")
    assert_problem(answer, 401, "missing_key")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    for header in ("Basic YTpi", "Bearer", "Bearer x", f"Bearer {tokens.new().secret}"):
        answer = client.generic(
            operation.method, f"/v1{operation.at(IDS)}", headers={"authorization": header}
        )
        assert answer.status_code == 401


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_every_operation_asks_for_its_scope_and_no_other(operation, tenant):
    others = tuple(scope for scope in SCOPES if scope != operation.scope)
    refused = Program(tenant, others).ask(operation.method, operation.at(IDS), operation.body)
    assert operation.scope in assert_problem(refused, 403, "insufficient_scope")["detail"]
    passed = Program(tenant, (operation.scope,)).ask(operation.method, operation.at(IDS), operation.body)
    assert passed.status_code in (200, 201, 404, 422)
    assert passed.status_code in operation.statuses


def test_every_scope_is_good_for_something():
    assert {operation.scope for operation in OPERATIONS} == set(SCOPES)


def test_a_session_opens_nothing_here(tenant):
    from packshot.foundation.accounts.models import User

    client = Client(REMOTE_ADDR=new_place())
    client.force_login(
        User.objects.get(id=tenant.user_id), "allauth.account.auth_backends.AuthenticationBackend"
    )
    assert_problem(client.get("/v1/account"), 401, "missing_key")


def test_no_cookie_and_no_other_origin(program):
    answer = program.get("/account", origin="https://evil.example")
    assert answer.cookies == {}
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    preflight = program.ask("OPTIONS", "/generations", origin="https://evil.example")
    assert preflight.status_code == 405
    assert not [name for name in preflight.headers if name.lower().startswith("access-control")]


def test_a_page_of_another_language_does_not_matter(program):
    answer = program.get("/models/nothing", accept_language="de")
    assert assert_problem(answer, 404, "not_found")["detail"].startswith("There is no such model")


def test_a_key_that_ended_is_told_so(program, tenant, admin):
    admin.execute("update apikeys_key set expires_at = now() where id = %s", [program.made.id])
    assert_problem(program.get("/account"), 401, "expired_key")
    other = Program(tenant)
    commands.revoke(tenant.actor, other.made.id)
    assert_problem(other.get("/account"), 401, "revoked_key")
    bound = Program(tenant, networks=["192.0.2.0/24"])
    assert_problem(bound.get("/account"), 403, "address_not_allowed")


def test_a_rotated_key_and_its_heir_work_side_by_side(program, tenant):
    program.secret = commands.rotate(tenant.actor, program.made.id, overlap_h=24).secret
    assert program.get("/account").status_code == 200
    program.secret = program.made.secret
    assert program.get("/account").status_code == 200


def test_an_expiry_is_told(tenant):
    ends = datetime.now(UTC) + timedelta(days=3)
    found = Program(tenant, expires_at=ends).get("/account").json()["key"]["expires_at"]
    assert datetime.fromisoformat(found) == ends


def test_there_is_nothing_at_other_addresses(program):
    for path in ("", "/", "/nothing", "/generations/", "/generations/7", "/account/x"):
        assert_problem(program.get(path), 404, "not_found")


def test_an_address_says_which_methods_it_has(program):
    for method, path, allowed in (
        ("DELETE", "/generations", {"GET", "POST"}),
        ("PUT", "/account", {"GET"}),
        ("TRACE", "/models", {"GET"}),
        ("POST", "/openapi.json", {"GET", "HEAD"}),
    ):
        answer = program.ask(method, path)
        assert_problem(answer, 405, "method_not_allowed")
        assert set(answer["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"model": NaN}',
        b'{"model": "a", "model": "b"}',
        b'{"model": "a\\u0000"}',
        b'{"model": "\\ud800"}',
        b"[" * 100_000,
    ],
    ids=["empty", "cut", "no-utf-8", "nan", "twice", "zero", "half", "deep"],
)
def test_what_is_no_json_is_told_so(program, body):
    answer = Client(REMOTE_ADDR=program.place).post(
        "/v1/generations",
        data=body,
        content_type="application/json",
        headers={"authorization": f"Bearer {program.secret}"},
    )
    code = "invalid_request" if body == b"" else "invalid_json"
    assert_problem(answer, 422 if body == b"" else 400, code)


@pytest.mark.parametrize("body", ["x", 7, None, [], {"model": 7}, {"modell": "mock-scene"}, {}])
def test_what_is_not_of_the_form_names_its_places(program, body):
    found = assert_problem(program.post("/generations", body), 422, "invalid_request")
    assert all(error["pointer"].startswith("#") and error["detail"] for error in found["errors"])


def test_unknown_fields_and_parameters_are_refused(program):
    found = assert_problem(
        program.post("/generations", {"model": "mock-scene", "colour": 1}), 422, "invalid_request"
    )
    assert [error["pointer"] for error in found["errors"]] == ["#/colour"]
    found = assert_problem(program.get("/generations?page=2"), 422, "invalid_request")
    assert found["errors"] == [{"parameter": "page", "detail": "There is no such parameter."}]
    assert_problem(program.get("/account?x=1"), 422, "invalid_request")
    found = assert_problem(program.get("/generations?limit=0"), 422, "invalid_request")
    assert found["errors"][0]["parameter"] == "limit"


def test_what_takes_no_body_refuses_one(program):
    order = program.post("/generations", {"model": "mock-scene", "prompt": "x"}).json()
    path = f"/generations/{order['id']}/cancel"
    found = assert_problem(program.post(path, {"reason": "late"}), 422, "invalid_request")
    assert found["errors"] == [{"pointer": "#", "detail": "This operation takes no body."}]
    assert program.post(path, {}).status_code == 200


def test_a_form_is_no_json(program):
    answer = Client(REMOTE_ADDR=program.place).post(
        "/v1/generations", {"model": "mock-scene"}, headers={"authorization": f"Bearer {program.secret}"}
    )
    assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=\u00fc", b"x"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n",
        ),
    ],
    ids=["no-boundary", "wrong-boundary", "cut"],
)
def test_a_form_that_cannot_be_read_is_told_so(program, content_type, body):
    answer = Client(REMOTE_ADDR=program.place).generic(
        "POST",
        "/v1/uploads",
        data=body,
        content_type=content_type,
        headers={"authorization": f"Bearer {program.secret}"},
    )
    assert answer.status_code in (400, 415, 422), answer.json()
    assert answer.json()["code"] in CODES


def test_json_that_is_too_long_for_an_upload_is_told_so(program):
    assert_problem(program.post("/uploads", {"url": "x" * 3_000_000}), 413, "too_large")


def test_a_host_that_is_not_ours_is_refused_before_anything_is_done(program, monkeypatch):
    from django.conf import settings as django_settings

    monkeypatch.setattr(django_settings, "ALLOWED_HOSTS", ["studio.example.com"])
    answer = program.post("/generations", {"model": "mock-scene", "prompt": "x"}, host="evil.example")
    assert_problem(answer, 400, "bad_request")
    assert queries.page(program.tenant.actor) == []


def test_a_version_is_pinned_and_can_be_named(program):
    assert program.get("/account")["Packshot-Version"] == "2026-11-01"
    assert program.get("/account", packshot_version="2026-11-01").status_code == 200
    found = assert_problem(program.get("/account", packshot_version="2020-01-01"), 400, "unknown_version")
    assert found["errors"][0]["header"] == "Packshot-Version"


def test_what_nobody_expected_is_a_document_too_and_tells_nothing(program, monkeypatch):
    def broken(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(queries, "page", broken)
    found = assert_problem(program.get("/generations"), 500, "internal_error")
    assert "secret" not in str(found)


@pytest.mark.parametrize("path", ["/account", "/nothing", "/generations/7", "/models?x=1", "/openapi.json"])
def test_every_answer_has_the_headers(program, path):
    answer = program.get(path)
    assert answer["X-Request-Id"]
    assert answer["Packshot-Version"] == "2026-11-01"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    for policy in answer["RateLimit-Policy"].split(", "):
        assert re.fullmatch(r'"(key|organization|address)";q=\d+;w=60', policy)
    for left in answer["RateLimit"].split(", "):
        assert re.fullmatch(r'"(key|organization|address)";r=\d+;t=\d+', left)


def test_too_many_requests_are_told_when_to_come_again(program, monkeypatch):
    monkeypatch.setattr(settings(), "api_key_rate", 3)
    answers = [program.get("/models") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert_problem(answers[-1], 429, "rate_limited")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 20
    assert '"key";r=0' in answers[-1]["RateLimit"]


def test_guessing_keys_is_too_many_requests(monkeypatch):
    monkeypatch.setattr(settings(), "api_bad_key_rate", 3)
    client = Client(REMOTE_ADDR=new_place())
    statuses = [
        client.get("/v1/account", headers={"authorization": f"Bearer {tokens.new().secret}"}).status_code
        for _ in range(5)
    ]
    assert statuses == [401] * 3 + [429] * 2


def test_threads_get_no_more_than_the_limit(program, monkeypatch):
    monkeypatch.setattr(settings(), "api_key_rate", 10)
    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda _: program.get("/models").status_code, range(30)))
    # The bucket fills while they ask: one in six seconds.
    assert 10 <= statuses.count(200) <= 12
    assert statuses.count(200) + statuses.count(429) == 30


def test_a_request_costs_its_key_and_its_limits_one_round_trip(program, monkeypatch):
    from django.db import connection

    asked = []

    def noted(execute, statement, parameters, many, context):
        asked.append(statement)
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(noted):
        entry = commands.enter(
            program.secret, program.place, {"key": 9, "organization": 9, "address": 9, "bad-key": 9}
        )
    assert entry.caller is not None
    assert len(asked) == 1


def test_every_code_has_a_page(program):
    client = Client(REMOTE_ADDR=new_place())
    for code, known in CODES.items():
        answer = client.get(f"/v1/errors/{code}")
        assert answer.status_code == 200
        assert known.title in answer.content.decode()
    assert_problem(client.get("/v1/errors/nothing"), 404, "not_found")


def test_every_problem_that_an_operation_can_meet_has_a_code_that_is_described():
    def below(kind: type) -> set[type]:
        return {kind} | {each for child in kind.__subclasses__() for each in below(child)}

    rooms = ("packshot.api", "packshot.studio.generation", "packshot.studio.assets", "packshot.errors")
    internal = {"invalid_callback", "unchecked_callback"}
    for kind in below(Problem):
        code = vars(kind).get("code")
        if kind.__module__.startswith(rooms) and isinstance(code, str) and code not in internal:
            assert code in CODES, kind
            assert CODES[code].status == kind.status, kind
