"""A board's page: its thread and its composer."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from uuid_utils.compat import uuid7

from packshot.errors import NotFound
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.imaging.decode import MAX_BYTES
from packshot.studio.assets import queries as assets
from packshot.studio.boards import commands, queries
from packshot.studio.boards.orders import key_of, order_from
from packshot.studio.boards.pages import header, wants_fragment
from packshot.studio.boards.starters import starters
from packshot.studio.generation import commands as generation
from packshot.studio.generation import queries as work
from packshot.studio.generation.contracts import BatchView
from packshot.studio.generation.errors import InsufficientCredits, InvalidOrder
from packshot.studio.generation.pages import present, refused
from packshot.words import told

THREAD_PAGE = 20
MOST_VARIANTS = 8
USUAL_VARIANTS = 4
USUAL_SIZE = 1024


@require_POST
@signed_in
def create(request: MemberRequest) -> HttpResponse:
    """Open a board with its first request. Nothing is opened for a request that would be refused."""
    try:
        board_id = key_of(request.POST)
        order = order_from(request.POST, board_id=board_id)
        # A form sent again finds its board, and then its batch: what was accepted once is not judged anew.
        if not queries.slugs(request.actor, [board_id]):
            quote = work.quote(request.actor, order)
            if not quote.enough:
                return refused(request, needed=quote.total, affordable=quote.affordable_variants)
            if len(assets.assets(request.actor, order.references)) < len(order.references):
                raise InvalidOrder(_("The photo is not there any more. Add it again."), field="references")
        slug = commands.create(
            request.actor, board_id, commands.title_from(order.prompt) or _board_name(order.model)
        )
        generation.submit(request.actor, order)
    except InvalidOrder as problem:
        return complaint(request, problem)
    except InsufficientCredits as problem:
        return refused(request, needed=problem.detail["needed"], affordable=0)
    address = reverse("board", args=[slug])
    return HttpResponse(headers={"HX-Redirect": address}) if wants_fragment(request) else redirect(address)


@require_GET
@signed_in
def board(request: MemberRequest, slug: str) -> HttpResponse:
    """A board: its thread, oldest request first, and the composer."""
    found = queries.board(request.actor, slug)
    batches = work.thread(request.actor, found.id, THREAD_PAGE)
    cards = present(request.actor, reversed(batches))
    # Most often the next request is about the same product: its photo is in the composer already.
    photos = [view for view in cards[-1].references if view.state == "ready"] if cards else []
    context = {"cards": cards, "earlier": _more(batches), "picked": photos, **composer()}
    context |= header(request.actor, found, "thread") | {"unnamed": request.GET.get("named") == "no"}
    return render(request, "boards/board.html", context)


@require_POST
@signed_in
def generate(request: MemberRequest, slug: str) -> HttpResponse:
    """One more request on a board: its row of tiles is added to the thread at once."""
    found = queries.board(request.actor, slug)
    try:
        order = order_from(request.POST, board_id=found.id)
        submission = generation.submit(request.actor, order)
    except InvalidOrder as problem:
        return complaint(request, problem)
    except InsufficientCredits:
        quote = work.quote(request.actor, order)
        return refused(request, needed=quote.total, affordable=quote.affordable_variants)
    commands.touch(request.actor, slug)
    if not wants_fragment(request):
        return redirect("board", slug)
    cards = present(request.actor, [work.batch(request.actor, submission.batch_id)])
    return render(request, "boards/submitted.html", {"board": found, "card": cards[0], "key": uuid7()})


@require_GET
@signed_in
def batch(request: MemberRequest, slug: str, batch_id: UUID) -> HttpResponse:
    """One request of this board, and of no other: for pages that hear of a batch they do not show yet."""
    found = queries.board(request.actor, slug)
    view = work.batch(request.actor, batch_id)
    if view.board_id != found.id:
        raise NotFound("There is no such request on this board.")
    return render(request, "generation/batch.html", {"card": present(request.actor, [view])[0]})


@require_GET
@signed_in
def earlier(request: MemberRequest, slug: str, batch_id: UUID) -> HttpResponse:
    """The page of requests before this one."""
    found = queries.board(request.actor, slug)
    before = work.batch(request.actor, batch_id).created_at
    batches = work.thread(request.actor, found.id, THREAD_PAGE, before)
    context = {"board": found, "cards": present(request.actor, reversed(batches)), "earlier": _more(batches)}
    return render(request, "boards/_requests.html", context)


def composer() -> dict[str, object]:
    """What every composer needs: the catalogue, all ratios in it, a key of its own."""
    models = work.models()
    most = min(MOST_VARIANTS, max((model.max_variants for model in models), default=1))
    return {
        "models": models,
        "ratios": list(dict.fromkeys(ratio for model in models for ratio in model.ratios)),
        "variants": range(1, most + 1),
        "chosen_variants": min(USUAL_VARIANTS, most),
        "usual_size": USUAL_SIZE,
        "largest_upload": MAX_BYTES,
        "starters": starters(),
        "key": uuid7(),
    }


def complaint(request: HttpRequest, problem: InvalidOrder) -> HttpResponse:
    """Say beside the composer what is wrong with the form."""
    return render(request, "boards/complaint.html", {"text": told(problem.message)}, status=problem.status)


def _more(batches: list[BatchView]) -> BatchView | None:
    return batches[-1] if len(batches) == THREAD_PAGE else None


def _board_name(model_id: str) -> str:
    return next((model.title for model in work.models() if model.id == model_id), _("Untitled"))
