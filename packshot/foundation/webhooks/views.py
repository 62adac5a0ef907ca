"""Webhooks in the settings: endpoints, what was sent to each, and sending it again. For owners and admins."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from uuid_utils.compat import uuid7

from packshot.errors import Conflict, Invalid, Problem
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.foundation.organizations.pages import run_by, sheet
from packshot.foundation.webhooks import commands, queries, registry
from packshot.foundation.webhooks.commands import Wanted
from packshot.foundation.webhooks.queries import DeliveryView, EndpointView
from packshot.fragments import go, say_next
from packshot.words import told

_STATES = ("pending", "delivered", "failed")
_KEPT_DAYS = 30


@never_cache
@require_GET
@signed_in
def webhooks(request: MemberRequest) -> HttpResponse:
    """All endpoints. Raises Forbidden for members."""
    workspace = run_by(request)
    found = queries.endpoints(request.actor)
    context = {"workspace": workspace, "endpoints": found, "full": len(found) >= queries.MOST}
    return render(request, "webhooks/list.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def new(request: MemberRequest) -> HttpResponseBase:
    """The sheet that makes one; sent to it, the page that shows the secret."""
    workspace = run_by(request)
    if request.method == "GET":
        return _form(request, _("New webhook"), reverse("webhook-new"), Wanted(""), endpoint_id=uuid7())
    wanted, endpoint_id = _wanted(request), _uuid(request.POST.get("id", "")) or uuid7()
    try:
        _require_choice(request)
        secret = commands.create(request.actor, endpoint_id, wanted)
    except Problem as problem:
        if isinstance(problem, Conflict) and _has(request, endpoint_id):
            return go(request, reverse("webhook", args=[endpoint_id]))  # the form was sent twice
        return _form(
            request,
            _("New webhook"),
            reverse("webhook-new"),
            wanted,
            endpoint_id=endpoint_id,
            problem=problem,
        )
    return _secret(request, workspace, endpoint_id, secret)


@never_cache
@require_GET
@signed_in
def webhook(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """One endpoint, and what was sent to it, a page at a time."""
    workspace = run_by(request)
    found = queries.endpoint(request.actor, endpoint_id)
    state = request.GET.get("state", "")
    state = state if state in _STATES else ""
    before = _uuid(request.GET.get("before", ""))
    deliveries, after = queries.deliveries(request.actor, endpoint_id, state=state or None, before=before)
    context = {
        "workspace": workspace,
        "endpoint": found,
        "events": _events(found),
        "deliveries": [(each, _body(each)) for each in deliveries],
        "after": after,
        "first": before is None,
        "state": state,
        "failed": state == "failed" or any(each.state == "failed" for each in deliveries),
        "rotating": found.previous_until is not None and found.previous_until > timezone.now(),
    }
    return render(request, "webhooks/endpoint.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def change(request: MemberRequest, endpoint_id: UUID) -> HttpResponseBase:
    """The sheet with its address, description and events."""
    run_by(request)
    found = queries.endpoint(request.actor, endpoint_id)
    action, heading = reverse("webhook-change", args=[endpoint_id]), _("Change webhook")
    if request.method == "GET":
        return _form(request, heading, action, Wanted(found.url, found.description, found.types))
    wanted = _wanted(request)
    try:
        _require_choice(request)
        commands.change(request.actor, endpoint_id, wanted)
    except Problem as problem:
        return _form(request, heading, action, wanted, problem=problem)
    say_next(request, _("The webhook is changed."))
    return go(request, reverse("webhook", args=[endpoint_id]))


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def rotate(request: MemberRequest, endpoint_id: UUID) -> HttpResponseBase:
    """Ask, since the receiver must learn of it; sent to it, the page that shows the new secret."""
    workspace = run_by(request)
    found = queries.endpoint(request.actor, endpoint_id)
    if request.method == "GET":
        return _sheet(request, "webhooks/_rotate.html", _("New secret?"), {"endpoint": found})
    return _secret(request, workspace, endpoint_id, commands.rotate(request.actor, endpoint_id))


@require_POST
@signed_in
def switch(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """On with `enabled`, else off."""
    enabled = bool(request.POST.get("enabled"))
    commands.switch(request.actor, endpoint_id, enabled=enabled)
    say_next(
        request,
        _("The webhook is switched on.")
        if enabled
        else _(
            "The webhook is switched off: nothing is sent to it, and what happens meanwhile is not kept for it."
        ),
    )
    return go(request, reverse("webhook", args=[endpoint_id]))


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def delete(request: MemberRequest, endpoint_id: UUID) -> HttpResponseBase:
    """Ask, since it cannot be taken back; sent to it, delete it with its deliveries."""
    run_by(request)
    found = queries.endpoint(request.actor, endpoint_id)
    if request.method == "GET":
        return _sheet(request, "webhooks/_delete.html", _("Delete this webhook?"), {"endpoint": found})
    commands.delete(request.actor, endpoint_id)
    say_next(request, _("The webhook is deleted."))
    return go(request, reverse("webhooks"))


@require_POST
@signed_in
def test(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """Send a `webhook.test`."""
    commands.test(request.actor, endpoint_id)
    say_next(request, _("A test message is on its way. What is answered appears here."))
    return go(request, reverse("webhook", args=[endpoint_id]))


@require_POST
@signed_in
def replay(request: MemberRequest, delivery_id: UUID) -> HttpResponse:
    """Send one again."""
    endpoint_id = queries.endpoint_of(request.actor, delivery_id)
    commands.replay(request.actor, delivery_id)
    say_next(request, _("It is sent again, under the same id."))
    return go(request, reverse("webhook", args=[endpoint_id]))


@require_POST
@signed_in
def replay_failed(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """Send all again that have failed in the last `days`."""
    asked = request.POST.get("days", "")
    days = min(_KEPT_DAYS, int(asked)) if asked.isascii() and asked.isdigit() else _KEPT_DAYS
    count = commands.replay_failed(request.actor, endpoint_id, timezone.now() - timedelta(days=days))
    say_next(
        request,
        ngettext("%(n)d message is sent again.", "%(n)d messages are sent again.", count) % {"n": count}
        if count
        else _("Nothing has failed in that time."),
    )
    return go(request, reverse("webhook", args=[endpoint_id]))


def _form(
    request: MemberRequest,
    heading: str,
    action: str,
    wanted: Wanted,
    *,
    endpoint_id: UUID | None = None,
    problem: Problem | None = None,
) -> HttpResponse:
    """The sheet of an endpoint; sent back as it was where something of it was wrong."""
    context: dict[str, object] = {
        "action": action,
        "wanted": wanted,
        "id": endpoint_id,
        "events": registry.events(),
        "some": bool(wanted.types or request.POST.get("some")),
        "problem": told(problem.message) if problem else "",
    }
    page = _sheet(request, "webhooks/_form.html", heading, context)
    page.status_code = problem.status if problem else 200
    return page


def _sheet(request: MemberRequest, template: str, heading: str, context: dict[str, object]) -> HttpResponse:
    return sheet(request, template, heading, {**context, "back": (reverse("webhooks"), _("Webhooks"))})


def _secret(request: MemberRequest, workspace: object, endpoint_id: UUID, secret: str) -> HttpResponse:
    found = queries.endpoint(request.actor, endpoint_id)
    context = {"workspace": workspace, "endpoint": found, "secret": secret}
    return render(request, "webhooks/secret.html", context)


def _wanted(request: HttpRequest) -> Wanted:
    form = request.POST
    types = form.getlist("types") if form.get("some") else []
    return Wanted(
        form.get("url", "").replace("\0", ""),
        form.get("description", "").replace("\0", ""),
        tuple(types),
    )


def _require_choice(request: HttpRequest) -> None:
    """Raises Invalid for "only these" and none of them, which would be all."""
    if request.POST.get("some") and not request.POST.getlist("types"):
        raise Invalid(_("Choose at least one event."))


def _has(request: MemberRequest, endpoint_id: UUID) -> bool:
    return any(each.id == endpoint_id for each in queries.endpoints(request.actor))


def _events(endpoint: EndpointView) -> list[str]:
    """What it listens to, in words; empty for all."""
    known = registry.events()
    return [known.get(each, each) for each in endpoint.types]


def _body(delivery: DeliveryView) -> str:
    return json.dumps(delivery.body, indent=2, ensure_ascii=False)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
