"""Every read on batches and jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import NotFound
from packshot.settings import settings
from packshot.studio.generation.catalogue import catalogue, model_of
from packshot.studio.generation.contracts import (
    BatchView,
    JobState,
    ModelView,
    Order,
    Quote,
    Running,
    TileView,
)
from packshot.studio.generation.fold import estimate, fold
from packshot.studio.generation.models import Batch, Job
from packshot.words import told

_LIVE = (JobState.QUEUED, JobState.RUNNING, JobState.WAITING)
_TYPICAL_S = 10  # of a model that the catalogue has dropped


def models() -> list[ModelView]:
    """The catalogue, in the order in which it is offered."""
    return [model.view() for model in catalogue().values()]


def quote(actor: Actor, order: Order) -> Quote:
    """What the order would cost and whether it is covered; nothing is reserved. Raises InvalidOrder."""
    from packshot.studio.credits import queries as wallets

    model = model_of(order)
    each = model.each(order.size, model.check(order))
    available = wallets.balance(actor).available
    return Quote(
        total=each * order.variants,
        each=each,
        available=available,
        enough=available >= each * order.variants,
        affordable_variants=order.variants if each == 0 else min(order.variants, max(0, available) // each),
    )


def batch(actor: Actor, batch_id: UUID) -> BatchView:
    """One batch with its tiles. Raises NotFound."""
    with acting_as(actor):
        found = _views(Batch.objects.filter(id=batch_id))
    if not found:
        raise NotFound("There is no such batch.")
    return found[0]


def thread(actor: Actor, board_id: UUID, limit: int = 20, before: datetime | None = None) -> list[BatchView]:
    """A board's batches, newest first, `before` a moment for the page after."""
    with acting_as(actor):
        found = Batch.objects.filter(board_id=board_id)
        if before is not None:
            found = found.filter(created_at__lt=before)
        return _views(found.order_by("-id")[:limit])


def running(actor: Actor) -> Running:
    """What the organization has under way."""
    with acting_as(actor):
        live = Job.objects.filter(state__in=_LIVE).values_list("batch_id", "state")
        found = list(live)
    return Running(
        count=len(found),
        queued=sum(state == JobState.QUEUED for _, state in found),
        batches=tuple(sorted({batch_id for batch_id, _ in found}, reverse=True)),
    )


def _views(found: Iterable[Batch]) -> list[BatchView]:
    """Views of these batches; four statements however many there are. Runs inside `acting_as`."""
    batches = list(found)
    jobs: dict[UUID, list[Job]] = defaultdict(list)
    for job in Job.objects.filter(batch_id__in=[b.id for b in batches]).order_by("index", "id"):
        jobs[job.batch_id].append(job)
    places = _places() if any(j.state == JobState.QUEUED for js in jobs.values() for j in js) else {}
    now: datetime = call("pg_catalog.now")
    return [_view(b, jobs[b.id], places, now) for b in batches]


def _places() -> dict[UUID, int]:
    """The place of each queued job in its organization's own line."""
    line = Job.objects.filter(state=JobState.QUEUED).order_by("-released", "-priority", "id")
    return {job_id: place for place, job_id in enumerate(line.values_list("id", flat=True), 1)}


def _view(batch: Batch, jobs: Sequence[Job], places: dict[UUID, int], now: datetime) -> BatchView:
    model = catalogue().get(batch.model)
    typical_s = model.typical_s if model else _TYPICAL_S
    tiles = tuple(_tile(job, places, typical_s, now) for job in jobs if job.current)
    return BatchView(
        id=batch.id,
        board_id=batch.board_id,
        operation=batch.operation,
        model=batch.model,
        model_title=told(model.title) if model else batch.model,
        prompt=batch.prompt,
        ratio=batch.ratio,
        size=batch.size,
        seed=batch.seed,
        references=tuple(UUID(reference["id"]) for reference in batch.references),
        state=fold(tile.state for tile in tiles),
        created_at=batch.created_at,
        price=batch.price,
        cost_quoted=sum(job.price for job in jobs),
        cost_charged=sum(job.charged for job in jobs),
        cost_returned=sum(job.returned for job in jobs),
        tiles=tiles,
    )


def _tile(job: Job, places: dict[UUID, int], typical_s: int, now: datetime) -> TileView:
    state = JobState(job.state)
    place = places.get(job.id)
    elapsed_s = (now - job.started_at).total_seconds() if job.started_at else 0.0
    return TileView(
        job_id=job.id,
        index=job.index,
        state=state,
        progress=job.progress,
        place=place,
        estimate=estimate(
            state,
            typical_s=typical_s,
            elapsed_s=elapsed_s,
            place=place,
            at_once=settings().organization_jobs,
        ),
        error_code=job.error_code,
        error_message=job.error_message and told(job.error_message),
        charged=job.charged,
        returned=job.returned,
        asset_id=job.asset_id,
        retryable=state in (JobState.FAILED, JobState.CANCELLED),
        cancelling=job.cancel_requested and not state.final,
        late=job.late,
    )
