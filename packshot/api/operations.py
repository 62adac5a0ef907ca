"""What every operation is made with: models that refuse what they do not know, scopes, JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponseBase
from ninja import NinjaAPI
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.security import HttpBearer
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import to_json

from packshot.api.errors import Fault, InsufficientScope, InvalidRequest
from packshot.foundation.apikeys.contracts import Caller


class View(BaseModel):
    """What an answer says; every field is always there."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Given(BaseModel):
    """What a request says; a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Time = Annotated[datetime, AfterValidator(_utc)]
"""RFC 3339 in UTC."""
Micros = Annotated[int, Field(description="Micro-credits: 1 credit is 1,000,000.")]


class ApiKey(HttpBearer):
    """The scope that an operation asks of the key; who the key is, the guard has found out."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Caller:
        caller: Caller = request.caller  # type: ignore[attr-defined]  # the guard has put it there
        if self.scope not in caller.scopes:
            raise InsufficientScope(f"This API key does not have the scope {self.scope}.")
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        raise NotImplementedError("the guard reads the key")


class StrictParser(Parser):
    """JSON that means one thing and that a database can keep."""

    def parse_body(self, request: HttpRequest) -> Any:
        found = json.loads(request.body.decode(), object_pairs_hook=_once, parse_constant=_refuse)
        for text in _texts(found):
            text.encode()  # halves of characters cannot be
            if "\0" in text:
                raise ValueError("a zero character")
        return found


def _texts(value: Any) -> Iterator[str]:
    """Every text in it, names too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


class _Renderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> Any:  # noqa: ARG002 (ninja's shape)
        return to_json(data)


class StrictApi(NinjaAPI):
    """Without pages of its own; what goes wrong in an operation is the guard's to tell."""

    def __init__(self, title: str, version: str, description: str) -> None:
        super().__init__(
            title=title,
            version=version,
            description=description,
            openapi_url=None,
            docs_url=None,
            urls_namespace="api",
            parser=StrictParser(),
            renderer=_Renderer(),
        )

    def on_exception(self, request: HttpRequest, exc: Any) -> Any:  # noqa: ARG002 (ninja's shape)
        raise exc


def refuse_unknown(api: NinjaAPI) -> None:
    """Have every operation refuse parameters and bodies that it does not know; ninja only passes them over."""
    for bound in api._get_bound_routers():  # noqa: SLF001  (there is no public way to what is bound)
        for view in bound.path_operations.values():
            for operation in view.operations:
                operation.run = _strict(operation, operation.run)  # type: ignore[method-assign]  # one more step


def _strict(operation: Operation, run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    known = {
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in getattr(model, "__ninja_flatten_map__", {})
    }

    # An upload reads its two kinds of body itself.
    bodiless = not operation.openapi_extra and "body" not in {
        m.__ninja_param_source__ for m in operation.models
    }

    def strict(request: HttpRequest, **path: Any) -> HttpResponseBase:
        faults = _unknown(request.GET, known)
        if bodiless and request.body.strip() not in (b"", b"{}"):
            faults.append(Fault("This operation takes no body.", pointer="#"))
        if faults:
            raise InvalidRequest(*faults)
        return run(request, **path)

    return strict


def _unknown(given: Mapping[str, Any], known: set[str]) -> list[Fault]:
    return [Fault("There is no such parameter.", parameter=name) for name in given if name not in known]
