"""The OpenAPI 3.1 document: what ninja reads from the operations, and what all of them have in common."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI

from packshot.api.codes import CODES
from packshot.api.operations import ApiKey
from packshot.foundation.apikeys.contracts import SCOPES, VERSIONS

_PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "The page about the code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people; may change."},
        "code": {"type": "string", "enum": sorted(CODES), "description": "For programs; stays."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "A place in the body (RFC 6901)."},
                    "parameter": {"type": "string"},
                    "header": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["detail"],
            },
        },
        "needed_micros": {"type": "integer"},
        "available_micros": {"type": "integer"},
        "price_micros": {"type": "integer"},
        "cap_micros": {"type": "integer"},
        "feature": {"type": "string", "description": "What the plan does not bring."},
        "limit": {"type": "integer", "description": "How many the plan allows."},
    },
    "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
}
_HEADERS = {
    "X-Request-Id": ("What to name when something is to be looked into.", {"type": "string"}),
    "Packshot-Version": ("The version that answered.", {"enum": list(VERSIONS)}),
    "RateLimit-Policy": ("The rules: requests (q) in seconds (w) of each bucket.", {"type": "string"}),
    "RateLimit": ("What is left (r) of each, and in how many seconds (t) it is full.", {"type": "string"}),
    "Retry-After": ("Seconds to wait.", {"type": "integer"}),
    "Allow": ("The methods there are.", {"type": "string"}),
    "Idempotent-Replayed": ("`true`: the answer of the first request.", {"type": "string"}),
    "Preference-Applied": ("How long the answer was held back at most.", {"type": "string"}),
    "Location": ("Where the file is.", {"type": "string", "format": "uri"}),
}
_ALWAYS = ("X-Request-Id", "Packshot-Version", "RateLimit-Policy", "RateLimit")
_BESIDE = {
    "idempotency": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Of your own choice, for this request alone; kept for 30 days.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
    "wait": {
        "name": "Prefer",
        "in": "header",
        "description": "`wait=N`: hold the answer back until the end, N seconds at most, 60 at the very most.",
        "schema": {"type": "string"},
        "example": "wait=30",
    },
    "version": {
        "name": "Packshot-Version",
        "in": "header",
        "description": "Instead of the version that the key is pinned to.",
        "schema": {"enum": list(VERSIONS)},
    },
}
_EVERYWHERE = (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503)
_PAID = ("create_quote", "create_generation", "create_board")
_WAITING = ("create_generation", "get_generation")


def document(api: NinjaAPI, address: str) -> dict[str, Any]:
    """The whole document, for a server at this address."""
    found: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="v1/"))
    found["servers"] = [{"url": address}]
    found["components"]["schemas"]["Problem"] = _PROBLEM
    found["components"]["headers"] = {
        name: {"description": about, "schema": schema} for name, (about, schema) in _HEADERS.items()
    }
    found["components"]["parameters"] = _BESIDE
    found["components"]["securitySchemes"] = {
        ApiKey.__name__: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "pk_live_…",
            "description": f"A key of the workspace. Scopes: {', '.join(SCOPES)}.",
        }
    }
    scopes = _scopes(api)
    for path in found["paths"].values():
        for method, operation in path.items():
            _complete(method, operation, scopes[operation["operationId"]])
    return found


def _complete(method: str, operation: dict[str, Any], scope: str) -> None:
    """What the operations have in common: headers, problems, and the scope that each asks for."""
    name = operation["operationId"]
    operation["security"] = [{ApiKey.__name__: [scope]}]
    operation["description"] = f"{operation['description']}\n\nScope: `{scope}`"
    beside = ["version"]
    beside += ["idempotency"] if method == "post" else []
    beside += ["wait"] if name in _WAITING else []
    operation["parameters"] += [{"$ref": f"#/components/parameters/{each}"} for each in beside]
    for answer in operation["responses"].values():
        more = ["Idempotent-Replayed"] if method == "post" else []
        more += ["Preference-Applied"] if name in _WAITING else []
        more += ["Location"] if name == "get_asset_file" else []
        answer["headers"] = _headers(*_ALWAYS, *more)
    for status in _statuses(name):
        operation["responses"][status] = {
            "description": "; ".join(f"`{code}`: {known.title}" for code, known in _of(status)),
            "headers": _headers(*_ALWAYS, *_further(status)),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _statuses(name: str) -> list[int]:
    more = ([402] if name in _PAID else []) + ([502] if name == "create_upload" else [])
    return sorted([*_EVERYWHERE, *more])


def _of(status: int) -> list[tuple[str, Any]]:
    return [(code, known) for code, known in CODES.items() if known.status == status]


def _further(status: int) -> tuple[str, ...]:
    return {429: ("Retry-After",), 503: ("Retry-After",), 405: ("Allow",)}.get(status, ())


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _scopes(api: NinjaAPI) -> dict[str, str]:
    """The scope of each operation, by its id."""
    found = {}
    for bound in api._get_bound_routers():  # noqa: SLF001  (there is no public way to what is bound)
        for view in bound.path_operations.values():
            for operation in view.operations:
                [key] = operation.auth_callbacks
                assert isinstance(key, ApiKey)
                assert operation.operation_id is not None
                found[operation.operation_id] = key.scope
    return found
