"""The route of callbacks: no session, no CSRF token, no redirect; its answers are for machines."""

from __future__ import annotations

import json

from django.test import Client
from uuid_utils.compat import uuid7

from packshot.adapters.mock import signing
from packshot.studio.generation import providers


def test_a_callback_is_taken_once_refused_when_forged_and_unknown_of_nobody():
    client = Client(enforce_csrf_checks=True)
    adapter = providers.provider("mock")
    body = json.dumps({"ref": str(uuid7()), "event": str(uuid7())}).encode()
    headers = signing.signed(adapter._key, body, adapter._now())

    def post(provider: str, **given: str) -> int:
        answer = client.post(f"/hooks/{provider}/", body, content_type="application/json", headers=given)
        return answer.status_code

    assert post("mock", **headers) == 204
    assert post("mock", **headers) == 204
    assert post("mock", **headers | {"mock-signature": "0" * 64}) == 401
    assert post("mock") == 401
    assert post("nobody", **headers) == 404
    assert client.get("/hooks/mock/").status_code == 405


def test_a_message_that_is_too_large_is_not_looked_at():
    answer = Client().post("/hooks/mock/", b"x" * (5 * 1024 * 1024 + 1), content_type="application/json")
    assert answer.status_code == 413
    answer = Client().post("/hooks/mock/", b"x" * (5 * 1024 * 1024), content_type="application/json")
    assert answer.status_code == 401
