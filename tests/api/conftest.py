"""Programs that ask with a key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from packshot.foundation.apikeys import commands
from packshot.foundation.apikeys.contracts import SCOPES
from tests.foundation.conftest import new_place


class Program:
    """Asks with one key, from one address."""

    def __init__(self, tenant: Any, scopes: tuple[str, ...] = SCOPES, **changes: Any) -> None:
        self.tenant, self.place = tenant, new_place()
        self.made = commands.make(tenant.actor, name="A shop", scopes=scopes, **changes)
        self.secret = self.made.secret
        self._client = Client(enforce_csrf_checks=True, REMOTE_ADDR=self.place)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`body` is sent as JSON; a header's underscores are hyphens."""
        given = {"authorization": f"Bearer {self.secret}"} | {
            n.replace("_", "-"): v for n, v in headers.items()
        }
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return self._client.generic(method, f"/v1{path}", headers=given, **sent)

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)

    def send_file(self, data: Any, *, filename: str = "bottle.png", **fields: Any) -> Any:
        from django.core.files.uploadedfile import SimpleUploadedFile

        headers = {"authorization": f"Bearer {self.secret}"}
        if "key" in fields:
            headers["idempotency-key"] = fields.pop("key")
        form = {"file": SimpleUploadedFile(filename, data), **fields}
        return self._client.post("/v1/uploads", form, headers=headers)


@pytest.fixture
def program(tenant) -> Program:
    """A key with every scope."""
    return Program(tenant)


@pytest.fixture
def new_program(new_tenant) -> Callable[..., Program]:
    """Make programs, each of a tenant of its own."""
    return lambda *arguments, **changes: Program(new_tenant(), *arguments, **changes)
