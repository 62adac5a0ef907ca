"""What is asked again: a request once more, another operation on a picture; and the composer's chips."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from uuid_utils.compat import uuid7

from packshot.errors import Invalid
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.assets import queries as assets
from packshot.studio.assets.queries import AssetView
from packshot.studio.boards import commands, queries
from packshot.studio.boards.menu import ACTS, Offer, offers
from packshot.studio.boards.orders import SOURCE_RATIO, key_of, quoted_of
from packshot.studio.generation import commands as generation
from packshot.studio.generation import queries as work
from packshot.studio.generation.contracts import BatchView, Order
from packshot.studio.generation.errors import InsufficientCredits
from packshot.studio.generation.pages import picked, present, refused

_MOST_CHIPS = 14
_USUAL_SIZE = 1024
_KINDS = ("reference", "style", "follow")


@require_POST
@signed_in
def again(request: MemberRequest, batch_id: UUID) -> HttpResponse:
    """The same request once more, with seeds of its own; `variants` for another number of them."""
    fewer = request.POST.get("variants", "")
    order = work.order_of(
        request.actor,
        batch_id,
        key=str(key_of(request.POST)),
        variants=int(fewer) if fewer.isdecimal() else None,
    )
    return _submitted(request, replace(order, quoted=quoted_of(request.POST)))


@require_GET
@signed_in
def chips(request: MemberRequest) -> HttpResponse:
    """Chips of pictures that are to be picked up: `asset` once for each, all `as` the same."""
    kind = request.GET.get("as", _KINDS[0])
    if kind not in _KINDS:
        raise Invalid(_("A picture is picked up as a reference, as a style or to follow up."))
    wanted = [found for text in request.GET.getlist("asset")[:_MOST_CHIPS] if (found := _uuid(text))]
    pictures = [view for view in assets.assets(request.actor, wanted) if view.state == "ready"]
    return render(request, "boards/chips.html", {"pictures": pictures, "kind": kind})


@require_GET
@signed_in
def actions(request: MemberRequest, asset_id: UUID) -> HttpResponse:
    """The menu of one picture, with prices."""
    picture = assets.asset(request.actor, asset_id)
    context = {
        "picture": picture,
        "offers": _offers(request, picture),
        "styled": any(model.max_styles for model in work.models()),
        **{kind: json.dumps({**picked(picture), "as": kind}) for kind in _KINDS},
    }
    return render(request, "boards/tile_menu.html", context)


@require_POST
@signed_in
def make(request: MemberRequest, asset_id: UUID) -> HttpResponse:
    """Do with a picture what its menu offers: the `act`."""
    picture = assets.asset(request.actor, asset_id)
    act = request.POST.get("act", "")
    if act not in ACTS:
        raise Invalid(_("That is not offered."))
    offer = next((each for each in _offers(request, picture) if each.act == act), None)
    if offer is None:
        raise Invalid(_("That is not offered for this picture."))
    return _submitted(request, _order(request, picture, offer))


def _order(request: MemberRequest, picture: AssetView, offer: Offer) -> Order:
    key = str(key_of(request.POST))
    if offer.model is None:
        origin = _origin(request, picture)
        assert origin is not None
        again = work.order_of(request.actor, origin.id, key=key, variants=1)
        return replace(again, quoted=quoted_of(request.POST))
    model = offer.model
    return Order(
        board_id=picture.board_id,
        operation=model.operation,
        model=model.id,
        prompt="",
        key=key,
        ratio=next(iter(model.ratios), SOURCE_RATIO),
        size=_USUAL_SIZE if _USUAL_SIZE in model.sizes or not model.sizes else model.sizes[0],
        references=(picture.id,),
        quoted=quoted_of(request.POST),
    )


def _offers(request: MemberRequest, picture: AssetView) -> list[Offer]:
    origin = _origin(request, picture)
    models = work.models()
    made_by = origin and next((model for model in models if model.id == origin.model), None)
    vary = (origin.price_now, made_by.why_not) if origin is not None and made_by else None
    return offers(picture, models, vary)


def _origin(request: MemberRequest, picture: AssetView) -> BatchView | None:
    """The request that made a picture, where there was one to be varied."""
    if picture.job_id is None or picture.operation not in ("generate", "edit"):
        return None
    return work.batch_of(request.actor, picture.job_id)


def _submitted(request: MemberRequest, order: Order) -> HttpResponse:
    """Send it; on its board it joins the thread, elsewhere a toast leads there."""
    try:
        submission = generation.submit(request.actor, order)
    except InsufficientCredits:
        quote = work.quote(request.actor, order)
        return refused(request, needed=quote.total, affordable=quote.affordable_variants)
    slugs = queries.slugs(request.actor, [order.board_id] if order.board_id else [])
    slug = slugs.get(order.board_id) if order.board_id else None
    if slug is not None:
        commands.touch(request.actor, slug)
    address = reverse("home") if slug is None else reverse("board", args=[slug])
    if request.headers.get("HX-Request") != "true":
        return redirect(address)
    batch = work.batch(request.actor, submission.batch_id)
    context: dict[str, Any] = {
        "board": {"slug": slug},
        "card": present(request.actor, [batch])[0],
        "key": uuid7(),
    }
    if urlsplit(request.headers.get("HX-Current-URL", "")).path == address and slug is not None:
        return render(request, "boards/submitted.html", context)
    return render(request, "boards/started.html", context | {"address": f"{address}#batch-{batch.id}"})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
