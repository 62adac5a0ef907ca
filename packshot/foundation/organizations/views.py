"""The workspace itself: its name, leaving it, its end, its data; and from one to another."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from packshot.errors import NotFound, Problem
from packshot.foundation.organizations import commands, files, queries
from packshot.foundation.organizations.current import (
    MemberRequest,
    choose_organization,
    sign_in_first,
    signed_in,
)
from packshot.foundation.organizations.pages import owned_by, role_word, sheet
from packshot.fragments import go, say_next
from packshot.undo import Undo
from packshot.words import told


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def workspace(request: MemberRequest) -> HttpResponseBase:
    """Settings of the workspace; POST `name` renames it."""
    context: dict[str, object] = {}
    status = 200
    if request.method == "POST":
        try:
            before = commands.rename(request.actor, request.POST.get("name", "").replace("\0", ""))
        except Problem as problem:
            if problem.status == 403:
                raise
            context, status = {"problem": told(problem.message), "name": request.POST.get("name", "")}, 422
        else:
            undo = None if request.POST.get("undo") else Undo(reverse("workspace"), {"name": before})
            say_next(request, _("The workspace has another name now."), undo)
            return go(request, reverse("workspace"))
    found = queries.workspace(request.actor)
    others = [each for each in queries.roster(request.actor) if each.user_id != request.actor.user_id]
    context = {
        "name": found.name,
        **context,
        "workspace": found,
        "role": role_word(found.role),
        "takeouts": queries.takeouts(request.actor),
        "alone": not others,
        "last_owner": found.owned and not any(each.role == "owner" for each in others),
    }
    return render(request, "organizations/workspace.html", context, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def leave(request: MemberRequest) -> HttpResponseBase:
    """Ask, since one comes back only by another invitation; sent to it, end one's own membership."""
    found = queries.workspace(request.actor)
    if request.method == "GET":
        heading = _("Leave %(name)s?") % {"name": found.name}
        return sheet(request, "organizations/_leave.html", heading, {"workspace": found})
    commands.leave(request.actor)
    say_next(request, _("You have left %(name)s.") % {"name": found.name})
    return HttpResponseRedirect(reverse("home"))


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def delete(request: MemberRequest) -> HttpResponseBase:
    """Tell what goes and what stays; sent to it, begin the delay after which the workspace is erased."""
    found = owned_by(request)
    if request.method == "GET":
        heading = _("Delete %(name)s?") % {"name": found.name}
        return sheet(request, "organizations/_delete.html", heading, {"workspace": found})
    erase_at = commands.close(request.actor)
    day = formats.date_format(erase_at, "DATE_FORMAT")
    text = _("The workspace will be erased on %(day)s.") % {"day": day}
    say_next(request, text, Undo(reverse("workspace-keep")))
    return HttpResponseRedirect(reverse("workspace"))


@require_POST
@signed_in
def keep(request: MemberRequest) -> HttpResponse:
    """Take the deletion back."""
    commands.keep(request.actor)
    say_next(request, _("The workspace stays."))
    return go(request, reverse("workspace"))


@require_POST
@signed_in
def take_out(request: MemberRequest) -> HttpResponse:
    """Have a ZIP of everything made."""
    commands.take_out(request.actor)
    say_next(request, _("Everything is being packed. The file appears on this page."))
    return go(request, reverse("workspace"))


@never_cache
@require_GET
@signed_in
def download(request: MemberRequest, takeout_id: UUID) -> HttpResponse:
    """On to the file, for owners. Raises NotFound where it is none of theirs or not there."""
    found = next((each for each in queries.takeouts(request.actor, 100) if each.id == takeout_id), None)
    if found is None or found.state != "ready":
        raise NotFound("There is no such file.")
    return HttpResponseRedirect(files.address(request.actor.organization_id, takeout_id, found.created_at))


@require_POST
@signed_in
def switch(request: MemberRequest) -> HttpResponse:
    """Act for another of one's workspaces; one that is not one's own changes nothing."""
    wanted = request.POST.get("organization", "")
    found = next(
        (
            each
            for each in queries.organizations_of(request.actor.user_id)
            if str(each.organization_id) == wanted
        ),
        None,
    )
    if found is not None:
        choose_organization(request, found.organization_id)
        say_next(request, _("You are in %(name)s now.") % {"name": found.name})
    return go(request, reverse("home"))


@never_cache
@require_http_methods(["GET", "POST"])
def none(request: HttpRequest) -> HttpResponseBase:
    """For who is a member of nothing: POST opens a workspace of their own."""
    user_id: UUID | None = request.user.pk if request.user.is_authenticated else None
    if user_id is None:
        return sign_in_first(request)
    if queries.organizations_of(user_id):
        return HttpResponseRedirect(reverse("home"))
    if request.method == "GET":
        return render(request, "organizations/none.html")
    name = getattr(request.user, "name", "")
    commands.open_another(user_id, _("%(name)s’s studio") % {"name": name} if name else _("My studio"))
    return HttpResponseRedirect(reverse("home"))
