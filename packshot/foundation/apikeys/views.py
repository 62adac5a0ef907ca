"""The page of keys: which there are, a new one, another in place of one, the end of one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from uuid_utils.compat import uuid7

from packshot.errors import Invalid, NotFound, Problem
from packshot.foundation.apikeys import commands, pages, queries
from packshot.foundation.apikeys.contracts import SCOPES, KeyView, Made
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.foundation.organizations.pages import run_by
from packshot.fragments import say_next
from packshot.settings import settings
from packshot.words import told


@never_cache
@require_GET
@signed_in
def keys(request: MemberRequest) -> HttpResponse:
    """Every key, for those who run the workspace."""
    run_by(request)
    return _page(request)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def make(request: MemberRequest) -> HttpResponseBase:
    """The sheet for a new key; sent, the page with it, this once."""
    run_by(request)
    if request.method == "GET":
        return _form(request, {"scopes": list(SCOPES), "days": 90, "id": uuid7()})
    sent = request.POST
    given = {
        "name": sent.get("name", ""),
        "scopes": sent.getlist("scope"),
        "networks": sent.get("networks", ""),
        "days": int(days) if (days := sent.get("days", "")).isdecimal() and len(days) < 5 else -1,
        "id": sent.get("id", ""),
    }
    try:
        made = _made(request, given)
    except Problem as problem:
        if problem.status == 403:
            raise
        return _form(request, {**given, "problem": told(problem.message)}, status=problem.status)
    return _page(request, made)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def rotate(request: MemberRequest, key_id: UUID) -> HttpResponseBase:
    """Ask how long the old one goes on working; sent, the page with the new one, this once."""
    key = _key(request, key_id)
    if request.method == "GET":
        heading = _("Rotate %(name)s?") % {"name": key.name}
        return pages.sheet(
            request, "apikeys/_rotate.html", heading, {"key": key, "overlaps": pages.overlap_words()}
        )
    hours = request.POST.get("overlap", "")
    if hours not in {str(each) for each in commands.OVERLAPS}:
        raise Invalid(_("Choose how long the old key goes on working."))
    return _page(request, commands.rotate(request.actor, key_id, overlap_h=int(hours)))


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def revoke(request: MemberRequest, key_id: UUID) -> HttpResponseBase:
    """Ask, since it cannot be taken back; sent to it, end the key."""
    key = _key(request, key_id)
    if request.method == "GET":
        heading = _("Revoke %(name)s?") % {"name": key.name}
        return pages.sheet(request, "apikeys/_revoke.html", heading, {"key": key})
    commands.revoke(request.actor, key_id)
    say_next(request, _("%(name)s is revoked: it opens nothing any more.") % {"name": key.name})
    return HttpResponseRedirect(reverse("keys"))


def _made(request: MemberRequest, given: dict[str, object]) -> Made:
    days = given["days"]
    if days not in pages.lifetime_words() or not isinstance(days, int):
        raise Invalid(_("Choose when the key ends."))
    try:
        key_id = UUID(str(given["id"]))
    except ValueError:
        raise Invalid(_("This form is out of date. Reload the page and try again.")) from None
    return commands.make(
        request.actor,
        name=str(given["name"]),
        scopes=request.POST.getlist("scope"),
        networks=str(given["networks"]).replace(",", " ").split(),
        expires_at=timezone.now() + timedelta(days=days) if days else None,
        key_id=key_id,
    )


def _form(request: MemberRequest, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    context |= {"words": pages.scope_words(), "lifetimes": pages.lifetime_words()}
    return pages.sheet(request, "apikeys/_make.html", _("New API key"), context, status=status)


def _page(request: MemberRequest, made: Made | None = None) -> HttpResponse:
    """The list, with a key that was just made."""
    found = pages.lines(request.actor, queries.keys(request.actor), timezone.now())
    context = {"lines": found, "made": made, "address": settings().address, "here": reverse("keys")}
    return render(request, "apikeys/keys.html", context)


def _key(request: MemberRequest, key_id: UUID) -> KeyView:
    run_by(request)
    found = pages.key_of(queries.keys(request.actor), key_id)
    if found is None:
        raise NotFound(_("There is no such key."))
    return found
