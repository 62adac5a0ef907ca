"""Every read on batches and jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import NotFound
from packshot.studio.generation import providers
from packshot.studio.generation.catalogue import Model
from packshot.studio.generation.contracts import (
    BatchView,
    JobState,
    ModelView,
    Order,
    Quote,
    Running,
    SnippetView,
    TileView,
    Typical,
)
from packshot.studio.generation.fold import estimate, fold
from packshot.studio.generation.limits import AtOnce, at_once
from packshot.studio.generation.models import Batch, Job, Snippet, Text
from packshot.studio.generation.offers import offer_of, offers
from packshot.studio.generation.typical import measured
from packshot.words import told

WRITING = ("describe", "reply")
"""Operations whose result is words; they have pages of their own, so that no menu of models offers them."""

_LIVE = (JobState.QUEUED, JobState.RUNNING, JobState.WAITING)
_UNKNOWN = Typical(7, 18, measured=False)  # of a model that the catalogue has dropped
_BESIDE = ("negative", "styles")  # what an order says itself, and parameters repeat for the adapters
_REPEATS = 8  # so many times a prompt may stand in a person's history before an older one falls out of it


def models(actor: Actor | None = None) -> list[ModelView]:
    """What can be made, in the order in which it is offered, with what cannot be ordered now; for an actor with the
    times measured here."""
    offered = [offer for offer in offers().values() if offer.model.operation not in WRITING]
    if actor is None:
        return [offer.view() for offer in offered]
    with acting_as(actor):
        return [offer.view(measured.of(offer.model)) for offer in offered]


def writer(operation: str) -> ModelView | None:
    """The model that writes what this operation is about; None where none can be ordered now."""
    found = (offer for offer in offers().values() if offer.model.operation == operation and offer.available)
    return next((offer.view() for offer in found), None)


def texts(actor: Actor, job_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What these jobs have written, by job; jobs that wrote nothing, or are not to be seen, are left out."""
    with acting_as(actor):
        return dict(Text.objects.filter(job_id__in=list(job_ids)).values_list("job_id", "text"))


def prompts(actor: Actor, limit: int = 50) -> list[str]:
    """What the person wrote before, newest first, each once."""
    with acting_as(actor):
        mine = Batch.objects.filter(created_by=actor.user_id).exclude(asked="")
        found = list(mine.order_by("-id").values_list("asked", flat=True)[: limit * _REPEATS])
    return list(dict.fromkeys(found))[:limit]


def snippets(actor: Actor) -> list[SnippetView]:
    """The organization's snippets by their names."""
    with acting_as(actor):
        return [SnippetView(row.id, row.name, row.text) for row in Snippet.objects.order_by("name", "id")]


def order_of(actor: Actor, batch_id: UUID, *, key: str, variants: int | None = None) -> Order:
    """The same order under another key and with a seed of its own. Raises NotFound."""
    with acting_as(actor):
        found = Batch.objects.filter(id=batch_id).first()
        count = Job.objects.filter(batch_id=batch_id, current=True).count()
    if found is None:
        raise NotFound("There is no such batch.")
    return once_more(found, key=key, variants=count if variants is None else variants)


def once_more(found: Batch, *, key: str, variants: int) -> Order:
    """What a batch was asked for, as a new order with a seed that we choose."""
    products, styles = _references(found)
    return Order(
        board_id=found.board_id,
        operation=found.operation,
        model=found.model,
        prompt=found.prompt,
        key=key,
        variants=variants,
        ratio=found.ratio,
        size=found.size,
        references=products,
        styles=styles,
        negative=found.negative,
        asked=found.asked,
        refers_to=found.refers_to,
        parameters={name: value for name, value in found.parameters.items() if name not in _BESIDE},
    )


def quote(actor: Actor, order: Order) -> Quote:
    """What the order would cost and whether it is covered; nothing is reserved. Raises InvalidOrder."""
    from packshot.studio.credits import queries as wallets

    model = offer_of(order).model
    each = model.each(order.size, model.check(order))
    available = wallets.spendable(actor).amount
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


def batch_of(actor: Actor, job_id: UUID) -> BatchView | None:
    """The batch that a job belongs to; None where it is not to be seen."""
    with acting_as(actor):
        job = Job.objects.filter(id=job_id).first()
        found = _views(Batch.objects.filter(id=job.batch_id)) if job is not None else []
    return found[0] if found else None


def batches_of_keys(actor: Actor, keys: Iterable[str]) -> dict[str, UUID]:
    """The batches that orders under these keys became, those that there are."""
    with acting_as(actor):
        return dict(Batch.objects.filter(key__in=list(keys)).values_list("key", "id"))


