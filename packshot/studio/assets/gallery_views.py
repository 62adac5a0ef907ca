"""Parts of galleries, and what is done with what is picked in them."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.assets import gallery, queries
from packshot.studio.assets.search import from_query


@require_GET
@signed_in
def page(request: MemberRequest) -> HttpResponse:
    """The next part of a list: what follows `after` in the search that the rest of the address asks for."""
    return render(request, "assets/_page.html", gallery.page(request.actor, request.GET))


@require_GET
@signed_in
def count(request: MemberRequest) -> JsonResponse:
    """How many a search finds, exactly with `exact`, and the newest of them: what "all" means at this moment."""
    search = from_query(request.GET)
    found = queries.count(request.actor, search, None if request.GET.get("exact") == "1" else gallery.COUNTED)
    upto = queries.newest(request.actor, search)
    return JsonResponse({"number": found.number, "more": found.more, "upto": upto and str(upto)})


@require_GET
@signed_in
def tag(request: MemberRequest) -> HttpResponse:
    """The dialog that asks for a tag, with those that there are."""
    return render(request, "assets/tag.html", {"tags": queries.facets(request.actor).tags})
