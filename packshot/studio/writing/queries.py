"""Every read on what models have written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from packshot.db.tenancy import Actor, acting_as
from packshot.errors import NotFound
from packshot.studio.generation import queries as work
from packshot.studio.generation.contracts import BatchView, TileView
from packshot.studio.writing import replies
from packshot.studio.writing.contracts import Reply
from packshot.studio.writing.models import Declined


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply and where it stands."""

    batch: BatchView
    tile: TileView
    """The attempt that wrote it."""
    reply: Reply


def declined(actor: Actor, job_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these jobs whose proposal somebody said no to."""
    with acting_as(actor):
        return set(Declined.objects.filter(job_id__in=list(job_ids)).values_list("job_id", flat=True))


def answer(actor: Actor, batch_id: UUID) -> Answer:
    """What was replied in a batch. Raises NotFound where there is no reply, or none yet."""
    batch = work.batch(actor, batch_id)
    if batch.operation == "reply" and batch.tiles:
        tile = batch.tiles[-1]
        text = work.texts(actor, [tile.job_id]).get(tile.job_id)
        if text is not None:
            return Answer(batch, tile, read(batch, text))
    raise NotFound("There is no such answer.")


def read(batch: BatchView, text: str) -> Reply:
    """The reply in a text, judged by what was offered when it was asked for, and by what is offered now."""
    return replies.reply(text, [UUID(each) for each in batch.parameters.get("offered", ())])
