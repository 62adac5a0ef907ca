"""What the OpenAPI document promises is what happens: a program that makes requests up finds nothing else.

A longer search: PACKSHOT_SCHEMATHESIS=500 pytest tests/api/test_schema.py
"""

from __future__ import annotations

import os

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as searching
from schemathesis.specs.openapi import checks

from packshot import wiring
from packshot.api.codes import CODES
from packshot.ports.fetch import FetchRefused
from packshot.settings import settings
from tests.api.operations import OPERATIONS

EXAMPLES = int(os.environ.get("PACKSHOT_SCHEMATHESIS", "6"))
"""Requests that are made up for each operation, once of what it takes and once of what it does not."""
CHECKS = [
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.status_code_conformance,
]


@pytest.fixture(scope="module")
def schema():
    return schemathesis.openapi.from_wsgi("/v1/openapi.json", get_wsgi_application())


class NoDoor:
    """Addresses that are made up lead nowhere: nothing here asks the network."""

    async def fetch(self, url: str, *_arguments: object, **_options: object) -> None:
        raise FetchRefused("no door")


@pytest.fixture
def unlimited(monkeypatch):
    monkeypatch.setattr(wiring, "fetcher", NoDoor)
    for name in ("key", "organization", "address", "bad_key"):
        monkeypatch.setattr(settings(), f"api_{name}_rate", 100_000)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_nothing_happens_that_is_not_documented(operation, mode, schema, program, unlimited):
    headers = {"Authorization": f"Bearer {program.secret}"}
    tried = []

    @searching(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES < 100,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[f"/v1{operation.path}"][operation.method].as_strategy(generation_mode=mode))
    def search(case) -> None:
        answer = case.call(headers=headers)
        tried.append(answer.status_code)
        assert answer.status_code < 500, answer.text
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.json()["code"] in CODES

    search()
    assert tried


def test_the_document_is_whole(schema):
    raw = schema.raw_schema
    assert raw["openapi"] == "3.1.0"
    schema.validate()
    for methods in raw["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["tags"]
            assert operation["security"]
            assert {"200", "201", "204", "302"} & set(operation["responses"])
            for status, answer in operation["responses"].items():
                assert "RateLimit" in answer["headers"], (operation["operationId"], status)
    assert len(OPERATIONS) == sum(len(methods) for methods in raw["paths"].values())