def described(actor: Actor, asset_id: UUID) -> BatchView | None:
    """The last request for words about a picture; None where there was none."""
    with acting_as(actor):
        found = _views(Batch.objects.filter(operation="describe", refers_to=asset_id).order_by("-id")[:1])
    return found[0] if found else None


def thread(actor: Actor, board_id: UUID, limit: int = 20, before: datetime | None = None) -> list[BatchView]:
    """A board's batches, newest first, `before` a moment for the page after."""
    with acting_as(actor):
        found = Batch.objects.filter(board_id=board_id)
        if before is not None:
            found = found.filter(created_at__lt=before)
        return _views(found.order_by("-id")[:limit])


def page(
    actor: Actor, before: UUID | None = None, limit: int = 20, *, board_id: UUID | None = None
) -> list[BatchView]:
    """The organization's batches that the actor sees, newest first, below the one `before`."""
    with acting_as(actor):
        found = Batch.objects.all() if board_id is None else Batch.objects.filter(board_id=board_id)
        if before is not None:
            found = found.filter(id__lt=before)
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
    line = _Line()
    if any(j.state == JobState.QUEUED for js in jobs.values() for j in js):
        line = _Line(_places(), at_once())
    now: datetime = call("pg_catalog.now")
    return [_view(b, jobs[b.id], line, now) for b in batches]


@dataclass(frozen=True, slots=True)
class _Line:
    """The organization's queued jobs."""

    places: Mapping[UUID, int] = field(default_factory=dict)
    at_once: AtOnce = field(default_factory=lambda: AtOnce(1, by_plan=False))


def _places() -> dict[UUID, int]:
    """The place of each queued job in its organization's own line."""
    line = Job.objects.filter(state=JobState.QUEUED).order_by("-released", "-priority", "id")
    return {job_id: place for place, job_id in enumerate(line.values_list("id", flat=True), 1)}


def _view(batch: Batch, jobs: Sequence[Job], line: _Line, now: datetime) -> BatchView:
    offer = offers().get(batch.model)
    model = offer.model if offer else None
    typical = measured.of(model) if model else _UNKNOWN
    tiles = tuple(_tile(job, line, typical, now) for job in jobs if job.current)
    products, styles = _references(batch)
    begun = min((job.started_at for job in jobs if job.started_at), default=None)
    over = fold(tile.state for tile in tiles).final
    ended = max((job.finished_at for job in jobs if job.finished_at), default=None) if over else None
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
        references=products,
        state=fold(tile.state for tile in tiles),
        created_at=batch.created_at,
        created_by=batch.created_by,
        price=batch.price,
        price_now=_price_now(batch, model),
        cost_quoted=sum(job.price for job in jobs),
        cost_charged=sum(job.charged for job in jobs),
        cost_returned=sum(job.returned for job in jobs),
        tiles=tiles,
        asked=batch.asked,
        refers_to=batch.refers_to,
        negative=batch.negative,
        styles=styles,
        parameters=batch.parameters,
        waited_s=(begun - batch.created_at).total_seconds() if begun else None,
        took_s=(ended - begun).total_seconds() if begun and ended else None,
    )


def _price_now(batch: Batch, model: Model | None) -> int:
    """What one variant of it costs today; of a model that is gone, or makes this no more, what it did."""
    try:
        return batch.price if model is None else model.each(batch.size, batch.parameters)
    except (ValueError, KeyError):
        return batch.price


def _references(batch: Batch) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
    """What is shown, and what lends its style."""
    found = [UUID(reference["id"]) for reference in batch.references]
    shown = len(found) - batch.styles
    return tuple(found[:shown]), tuple(found[shown:])


def _tile(job: Job, line: _Line, typical: Typical, now: datetime) -> TileView:
    state = JobState(job.state)
    place = line.places.get(job.id)
    rerouted = state is JobState.SUCCEEDED and job.preferred not in (None, job.provider)
    held = state is JobState.QUEUED and not job.released
    elapsed_s = (now - job.started_at).total_seconds() if job.started_at else 0.0
    return TileView(
        job_id=job.id,
        index=job.index,
        state=state,
        progress=job.progress,
        place=place,
        estimate=estimate(
            state,
            typical,
            elapsed_s=elapsed_s,
            place=place,
            at_once=line.at_once.jobs,
        ),
        held_at=line.at_once.jobs if held and line.at_once.by_plan else None,
        error_code=job.error_code,
        error_message=job.error_message and told(job.error_message),
        charged=job.charged,
        returned=job.returned,
        asset_id=job.asset_id,
        retryable=state in (JobState.FAILED, JobState.CANCELLED),
        cancelling=job.cancel_requested and not state.final,
        late=job.late,
        made_by=providers.title(job.provider) if rerouted else "",
    )
