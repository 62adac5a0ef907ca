"""A board's page: its thread and its composer."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.errors import NotFound
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.fragments import wants_fragment
from packshot.imaging.decode import MAX_BYTES
from packshot.studio.assets import commands as keep
from packshot.studio.assets import queries as assets
from packshot.studio.assets.contracts import Selection
from packshot.studio.boards import commands, queries
from packshot.studio.boards.menu import groups
from packshot.studio.boards.orders import key_of, order_from
from packshot.studio.boards.pages import header
from packshot.studio.boards.starters import starters
from packshot.studio.generation import commands as generation
from packshot.studio.generation import queries as work
from packshot.studio.generation.contracts import BatchView, Order
from packshot.studio.generation.errors import InsufficientCredits, InvalidOrder
from packshot.studio.generation.pages import BatchCard, refused
from packshot.studio.writing.pages import ReplyCard, present
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
        order = order_from(request.actor, request.POST, board_id=board_id)
        # A form sent again finds its board, and then its batch: what was accepted once is not judged anew.
        if not queries.slugs(request.actor, [board_id]):
            quote = work.quote(request.actor, order)
            if not quote.enough:
                return refused(request, needed=quote.total, affordable=quote.affordable_variants)
            wanted = {*order.references, *order.styles}
            if len(assets.assets(request.actor, wanted)) < len(wanted):
                raise InvalidOrder(_("The photo is not there any more. Add it again."), field="references")
        slug = commands.create(
            request.actor, board_id, commands.title_from(order.prompt) or _board_name(order.model)
        )
        _settle_in(request.actor, board_id, order)
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
    if found.inbox:
        return redirect("board-gallery", slug)  # nothing is asked for there, so it has no thread
    batches = work.thread(request.actor, found.id, THREAD_PAGE)
    cards = present(request.actor, reversed(batches))
    # Most often the next request is about the same product: its photo is in the composer already.
    asked = [card for card in cards if isinstance(card, BatchCard | ReplyCard)]
    about = next((card for card in reversed(asked) if card.batch.refers_to is None), None)
    photos = [view for view in about.references if view.state == "ready"] if about else []
    context = {"cards": cards, "earlier": _more(batches), "picked": photos, **composer(request.actor)}
    context["talking"] = bool(cards) and isinstance(cards[-1], ReplyCard)
    context |= header(request.actor, found, "thread") | {"unnamed": request.GET.get("named") == "no"}
    return render(request, "boards/board.html", context)


@require_POST
@signed_in
def generate(request: MemberRequest, slug: str) -> HttpResponse:
    """One more request on a board: its row of tiles is added to the thread at once."""
    found = queries.board(request.actor, slug)
    try:
        order = order_from(request.actor, request.POST, board_id=found.id)
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
    card = present(request.actor, [view])[0]
    return render(request, card.template, {"card": card})


@require_GET
@signed_in
def earlier(request: MemberRequest, slug: str, batch_id: UUID) -> HttpResponse:
    """The page of requests before this one."""
    found = queries.board(request.actor, slug)
    before = work.batch(request.actor, batch_id).created_at
    batches = work.thread(request.actor, found.id, THREAD_PAGE, before)
    context = {"board": found, "cards": present(request.actor, reversed(batches)), "earlier": _more(batches)}
    return render(request, "boards/_requests.html", context)


def composer(actor: Actor | None = None) -> dict[str, object]:
    """What every composer needs: the catalogue, all ratios in it, a key of its own; with an actor, measured times."""
    models = [model for model in work.models(actor) if model.makes != "text"]
    most = min(MOST_VARIANTS, max((model.max_variants for model in models), default=1))
    return {
        "models": models,
        "talker": work.writer("reply"),
        "first": next((model for model in models if model.available), models[0]),
        "operations": groups(models),
        "ratios": list(dict.fromkeys(ratio for model in models for ratio in model.ratios)),
        "variants": range(1, most + 1),
        "chosen_variants": min(USUAL_VARIANTS, most),
        "usual_size": USUAL_SIZE,
        "largest_upload": MAX_BYTES,
        "starters": starters(),
        "key": uuid7(),
    }


def _settle_in(actor: Actor, board_id: UUID, order: Order) -> None:
    """The uploads that a board is opened with lie on it, not in the inbox any more."""
    inbox = queries.inbox(actor)
    used = assets.assets(actor, [*order.references, *order.styles])
    moved = [view.id for view in used if inbox and view.board_id == inbox.board.id and view.kind == "photo"]
    if moved:
        keep.change(actor, Selection(ids=tuple(moved)), "move", str(board_id))


def complaint(request: HttpRequest, problem: InvalidOrder) -> HttpResponse:
    """Say beside the composer what is wrong with the form."""
    return render(request, "boards/complaint.html", {"text": told(problem.message)}, status=problem.status)


def _more(batches: list[BatchView]) -> BatchView | None:
    return batches[-1] if len(batches) == THREAD_PAGE else None


def _board_name(model_id: str) -> str:
    return next((model.title for model in work.models() if model.id == model_id), _("Untitled"))
