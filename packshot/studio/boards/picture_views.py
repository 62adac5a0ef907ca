"""The viewer's panel about one picture: what it is, where it comes from, what can be done with it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.foundation.organizations.queries import people
from packshot.studio.assets import commands
from packshot.studio.assets import queries as assets
from packshot.studio.assets.contracts import Described
from packshot.studio.assets.queries import AssetView
from packshot.studio.boards import queries
from packshot.studio.boards.contracts import BoardView
from packshot.studio.boards.menu import usual_price
from packshot.studio.boards.pages import CHANGED, done
from packshot.studio.boards.picture import acts, reuses, tree
from packshot.studio.generation import queries as work
from packshot.studio.generation.pages import present
from packshot.studio.writing.pages import WordsCard
from packshot.studio.writing.pages import present as written
from packshot.undo import Undo

_PICTURES_CHANGED = "studio:changed"
_WORDS = ("title", "alt", "product")


@require_GET
@signed_in
def details(request: MemberRequest, asset_id: UUID) -> HttpResponse:
    """The panel: state, acts, words, descent and facts."""
    picture = assets.asset(request.actor, asset_id)
    board = _board(request, picture)
    batch = work.batch_of(request.actor, picture.job_id) if picture.job_id else None
    names = {person.user_id: person.called for person in people(request.actor)}
    describer = work.writer("describe")
    context = {
        "picture": picture,
        "board": board,
        "editable": board is not None and board.editable,
        "acts": acts(picture),
        "reuses": reuses(present(request.actor, [batch])[0], picture) if batch is not None else [],
        "reviewer": names.get(picture.review_by) if picture.review_by else None,
        "maker": names.get(picture.created_by) if picture.created_by and len(names) > 1 else None,
        "model_title": batch.model_title if batch is not None else None,
        "describe_price": None if describer is None else usual_price(describer),
        "words": _words(request, asset_id),
        "lineage": tree(assets.lineage(request.actor, asset_id)),
    }
    return render(request, "boards/picture.html", context)


@require_GET
@signed_in
def link(request: MemberRequest, asset_id: UUID) -> HttpResponse:
    """The link that opens one picture in the viewer, for pages that do not show it."""
    return render(request, "assets/_link.html", {"picture": assets.asset(request.actor, asset_id)})


@require_POST
@signed_in
def describe(request: MemberRequest, asset_id: UUID) -> HttpResponse:
    """Give a picture the words that are in the form; a toast can take them back."""
    words = {name: request.POST[name].strip() for name in _WORDS if name in request.POST}
    tags = (
        [tag.strip() for tag in request.POST["tags"].split(",") if tag.strip()]
        if "tags" in request.POST
        else None
    )
    before = commands.describe(request.actor, asset_id, tags=tags, **words)
    fields = _fields(before, wanted={**words, "tags": tags})
    undone = request.POST.get("undo") == "1"
    if not fields and not undone:
        return HttpResponse(status=204)
    undo = None if undone else Undo(reverse("asset-describe", args=[asset_id]), fields)
    response = done(request, _("The words are as they were.") if undone else _("The words are kept."), undo)
    response["HX-Trigger"] = f"{CHANGED}, {_PICTURES_CHANGED}"
    return response


def _words(request: MemberRequest, asset_id: UUID) -> WordsCard | None:
    """What was written for the picture last, as long as it does not have these words."""
    batch = work.described(request.actor, asset_id)
    found = None if batch is None else written(request.actor, [batch])[0]
    if not isinstance(found, WordsCard):
        return None
    return found if found.open or found.failed or (found.words and not found.kept) else None


def _fields(before: Described, *, wanted: dict[str, object]) -> dict[str, str]:
    """What has to be sent to have the words as they were: those that are others now."""
    were = {"title": before.title, "alt": before.alt, "product": before.product}
    found = {name: value for name, value in were.items() if value is not None and value != wanted.get(name)}
    if before.tags is not None and list(before.tags) != wanted.get("tags"):
        found["tags"] = ", ".join(before.tags)
    return found


def _board(request: MemberRequest, picture: AssetView) -> BoardView | None:
    if picture.board_id is None:
        return None
    slug = queries.slugs(request.actor, [picture.board_id]).get(picture.board_id)
    return queries.board(request.actor, slug) if slug is not None else None
