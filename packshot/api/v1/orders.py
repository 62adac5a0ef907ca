"""What a generation is ordered with, and how it becomes an order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from packshot.api.errors import Fault
from packshot.api.operations import Given, Micros
from packshot.api.problems import pointer
from packshot.studio.generation import queries
from packshot.studio.generation.contracts import ModelView, Order
from packshot.studio.generation.errors import InvalidOrder
from packshot.words import told

_USUAL_SIZE = 1024
_SHAPE_OF_REFERENCE = "source"
_LONGEST = 20_000
_MOST = 100

Ids = Annotated[tuple[UUID, ...], Field(max_length=_MOST)]


class NewGeneration(Given):
    """An order. What a model takes, its `input_schema` says; what is left out is the default."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "local-scene",
                    "prompt": "a glass bottle on a wet stone, morning light",
                    "variants": 2,
                }
            ]
        }
    )

    model: Annotated[str, Field(max_length=80, examples=["local-scene"])]
    operation: Annotated[
        str | None, Field(max_length=40, description="The model's own, where it is given.")
    ] = None
    prompt: Annotated[
        str, Field(max_length=_LONGEST, examples=["a glass bottle on a wet stone, morning light"])
    ] = ""
    negative: Annotated[str, Field(max_length=_LONGEST, description="What shall not be seen.")] = ""
    variants: Annotated[int, Field(ge=1, le=_MOST, description="A generation is a batch of so many.")] = 1
    ratio: Annotated[str | None, Field(max_length=20, examples=["1:1"])] = None
    size: Annotated[int | None, Field(ge=1, le=16_384, description="Pixels of the longer side.")] = None
    seed: Annotated[
        int | None, Field(ge=0, lt=2**53, description="Of the first variant; each further one counts on.")
    ] = None
    references: Annotated[Ids, Field(description="Assets, in the order in which the model takes them.")] = ()
    styles: Annotated[Ids, Field(description="Assets whose style is followed.")] = ()
    parameters: Annotated[dict[str, Any], Field(default_factory=dict)]
    board: Annotated[UUID | None, Field(description="Where the results lie; none: the inbox.")] = None
    partial: Annotated[
        bool, Field(description="With too few credits: make the variants that are covered instead of none.")
    ] = False
    max_price_micros: Annotated[
        Micros | None, Field(ge=0, le=2**53, description="Of one variant: for more nothing is ordered.")
    ] = None


class InvalidOrderAt(InvalidOrder):
    """The same, and where."""

    def __init__(self, message: str, *faults: Fault) -> None:
        super().__init__(message)
        self.faults = faults


def order_of(given: NewGeneration, key: str) -> Order:
    """The order; whether it can be carried out, the pipeline decides. Raises InvalidOrder for an unknown model."""
    model = _model(given.model)
    return Order(
        board_id=given.board,
        operation=given.operation or model.operation,
        model=model.id,
        prompt=given.prompt,
        key=key,
        variants=given.variants,
        ratio=given.ratio or next(iter(model.ratios), _SHAPE_OF_REFERENCE),
        size=given.size or _usual_size(model),
        seed=given.seed,
        references=given.references,
        styles=given.styles,
        negative=given.negative,
        parameters=given.parameters,
        partial=given.partial,
        quoted=given.max_price_micros,
    )


def _model(wanted: str) -> ModelView:
    for model in queries.models():
        if model.id == wanted:
            return model
    raise InvalidOrder("There is no such model. GET /v1/models has all of them.", field="model")


def _usual_size(model: ModelView) -> int:
    return _USUAL_SIZE if _USUAL_SIZE in model.sizes or not model.sizes else model.sizes[0]


@contextmanager
def pointing() -> Iterator[None]:
    """What is wrong with an order is told with its place in the body."""
    try:
        yield
    except InvalidOrder as problem:
        field = str(problem.detail.get("field", ""))
        path = [field] if field in NewGeneration.model_fields else ["parameters", field]
        raise InvalidOrderAt(
            problem.message, Fault(told(problem.message), pointer=pointer(path))
        ) from problem
