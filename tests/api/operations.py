"""Every operation of the API, as its own document names them: who adds one is tried with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from packshot.api.openapi import document
from packshot.api.v1.app import api

BODIES: dict[str, Any] = {
    "create_quote": {"model": "mock-scene", "prompt": "a bottle"},
    "create_generation": {"model": "mock-scene", "prompt": "a bottle"},
    "create_board": {"title": "Bottles"},
    "create_upload": {"url": "http://127.0.0.1/bottle.jpg"},
    "update_asset": {"title": "Bottle"},
}
"""What an operation that takes a body is sent."""


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    scope: str
    statuses: frozenset[int]

    def at(self, ids: dict[str, str]) -> str:
        return self.path.format(**ids)

    @property
    def body(self) -> Any:
        return BODIES.get(self.name)


OPERATIONS = [
    Operation(
        operation["operationId"],
        method.upper(),
        path.removeprefix("/v1"),
        operation["security"][0]["ApiKey"][0],
        frozenset(operation["responses"]),
    )
    for path, methods in document(api, "http://testserver")["paths"].items()
    for method, operation in methods.items()
]
