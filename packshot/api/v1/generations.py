"""Ordering pictures and watching them come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from packshot.api import paging
from packshot.api.guard import ApiRequest, json_answer
from packshot.api.idempotency import once
from packshot.api.operations import ApiKey, Micros, Time, View
from packshot.api.v1.orders import NewGeneration, order_of, pointing
from packshot.api.waiting import Look, Wait, hold, preferred
from packshot.studio.assets import queries as assets
from packshot.studio.assets.queries import AssetView
from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import BatchView, TileView

router = Router(tags=["Generations"])


class Failure(View):
    code: str
    detail: str


class Output(View):
    """One variant, as its newest attempt stands."""

    id: UUID
    index: int
    status: str
    progress: int
    """Percent."""
    asset_id: UUID | None
    url: str | None
    """Of the file, good for about an hour."""
    text: str | None
    """Of a model that writes."""
    error: Failure | None
    charged_micros: Micros
    returned_micros: Micros


class Generation(View):
    id: UUID
    status: Annotated[str, Field(description="queued, running, succeeded, partial, failed or cancelled.")]
    operation: str
    model: str
    prompt: str
    negative: str
    ratio: str
    size: int
    seed: int
    references: list[UUID]
    styles: list[UUID]
    parameters: dict[str, Any]
    board: UUID | None
    created_at: Time
    created_by: UUID
    quoted_micros: Micros
    charged_micros: Micros
    returned_micros: Micros
    outputs: list[Output]


class GenerationList(paging.Page[Generation]):
    pass


class Quote(View):
    """What an order would cost now; nothing is reserved."""

    total_micros: Micros
    each_micros: Micros
    available_micros: Micros
    enough: bool
    affordable_variants: int


class Listed(paging.Paged):
    board: Annotated[UUID | None, Field(description="Only what was ordered on this board.")] = None


@router.post("/quotes", response=Quote, auth=ApiKey("generations:write"), operation_id="create_quote")
def quote(request: ApiRequest, order: NewGeneration) -> HttpResponse:
    """What an order would cost. Takes what `POST /v1/generations` takes."""

    def reckon(key: UUID) -> Quote:
        with pointing():
            found = queries.quote(request.caller.actor, order_of(order, str(key)))
        return Quote(
            total_micros=found.total,
            each_micros=found.each,
            available_micros=found.available,
            enough=found.enough,
            affordable_variants=found.affordable_variants,
        )

    return once(request, order.model_dump_json(), reckon)


@router.post(
    "/generations",
    response={201: Generation},
    auth=ApiKey("generations:write"),
    operation_id="create_generation",
)
def create(request: ApiRequest, order: NewGeneration) -> HttpResponse:
    """Order a picture, or a batch of variants. `Prefer: wait=N` holds the answer until the end, N seconds at most."""
    actor = request.caller.actor

    def submit(key: UUID) -> Generation:
        with pointing():
            done = commands.submit(actor, order_of(order, str(key)))
        return _shown(request, [queries.batch(actor, done.batch_id)])[0]

    response = once(request, order.model_dump_json(), submit, status=201)
    return _held(request, response)


@router.get(
    "/generations", response=GenerationList, auth=ApiKey("generations:read"), operation_id="list_generations"
)
def listing(request: ApiRequest, wanted: Query[Listed]) -> GenerationList:
    """The latest first."""
    before = paging.id_in("generations", wanted.cursor)
    found = queries.page(request.caller.actor, before, wanted.limit + 1, board_id=wanted.board)
    shown, more, end = paging.cut(found, wanted.limit, lambda last: paging.cursor("generations", last.id))
    return GenerationList(data=_shown(request, shown), has_more=more, next_cursor=end)


@router.get(
    "/generations/{uuid:generation_id}",
    response=Generation,
    auth=ApiKey("generations:read"),
    operation_id="get_generation",
)
def one(request: ApiRequest, generation_id: UUID) -> HttpResponse:
    """A generation as it stands. With `Prefer: wait=N` the answer waits for the end, N seconds at most."""
    found = _shown(request, [queries.batch(request.caller.actor, generation_id)])[0]
    return _held(request, json_answer(found.model_dump_json()))


@router.post(
    "/generations/{uuid:generation_id}/cancel",
    response=Generation,
    auth=ApiKey("generations:write"),
    operation_id="cancel_generation",
)
def cancel(request: ApiRequest, generation_id: UUID) -> HttpResponse:
    """Stop what has not ended. Variants that a provider is at end when it says so; what is not made is not charged."""
    actor = request.caller.actor

    def stop(_key: UUID) -> Generation:
        commands.cancel_batch(actor, generation_id)
        return _shown(request, [queries.batch(actor, generation_id)])[0]

    return once(request, "", stop)


def _held(request: ApiRequest, response: HttpResponse) -> HttpResponse:
    """The same answer, sent when the generation has ended, where the caller would rather wait."""
    seconds = preferred(request)
    if seconds:
        actor = request.caller.actor
        subject = UUID(json.loads(response.content)["id"])

        def look() -> Look:
            batch = queries.batch(actor, subject)
            return Look(batch.state.final, _shown(request, [batch])[0].model_dump_json().encode())

        hold(request, response, Wait(actor.organization_id, subject, seconds, look))
    return response


def _shown(request: ApiRequest, batches: Sequence[BatchView]) -> list[Generation]:
    """With the addresses of what was made; two more reads however many there are."""
    actor = request.caller.actor
    made = [tile.asset_id for batch in batches for tile in batch.tiles if tile.asset_id is not None]
    pictures = {view.id: view for view in assets.assets(actor, made)} if made else {}
    writing = [tile.job_id for batch in batches if batch.operation in queries.WRITING for tile in batch.tiles]
    texts = queries.texts(actor, writing) if writing else {}
    return [_generation(request, batch, pictures, texts) for batch in batches]


def _generation(
    request: ApiRequest, batch: BatchView, pictures: dict[UUID, AssetView], texts: dict[UUID, str]
) -> Generation:
    return Generation(
        id=batch.id,
        status=batch.state.value,
        operation=batch.operation,
        model=batch.model,
        prompt=batch.prompt,
        negative=batch.negative,
        ratio=batch.ratio,
        size=batch.size,
        seed=batch.seed,
        references=list(batch.references),
        styles=list(batch.styles),
        parameters=_parameters(batch),
        board=batch.board_id,
        created_at=batch.created_at,
        created_by=batch.created_by,
        quoted_micros=batch.cost_quoted,
        charged_micros=batch.cost_charged,
        returned_micros=batch.cost_returned,
        outputs=[_output(request, tile, pictures, texts) for tile in batch.tiles],
    )


def _parameters(batch: BatchView) -> dict[str, Any]:
    """What was asked for; what a model that writes was told beside it is ours."""
    if batch.operation in queries.WRITING:
        return {}
    return {name: value for name, value in batch.parameters.items() if name not in ("negative", "styles")}


def _output(
    request: ApiRequest, tile: TileView, pictures: dict[UUID, AssetView], texts: dict[UUID, str]
) -> Output:
    picture = pictures.get(tile.asset_id) if tile.asset_id is not None else None
    return Output(
        id=tile.job_id,
        index=tile.index,
        status=tile.state.value,
        progress=tile.progress,
        asset_id=tile.asset_id,
        url=request.build_absolute_uri(picture.url) if picture and picture.url else None,
        text=texts.get(tile.job_id),
        error=Failure(code=tile.error_code, detail=tile.error_message or "") if tile.error_code else None,
        charged_micros=tile.charged,
        returned_micros=tile.returned,
    )
