"""The dialog that every closed gate opens, and 'not enough credits': what would help, and the way back."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from uuid_utils.compat import uuid7

from packshot.errors import UpgradeNeeded
from packshot.foundation.billing import providers, queries, upgrades
from packshot.foundation.billing.cards import packs
from packshot.foundation.billing.commands import safe_path
from packshot.foundation.billing.pages import came_from, linked_from
from packshot.foundation.organizations import queries as workspaces
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.ports.payments import Ability


@require_GET
@signed_in
def upgrade(request: MemberRequest) -> HttpResponse:
    """Asked for by a page that tells of a limit: over it, or where no script asks, a page of its own."""
    back = linked_from(request) if _plain(request) else None
    back = back or came_from(request)
    return _dialog(request, upgrades.known(request.GET.get("for", "credits")), back=back, leave=back)


def _plain(request: HttpRequest) -> bool:
    """Followed as a link, without a script, and without saying from where."""
    return request.headers.get("HX-Request") != "true" and "back" not in request.GET


def refused(request: HttpRequest, problem: UpgradeNeeded) -> HttpResponse:
    """The same as the answer of a gate that is closed: over the page, which stays as it is.

    `problem.detail["back"]` is where the payment leads back to; else it is the page that is open, or was asked for.
    """
    fragment = request.headers.get("HX-Request") == "true"
    linked = linked_from(request)
    leave = came_from(request) if fragment else linked or "/"
    asked = request.get_full_path() if request.method == "GET" and not fragment else leave
    response = _dialog(
        cast("MemberRequest", request),
        problem.detail["feature"],
        limit=problem.detail.get("limit"),
        back=safe_path(problem.detail.get("back", asked)),
        leave=leave,
    )
    response.status_code = problem.status
    response["HX-Reswap"] = "none"
    return response


def _dialog(
    request: MemberRequest, gate: str, *, back: str, leave: str, limit: int | None = None
) -> HttpResponse:
    current = queries.entitlement(request.actor)
    payer = queries.may_pay(request.actor)
    running = queries.standing(request.actor) if payer else None
    subscription = running.subscription if running else None
    more_seats = subscription if running and gate == "seats" and running.terms.get("per_seat") else None
    fragment = request.headers.get("HX-Request") == "true"
    # Who comes for people has one more in mind than there are.
    people = workspaces.seats(request.actor).used + (gate in ("members", "seats"))
    numbers = {**current.limits, "seats": current.seats, "slots": current.slots}
    return render(
        request,
        "billing/upgrade.html" if fragment else "billing/upgrade_page.html",
        {
            "gate": gate,
            "limit": numbers.get(gate) if limit is None else limit,
            "cards": [(card, card.month) for card in upgrades.larger(current, gate)],
            "packs": packs() if gate == "credits" else [],
            "more_seats": (more_seats.price, more_seats.quantity + 1) if more_seats else None,
            "sold": providers.able(Ability.SUBSCRIBE),
            "packs_sold": providers.able(Ability.PACK),
            "payer": payer,
            "running": subscription is not None,
            "people": people,
            "key": uuid7(),
            "back": back,
            "leave": leave,
        },
    )
