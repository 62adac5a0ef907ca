"""The pages of plans and payments. Prices are everybody's to see; what is paid is for owners and admins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from uuid_utils.compat import uuid7

from packshot.errors import Invalid
from packshot.foundation.billing import commands, providers, queries
from packshot.foundation.billing.notices import notice
from packshot.foundation.billing.plans import MICRO, Offer, Plan, book, offers
from packshot.foundation.organizations.current import MemberRequest, actor_of, signed_in
from packshot.ports.payments import Ability


@dataclass(frozen=True, slots=True)
class PlanCard:
    key: str
    plan: Plan
    month: Offer | None
    year: Offer | None
    current: bool
    allowance: int
    """Micro-credits a month, a seat's where it is sold by the seat."""

    def offer(self, interval: str) -> Offer | None:
        return self.year if interval == "year" else self.month


@require_GET
def pricing(request: HttpRequest) -> HttpResponse:
    """What there is and what it costs; without a provider it says that nothing is sold."""
    interval = "year" if request.GET.get("interval") == "year" else "month"
    actor = actor_of(request)
    payer = actor is not None and queries.may_pay(actor)
    current = queries.entitlement(actor).plan if actor is not None else None
    cards = [(card, card.offer(interval)) for card in _cards(current)]
    return render(
        request,
        "billing/pricing.html",
        {
            "cards": [each for each in cards if each[1] is not None or each[0].key == "free"],
            "packs": _packs(),
            "interval": interval,
            "sold": providers.able(Ability.SUBSCRIBE),
            "packs_sold": providers.able(Ability.PACK),
            "payer": payer,
            "running": payer and actor is not None and queries.standing(actor).subscription is not None,
            "key": uuid7(),
            "back": _back(request),
            "grace": book().grace_days,
        },
    )


@require_GET
@signed_in
def billing(request: MemberRequest) -> HttpResponse:
    """Plan, status, next renewal, seats, what is paid with, invoices."""
    found = queries.standing(request.actor)
    return render(
        request,
        "billing/billing.html",
        {
            "standing": found,
            "plan_name": book().plans[found.entitlement.plan].name
            if found.entitlement.plan in book().plans
            else found.entitlement.plan,
            "scheduled": _scheduled(found.subscription.scheduled.price)
            if found.subscription and found.subscription.scheduled
            else None,
            "notice": notice(found),
            "invoices": queries.invoices(request.actor),
            "packs": _packs(),
            "sold": providers.able(Ability.SUBSCRIBE),
            "packs_sold": providers.able(Ability.PACK),
            "portal": providers.able(Ability.PORTAL) and found.customer is not None,
            "can_change": providers.able(Ability.CHANGE),
            "can_cancel": providers.able(Ability.CANCEL),
            "key": uuid7(),
            "mock": providers.configured() == "mock",
        },
    )


@require_POST
@signed_in
def buy(request: MemberRequest) -> HttpResponseBase:
    """Order, and go on to the provider's page."""
    order = commands.buy(
        request.actor,
        _uuid(request.POST.get("key", "")),
        request.POST.get("price", ""),
        _number(request.POST.get("quantity", "1")),
        request.POST.get("back", "/billing"),
    )
    if order.url is None or order.status != "open":
        return _go(request, f"/billing/orders/{order.id}")
    return _go(request, order.url)


