"""Fragments of the frame: the balance, what is under way, the credits' popover."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.boards import queries as boards
from packshot.studio.generation import commands as generation
from packshot.studio.generation import queries as work
from packshot.web.balance import entries, read

QUEUE_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Work:
    """A request under way, in one line."""

    id: UUID
    title: str
    address: str
    done: int
    count: int


@require_GET
@signed_in
def balance(request: MemberRequest) -> HttpResponse:
    return render(request, "components/balance.html", {"balance": read(request.actor)})


@require_GET
@signed_in
def credits_popover(request: MemberRequest) -> HttpResponse:
    context = {"balance": read(request.actor), "entries": entries(request.actor)}
    return render(request, "components/credits.html", context)


@require_GET
@signed_in
def running(request: MemberRequest) -> HttpResponse:
    return render(request, "components/running.html", {"running": work.running(request.actor)})


@require_GET
@signed_in
def queue(request: MemberRequest) -> HttpResponse:
    return _queue(request)


@require_POST
@signed_in
def cancel(request: MemberRequest, batch_id: UUID) -> HttpResponse:
    generation.cancel_batch(request.actor, batch_id)
    return _queue(request)


@require_POST
@signed_in
def cancel_waiting(request: MemberRequest) -> HttpResponse:
    """Take back what this person asked for and what has not begun."""
    number = generation.cancel_waiting(request.actor)
    words = ngettext("%(n)d cancelled before it began.", "%(n)d cancelled before they began.", number)
    return _queue(request, said=words % {"n": number})


def _queue(request: MemberRequest, said: str = "") -> HttpResponse:
    running = work.running(request.actor)
    ids = running.batches[:QUEUE_SHOWN]
    batches = [work.batch(request.actor, batch_id) for batch_id in ids]
    slugs = boards.slugs(request.actor, [batch.board_id for batch in batches if batch.board_id])
    works = [
        Work(
            id=batch.id,
            title=batch.prompt or batch.model_title,
            address=_address(slugs.get(batch.board_id) if batch.board_id else None, str(batch.id)),
            done=sum(tile.state.final for tile in batch.tiles),
            count=len(batch.tiles),
        )
        for batch in batches
    ]
    context = {
        "works": works,
        "more": len(running.batches) - len(works),
        "waiting": running.queued,
        "said": said,
    }
    return render(request, "components/queue.html", context)


def _address(slug: str | None, batch_id: str) -> str:
    """Work that stands on no board is known only at home."""
    return reverse("home") if slug is None else f"{reverse('board', args=[slug])}#batch-{batch_id}"
