"""The pages of plans and payments. Prices are everybody's to see; what is paid is for owners and admins."""

from __future__ import annotations

import re
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from uuid_utils.compat import uuid7

from packshot.errors import NotFound
from packshot.foundation.billing import commands, invoices, naming, providers, queries, seating
from packshot.foundation.billing.cards import cards, packs
from packshot.foundation.billing.notices import notice
from packshot.foundation.billing.pages import came_from, go_to, moment_of, number_of, uuid_of
from packshot.foundation.billing.plans import book, offers
from packshot.foundation.organizations import queries as workspaces
from packshot.foundation.organizations.current import MemberRequest, actor_of, signed_in
from packshot.foundation.organizations.queries import workspace
from packshot.ports.payments import Ability


@require_GET
def pricing(request: HttpRequest) -> HttpResponse:
    """What there is and what it costs; without a provider it says that nothing is sold."""
    interval = "year" if request.GET.get("interval") == "year" else "month"
    actor = actor_of(request)
    payer = actor is not None and queries.may_pay(actor)
    current = queries.entitlement(actor).plan if actor is not None else None
    priced = [(card, card.offer(interval)) for card in cards(current)]
    return render(
        request,
        "billing/pricing.html",
        {
            "cards": [each for each in priced if each[1] is not None or each[0].key == "free"],
            "packs": packs(),
            "interval": interval,
            "sold": providers.able(Ability.SUBSCRIBE),
            "packs_sold": providers.able(Ability.PACK),
            "payer": payer,
            "running": payer and actor is not None and queries.standing(actor).subscription is not None,
            "key": uuid7(),
            "people": 1 if actor is None else workspaces.seats(actor).used,
            "back": came_from(request),
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
            "plan_name": naming.name_of(found.entitlement.plan, found.entitlement.plan),
            "scheduled": _item(found.subscription.scheduled.price)
            if found.subscription and found.subscription.scheduled
            else None,
            "notice": notice(found),
            "invoices": queries.invoices(request.actor),
            "packs": packs(),
            "sold": providers.able(Ability.SUBSCRIBE),
            "packs_sold": providers.able(Ability.PACK),
            "portal": providers.able(Ability.PORTAL) and found.customer is not None,
            "can_change": providers.able(Ability.CHANGE),
            "can_cancel": providers.able(Ability.CANCEL),
            "spare": seating.spare(request.actor),
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
        uuid_of(request.POST.get("key", "")),
        request.POST.get("price", ""),
        number_of(request.POST.get("quantity", "1")),
        request.POST.get("back", "/billing"),
    )
    if order.url is None or order.status != "open":
        return go_to(request, f"/billing/orders/{order.id}")
    return go_to(request, order.url)


@require_GET
@signed_in
def order(request: MemberRequest, order_id: UUID) -> HttpResponse:
    """Where the person comes back to: the same fulfilment as the provider's message, whoever is first."""
    found = commands.fulfil(request.actor, order_id)
    template = "billing/_order.html" if request.headers.get("HX-Request") == "true" else "billing/order.html"
    return render(request, template, {"order": found, "item": _item(found.price)})


@require_GET
@signed_in
def invoice(request: MemberRequest, invoice_ref: str) -> HttpResponse:
    """An invoice as a file; only those that the provider makes no file of are set here."""
    found, names = queries.invoice(request.actor, invoice_ref)
    if found.pdf_url is None or not found.pdf_url.endswith(f"{quote(request.path)}"):
        raise NotFound("There is no such invoice.")
    document = invoices.pdf(found, names, workspace(request.actor).name)
    name = re.sub(r"[^A-Za-z0-9-]+", "-", found.number or found.ref)
    return HttpResponse(
        document,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{name}.pdf"',
            "Cache-Control": "private, no-store",
        },
    )


@require_http_methods(["GET", "POST"])
@signed_in
def change(request: MemberRequest) -> HttpResponseBase:
    """Another plan, interval or number of seats: looked at to the cent and the credit, then confirmed."""
    given = request.GET if request.method == "GET" else request.POST
    price, quantity = given.get("price", ""), number_of(given.get("quantity", "1"))
    if request.method == "GET":
        found = commands.preview(request.actor, price, quantity)
        context = {"preview": found, "key": uuid7(), "back": came_from(request)}
        return render(request, "billing/change.html", context)
    where = commands.change(
        request.actor,
        uuid_of(given.get("key", "")),
        price,
        quantity,
        moment_of(given.get("at", "")),
        given.get("seen", ""),
    )
    if where is not None:
        return go_to(request, where)
    messages.success(request, _("Your plan is changed."))
    return go_to(request, commands.safe_path(given.get("back", "/billing")))


@require_POST
@signed_in
def cancel(request: MemberRequest) -> HttpResponseBase:
    commands.cancel(request.actor, uuid_of(request.POST.get("key", "")))
    messages.info(
        request, _("The plan ends with the period that is paid. Until then you can take that back.")
    )
    return go_to(request, "/billing")


@require_POST
@signed_in
def resume(request: MemberRequest) -> HttpResponseBase:
    commands.resume(request.actor, uuid_of(request.POST.get("key", "")))
    messages.success(request, _("The plan goes on as it is."))
    return go_to(request, "/billing")


@require_POST
@signed_in
def portal(request: MemberRequest) -> HttpResponseBase:
    return go_to(request, commands.portal(request.actor))


# Parts.


def _item(price: str) -> str:
    offer = offers().get(price)
    return naming.name_of(offer.price.item, offer.price.name) if offer else price
