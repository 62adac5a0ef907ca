"""Parts of galleries, and what is done with what is picked in them."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.assets import gallery, queries
from packshot.studio.assets.contracts import Selection
from packshot.studio.assets.search import from_query


@require_GET
@signed_in
def page(request: MemberRequest) -> HttpResponse:
    """The next part of a list: what follows `after` in the search that the rest of the address asks for."""
    return render(request, "assets/_page.html", gallery.page(request.actor, request.GET))


@require_GET
@signed_in
def count(request: MemberRequest) -> JsonResponse:
    """What "all" means at this moment: how many a search finds up to its newest, or up to `upto`; exactly with `exact`.

    Whoever asks twice, once for the answer and once for the exact number, asks the second time with the same `upto`.
    """
    search = from_query(request.GET)
    upto = gallery.one_id(request.GET.get("upto", "")) or queries.newest(request.actor, search)
    cap = None if request.GET.get("exact") == "1" else gallery.COUNTED
    found = queries.count_selected(request.actor, Selection(search=search, upto=upto), cap)
    said = {"number": found.number, "more": found.more, "words": gallery.counted(found)}
    return JsonResponse(said | {"upto": upto and str(upto)})


@require_GET
@signed_in
def tag(request: MemberRequest) -> HttpResponse:
    """The dialog that asks for a tag, with those that there are."""
    return render(request, "assets/tag.html", {"tags": queries.facets(request.actor).tags})