@require_GET
@signed_in
def order(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """Where the person comes back to: the same fulfilment as the provider's message, whoever is first."""
    found = commands.fulfil(request.actor, order_id)
    template = "billing/_order.html" if request.headers.get("HX-Request") == "true" else "billing/order.html"
    return render(request, template, {"order": found, "item": _item(found.price)})


@require_http_methods(["GET", "POST"])
@signed_in
def change(request: MemberRequest) -> HttpResponseBase:
    """Another plan, interval or number of seats: looked at to the cent and the credit, then confirmed."""
    given = request.GET if request.method == "GET" else request.POST
    price, quantity = given.get("price", ""), _number(given.get("quantity", "1"))
    if request.method == "GET":
        found = commands.preview(request.actor, price, quantity)
        return render(request, "billing/change.html", {"preview": found, "key": uuid7()})
    where = commands.change(
        request.actor,
        _uuid(given.get("key", "")),
        price,
        quantity,
        _moment(given.get("at", "")),
        given.get("seen", ""),
    )
    if where is not None:
        return _go(request, where)
    messages.success(request, _("Your plan is changed."))
    return _go(request, "/billing")


@require_POST
@signed_in
def cancel(request: MemberRequest) -> HttpResponseBase:
    commands.cancel(request.actor, _uuid(request.POST.get("key", "")))
    messages.info(
        request, _("The plan ends with the period that is paid. Until then you can take that back.")
    )
    return _go(request, "/billing")


@require_POST
@signed_in
def resume(request: MemberRequest) -> HttpResponseBase:
    commands.resume(request.actor, _uuid(request.POST.get("key", "")))
    messages.success(request, _("The plan goes on as it is."))
    return _go(request, "/billing")


@require_POST
@signed_in
def portal(request: MemberRequest) -> HttpResponseBase:
    return _go(request, commands.portal(request.actor))


@require_GET
@signed_in
def upgrade(request: MemberRequest) -> HttpResponse:
    """The dialog that a gate opens, or 'not enough credits': what would help, and the way back to here."""
    return _upgrade(request, request.GET.get("for", "credits"))


def upgrade_sheet(request: HttpRequest, feature: str) -> HttpResponse:
    """The same as the answer of a gate that is closed: over the page, which stays as it is."""
    response = _upgrade(cast("MemberRequest", request), feature)
    response["HX-Reswap"] = "none"
    return response


def _upgrade(request: MemberRequest, feature: str) -> HttpResponse:
    current = queries.entitlement(request.actor)
    rank = book().plans[current.plan].rank if current.plan in book().plans else 0
    cards = [
        (card, card.month)
        for card in _cards(current.plan)
        if card.month is not None
        and card.plan.rank > rank
        and (feature == "credits" or feature in card.plan.features)
    ]
    payer = queries.may_pay(request.actor)
    fragment = request.headers.get("HX-Request") == "true"
    return render(
        request,
        "billing/upgrade.html" if fragment else "billing/upgrade_page.html",
        {
            "feature": feature,
            "cards": cards[:3],
            "packs": _packs() if feature == "credits" else [],
            "sold": providers.able(Ability.SUBSCRIBE),
            "packs_sold": providers.able(Ability.PACK),
            "payer": payer,
            "running": payer and queries.standing(request.actor).subscription is not None,
            "key": uuid7(),
            "back": _back(request),
        },
    )


# Parts.


def _cards(current: str | None) -> list[PlanCard]:
    by_item = {(o.price.item, o.price.interval): o for o in offers().values()}
    plans = sorted(book().plans.items(), key=lambda each: each[1].rank)
    return [
        PlanCard(
            key,
            plan,
            by_item.get((key, "month")),
            by_item.get((key, "year")),
            key == current,
            plan.credits * MICRO,
        )
        for key, plan in plans
    ]


def _packs() -> list[Offer]:
    return [offer for offer in offers().values() if offer.kind == "pack"]


def _item(price: str) -> str:
    offer = offers().get(price)
    return offer.price.name if offer else price


def _scheduled(price: str) -> str:
    return _item(price)


def _go(request: HttpRequest, address: str) -> HttpResponseBase:
    """To a page, also of another site: a form may only lead to our own, so a script is told, or a link is shown."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": address})
    if address.startswith("/"):
        return redirect(address)
    return render(request, "billing/go.html", {"address": address})


def _back(request: HttpRequest) -> str:
    """The path that the person came from."""
    asked = request.GET.get("back")
    if asked is None and request.headers.get("HX-Request") == "true":
        asked = vars(request)["htmx"].current_url_abs_path
    return commands.safe_path(asked or "/billing")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("The form is not whole. Nothing was changed: reload the page.") from None


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise Invalid("How many is a whole number.")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("The form is not whole. Nothing was changed: reload the page.") from None
    if found.tzinfo is None:
        raise Invalid("The form is not whole. Nothing was changed: reload the page.")
    return found
