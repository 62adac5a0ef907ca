"""Orders for everything that is picked in a gallery."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from uuid_utils.compat import uuid7

from packshot.errors import Invalid, Problem
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.assets import gallery
from packshot.studio.assets import queries as assets
from packshot.studio.generation import bulk
from packshot.studio.generation.errors import InsufficientCredits
from packshot.studio.generation.pages import refused
from packshot.undo import Undo

_LONGEST_AMOUNT = 16


@require_POST
@signed_in
def quote(request: MemberRequest) -> JsonResponse:
    """What each kind of work would cost for what is picked: `{operation: micro-credits or null}`."""
    picked = _picked(request)
    found: dict[str, int | None] = {}
    for operation in bulk.OPERATIONS:
        try:
            found[operation] = bulk.quote(request.actor, picked, operation).total
        except Problem:
            found[operation] = None  # it makes no sense for all of them: its button says so
    return JsonResponse(found)


@require_POST
@signed_in
def order(request: MemberRequest) -> HttpResponse:
    """Have the work done; the toast says how much it is, and can cancel what has not begun."""
    operation = _operation(request)
    try:
        key = UUID(request.POST["key"]) if "key" in request.POST else uuid7()
    except ValueError:
        raise Invalid(_("This form is out of date. Reload the page and try again.")) from None
    try:
        shown = request.POST.get(f"quoted-{operation}", "")
        quoted = int(shown) if shown.isdecimal() and len(shown) <= _LONGEST_AMOUNT else None
        sent = bulk.submit(request.actor, _picked(request), operation, key=key, quoted=quoted)
    except InsufficientCredits as problem:
        return refused(request, needed=problem.detail["needed"], affordable=0)
    context = {
        "text": ngettext("%(n)d picture is under way", "%(n)d pictures are under way", len(sent))
        % {"n": len(sent)},
        "held": sum(each.charged_hold for each in sent),
        "undo": Undo(reverse("bulk-undo"), {"batches": " ".join(str(each.batch_id) for each in sent)}),
    }
    response = render(request, "generation/ordered.html", context)
    response["HX-Trigger"] = json.dumps({"studio:changed": {"action": "order", "state": "done"}})
    return response


@require_POST
@signed_in
def take_back(request: MemberRequest) -> HttpResponse:
    """Cancel what has not begun."""
    try:
        batches = [UUID(each) for each in request.POST.get("batches", "").split()[: bulk.MOST]]
    except ValueError:
        raise Invalid(_("There is no such request.")) from None
    number = bulk.take_back(request.actor, batches)
    text = ngettext("%(n)d cancelled before it began.", "%(n)d cancelled before they began.", number) % {
        "n": number
    }
    return render(
        request, "components/said.html", {"text": text if number else _("All of it had begun already.")}
    )


def _operation(request: HttpRequest) -> bulk.Operation:
    for operation in bulk.OPERATIONS:
        if request.POST.get("operation") == operation:
            return operation
    raise Invalid(_("There is no such work."))


def _picked(request: MemberRequest) -> list[UUID]:
    """The ids of what is picked; one more than may be where everything is picked and that is too much."""
    selection = gallery.selection_of(request.POST)
    if selection.search is None:
        return list(selection.ids)
    most = bulk.MOST + 1 + len(selection.but)
    found = assets.page(request.actor, selection.search, limit=min(most, 1_000))
    upto, but = selection.upto, set(selection.but)
    return [view.id for view in found if view.id not in but and (upto is None or view.id <= upto)]
