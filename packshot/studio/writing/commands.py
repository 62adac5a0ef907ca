"""What people do with what a model has written. A reply does nothing by itself: each of these is a press."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import NotFound
from packshot.studio.assets import queries as assets
from packshot.studio.generation import commands as generation
from packshot.studio.generation import queries as work
from packshot.studio.generation.contracts import Order, Submission
from packshot.studio.generation.followups import follow_up
from packshot.studio.writing import asking, queries, replies
from packshot.studio.writing.contracts import Proposal
from packshot.studio.writing.errors import PriceChanged


def make(actor: Actor, reply_id: UUID, *, price: int) -> UUID:
    """Order exactly what a reply proposes, at exactly the price that was shown; pressed twice it is one batch.

    Must be called outside `acting_as`. Raises NotFound (no such reply, or it proposes nothing that is offered now),
    Forbidden, PriceChanged, InsufficientCredits and InvalidOrder.
    """
    generation.require_editor(actor, reply_id)
    found = queries.answer(actor, reply_id)
    proposal = found.reply.proposal
    if proposal is None:
        raise NotFound("There is no such proposal.")
    key = proposal_key(found.tile.job_id)
    made = work.batches_of_keys(actor, [key]).get(key)
    if made is not None:
        return made
    order = _order(actor, proposal, found.batch.board_id, key)
    now = work.quote(actor, order).total
    if now != price:
        raise PriceChanged("The price has changed. Nothing was ordered.", price=now)
    return generation.submit(actor, order).batch_id


def decline(actor: Actor, reply_id: UUID, *, declined: bool = True) -> None:
    """Say no to what a reply proposes, or take that back. Raises NotFound, Forbidden, and Conflict once it is made."""
    found = queries.answer(actor, reply_id)
    with acting_as(actor):
        call("writing_decline_v1", found.tile.job_id, declined)


def answer(actor: Actor, reply_id: UUID, choice: int) -> Submission:
    """Answer a reply's question with one of its choices, by number; pressed twice it is one turn.

    Must be called outside `acting_as`. Raises NotFound, NobodyWrites, and what `submit` raises.
    """
    generation.require_editor(actor, reply_id)
    found = queries.answer(actor, reply_id)
    choices = found.reply.question.choices if found.reply.question else ()
    if not 0 <= choice < len(choices):
        raise NotFound("There is no such choice.")
    order = asking.talk(
        actor,
        board_id=found.batch.board_id,
        words=choices[choice],
        key=answer_key(found.tile.job_id),
        references=found.batch.references,
    )
    return generation.submit(actor, order)


def proposal_key(job_id: UUID) -> str:
    """The key of the order that a reply's proposal becomes."""
    return f"proposal:{job_id}"


def answer_key(job_id: UUID) -> str:
    """The key of the turn that a pressed choice becomes."""
    return f"answer:{job_id}"


def _order(actor: Actor, proposal: Proposal, board_id: UUID | None, key: str) -> Order:
    """An edit is sent as a person's own follow-up would be: with the photo and the words that made the picture."""
    order = replies.ordered(proposal, board_id=board_id, key=key)
    if proposal.operation != "edit":
        return order
    model = next(each for each in work.models() if each.id == proposal.model)
    found = assets.assets(actor, proposal.references[:1])
    if not found:
        raise NotFound("The picture is not there any more.")
    sent = follow_up(actor, model, found[0], proposal.prompt, proposal.references[1:])
    return replace(
        order,
        prompt=sent.prompt,
        seed=sent.seed,
        references=sent.references,
        asked=proposal.prompt,
        refers_to=found[0].id,
        parameters=sent.parameters,
    )
