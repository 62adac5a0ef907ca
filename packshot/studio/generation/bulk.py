"""One kind of work on many pictures: an order for each, all of them paid for or none begun."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from django.utils.translation import gettext as _

from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Invalid, NotFound
from packshot.studio.assets import queries as assets
from packshot.studio.assets.queries import AssetView
from packshot.studio.credits import queries as wallets
from packshot.studio.credits.errors import cap_sentence
from packshot.studio.credits.money import format_credits
from packshot.studio.generation import commands
from packshot.studio.generation.catalogue import Model
from packshot.studio.generation.contracts import JobState, Order, Submission
from packshot.studio.generation.describing import describing
from packshot.studio.generation.errors import (
    InsufficientCredits,
    InvalidOrder,
    MemberCapReached,
    PriceChanged,
)
from packshot.studio.generation.models import Batch, Job
from packshot.studio.generation.offers import offer_of, offers
from packshot.studio.generation.queries import once_more

Operation = Literal["remove_background", "upscale", "vary", "describe"]
OPERATIONS: tuple[Operation, ...] = ("remove_background", "upscale", "vary", "describe")
MOST = 200


@dataclass(frozen=True, slots=True)
class Quote:
    """What the work on all of them would cost, in micro-credits."""

    orders: int
    total: int


def quote(actor: Actor, asset_ids: Sequence[UUID], operation: Operation) -> Quote:
    """The price for all of them; nothing is reserved. Raises Invalid, InvalidOrder and NotFound as `submit` does."""
    orders = _orders(actor, asset_ids, operation, key="quote")
    return Quote(len(orders), sum(_price(order) for order in orders))


def submit(
    actor: Actor, asset_ids: Sequence[UUID], operation: Operation, *, key: UUID, quoted: int | None = None
) -> list[Submission]:
    """Order the work on each of these pictures, on the board where it lies. Must be called outside `acting_as`.

    The same key again answers with the same batches. Raises Invalid (none, or more than MOST), InvalidOrder (the work
    makes no sense for one of them), NotFound, Forbidden (a viewer of a board) and, before anything is ordered,
    InsufficientCredits or MemberCapReached, when the wallet or the person's cap does not cover all of it, and
    PriceChanged, when all of it costs more than `quoted`, the total that the person was shown.
    """
    orders = _orders(actor, asset_ids, operation, key=f"bulk:{key}")
    if not _begun(actor, orders):
        needed, spendable = sum(_price(order) for order in orders), wallets.spendable(actor)
        if quoted is not None and needed > quoted:
            message = _("The price has changed to %(price)s credits for all. Look at it and send again.")
            raise PriceChanged(message % {"price": format_credits(needed)}, price=needed)
        if spendable.capped(needed):
            assert spendable.cap is not None
            detail = {"needed": needed, "available": spendable.amount, "cap": spendable.cap}
            raise MemberCapReached(cap_sentence(spendable.cap), **detail)
        if needed > spendable.wallet:
            message = _("There are too few credits for all of them.")
            raise InsufficientCredits(message, needed=needed, available=spendable.wallet)
    return [commands.submit(actor, order) for order in orders]


def take_back(actor: Actor, batch_ids: Iterable[UUID]) -> int:
    """Cancel what has not begun of these batches; how many jobs that were."""
    with acting_as(actor):
        waiting = Job.objects.filter(batch_id__in=list(batch_ids), state=JobState.QUEUED)
        found = list(waiting.values_list("id", flat=True))
    for job_id in found:
        commands.cancel_job(actor, job_id)
    return len(found)


def _orders(actor: Actor, asset_ids: Sequence[UUID], operation: Operation, *, key: str) -> list[Order]:
    wanted = list(dict.fromkeys(asset_ids))
    if not 1 <= len(wanted) <= MOST:
        raise Invalid(_("Select 1 to %(most)d pictures for this.") % {"most": MOST})
    found = assets.assets(actor, wanted)
    if len(found) < len(wanted):
        raise NotFound(_("One of the pictures is not there any more."))
    if operation == "vary":
        made_by = _batches(actor, found)
        return [_variation(view, made_by, f"{key}:{view.id}") for view in found]
    model = _model(operation)
    return [_treatment(view, model, f"{key}:{view.id}") for view in found]


def _treatment(view: AssetView, model: Model, key: str) -> Order:
    if view.state != "ready" or view.kind == "video":
        raise InvalidOrder(_("This can be done to pictures alone."), field="references")
    if model.operation == "describe":
        return describing(view.id, model=model.id, board_id=view.board_id, key=key)
    return Order(
        board_id=view.board_id,
        operation=model.operation,
        model=model.id,
        prompt="",
        key=key,
        references=(view.id,),
        parameters=model.completed({}),
    )


def _variation(view: AssetView, made_by: Mapping[UUID, Batch], key: str) -> Order:
    """The same request for one picture more, with a seed that we choose."""
    batch = made_by.get(view.job_id) if view.job_id is not None else None
    if batch is None or batch.operation != "generate":
        raise InvalidOrder(_("Only pictures that were made from a prompt can be varied."), field="references")
    return replace(once_more(batch, key=key, variants=1), board_id=view.board_id)


def _batches(actor: Actor, views: Iterable[AssetView]) -> dict[UUID, Batch]:
    """The batch of each job that made one of these pictures."""
    job_ids = [view.job_id for view in views if view.job_id is not None]
    with acting_as(actor):
        jobs = dict(Job.objects.filter(id__in=job_ids).values_list("id", "batch_id"))
        batches = {batch.id: batch for batch in Batch.objects.filter(id__in=set(jobs.values()))}
    return {job_id: batches[batch_id] for job_id, batch_id in jobs.items() if batch_id in batches}


def _begun(actor: Actor, orders: Sequence[Order]) -> bool:
    """Whether these orders were accepted before: sent again they are answered, not paid for anew."""
    with acting_as(actor):
        return Batch.objects.filter(key__in=[order.key for order in orders]).exists()


def _price(order: Order) -> int:
    model = offer_of(order).model
    return model.each(order.size, model.check(order)) * order.variants


def _model(operation: str) -> Model:
    """The first that is offered for it now."""
    for offer in offers().values():
        if offer.model.operation == operation and offer.available:
            return offer.model
    raise Invalid(_("No model of this studio does that."))
