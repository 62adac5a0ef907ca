"""What can be ordered, and what it costs."""

from __future__ import annotations

from typing import Any

from ninja import Router
from pydantic import Field

from packshot.api.guard import ApiRequest
from packshot.api.operations import ApiKey, Micros, View
from packshot.api.paging import Page
from packshot.errors import NotFound
from packshot.studio.generation import queries
from packshot.studio.generation.contracts import ModelView
from packshot.studio.generation.inputs import input_schema
from packshot.studio.generation.offers import offers

router = Router(tags=["Models"])


class Price(View):
    """What one variant costs at one choice."""

    at: int
    """The size in pixels, or the value of the parameter that `price_by` names; 0 where there is no choice."""
    micros: Micros


class Seconds(View):
    least: float
    most: float
    measured: bool
    """Of what this installation made lately; else a guess."""


class Model(View):
    id: str
    title: str
    about: str
    operation: str
    makes: str
    available: bool
    unavailable_reason: str | None
    price_by: str
    prices: list[Price]
    typical_seconds: Seconds
    max_variants: int
    input_schema: dict[str, Any] = Field(description="JSON Schema of the body of `POST /v1/generations`.")


class ModelList(Page[Model]):
    pass


@router.get("/models", response=ModelList, auth=ApiKey("models:read"), operation_id="list_models")
def models(request: ApiRequest) -> ModelList:
    """Every model, with prices and what it takes. The list has one page."""
    found = [_model(view) for view in queries.models(request.caller.actor)]
    return ModelList(data=found, has_more=False, next_cursor=None)


@router.get("/models/{model_id}", response=Model, auth=ApiKey("models:read"), operation_id="get_model")
def model(request: ApiRequest, model_id: str) -> Model:
    """One model."""
    for view in queries.models(request.caller.actor):
        if view.id == model_id:
            return _model(view)
    raise NotFound("There is no such model. GET /v1/models has all of them.")


def _model(view: ModelView) -> Model:
    return Model(
        id=view.id,
        title=view.title,
        about=view.about,
        operation=view.operation,
        makes=view.makes,
        available=view.available,
        unavailable_reason=view.why_not or None,
        price_by=view.price_by,
        prices=[Price(at=at, micros=micros) for at, micros in view.prices.items()],
        typical_seconds=Seconds(
            least=view.typical.least_s, most=view.typical.most_s, measured=view.typical.measured
        ),
        max_variants=view.max_variants,
        input_schema=input_schema(offers()[view.id].model),
    )
