"""Seats with the invitations that they are for: looked at to the cent, then bought and sent in one step."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from uuid_utils.compat import uuid7

from packshot.errors import Problem, UpgradeNeeded
from packshot.foundation.billing import seating
from packshot.foundation.billing.pages import go_to, moment_of, number_of, uuid_of
from packshot.foundation.organizations import drafts, queries
from packshot.foundation.organizations.addresses import addresses_in
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.foundation.organizations.pages import invited_words, run_by, sheet
from packshot.fragments import say_next
from packshot.words import told


@never_cache
@require_POST
@signed_in
def preview(request: MemberRequest) -> HttpResponse:
    """The form of an invitation for which seats are missing: what they cost. A plan that is not sold by the seat has
    the dialog of larger ones instead."""
    run_by(request)
    drafts.keep(request)
    if not seating.growable(request.actor):
        seats = queries.seats(request.actor).seats
        raise UpgradeNeeded(
            "There are not seats enough. Nobody was invited.",
            feature="seats",
            limit=seats,
            back=reverse("members-invite"),
        )
    try:
        found = seating.preview(request.actor, addresses_in(request.POST.get("emails", "")))
    except Problem as problem:
        return _invitation(request, problem)
    return _seats(request, {"preview": found, "key": uuid7()}, status=200 if found is None else 409)


@never_cache
@require_POST
@signed_in
def buy(request: MemberRequest) -> HttpResponseBase:
    """Buy what was looked at, and invite."""
    run_by(request)
    form = request.POST
    try:
        said = seating.buy(
            request.actor,
            uuid_of(form.get("key", "")),
            form.get("price", ""),
            number_of(form.get("quantity", "")),
            moment_of(form.get("at", "")),
            form.get("seen", ""),
            addresses_in(form.get("emails", "")),
            form.get("role", ""),
        )
    except Problem as problem:
        drafts.keep(request)
        return _invitation(request, problem)
    if isinstance(said, str):
        return go_to(request, said)
    if said is None:
        say_next(request, _("The payment is on its way. The invitations go out as soon as it has arrived."))
        return go_to(request, reverse("members"))
    drafts.drop(request)
    say_next(request, invited_words(said))
    return go_to(request, reverse("members"))


def _seats(request: MemberRequest, context: dict[str, Any], *, status: int) -> HttpResponse:
    written = {"emails": request.POST.get("emails", ""), "role": request.POST.get("role", "")}
    return sheet(request, "billing/_seats.html", _("More seats"), {**context, **written}, status=status)


def _invitation(request: MemberRequest, problem: Problem) -> HttpResponse:
    """Back to the form as it was written, with what went wrong."""
    context: dict[str, object] = {
        "seats": queries.seats(request.actor),
        "text": request.POST.get("emails", ""),
        "role": request.POST.get("role", ""),
        "problem": told(problem.message),
    }
    return sheet(request, "organizations/_invite.html", _("Invite people"), context, status=problem.status)
