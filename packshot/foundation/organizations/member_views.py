"""The members page: who is here, who is invited, and what can be done about either."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from packshot.errors import Invalid, NotFound, Problem, UpgradeNeeded
from packshot.foundation.organizations import commands, drafts, queries
from packshot.foundation.organizations.addresses import addresses_in
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.foundation.organizations.errors import SeatsExhausted
from packshot.foundation.organizations.pages import invited_words, owned_by, role_word, run_by, sheet
from packshot.foundation.organizations.queries import Person
from packshot.fragments import go, say_next
from packshot.undo import Undo
from packshot.words import told


@never_cache
@require_GET
@signed_in
def members(request: MemberRequest) -> HttpResponse:
    """Everybody here; for those who run it, also who is invited and how many seats are left."""
    workspace = queries.workspace(request.actor)
    context = {
        "workspace": workspace,
        "people": queries.roster(request.actor),
        "invitations": queries.invitations(request.actor),
        "seats": queries.seats(request.actor),
        "me": request.actor.user_id,
    }
    return render(request, "organizations/members.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def invite(request: MemberRequest) -> HttpResponseBase:
    """The sheet that takes several addresses; sent back as it was where something of it was wrong."""
    run_by(request)
    context: dict[str, object] = {"seats": queries.seats(request.actor), "role": "member"}
    if request.method == "GET":
        return sheet(
            request, "organizations/_invite.html", _("Invite people"), context | drafts.kept(request)
        )
    context |= {"text": request.POST.get("emails", ""), "role": request.POST.get("role", "")}
    try:
        said = commands.invite(request.actor, addresses_in(str(context["text"])), _role(request))
    except SeatsExhausted:
        drafts.keep(request)
        # The same form, sent on to where seats are bought.
        return HttpResponseRedirect(reverse("billing-seats"), preserve_request=True)
    except UpgradeNeeded as problem:
        drafts.keep(request)
        problem.detail["back"] = reverse("members-invite")
        raise
    except Problem as problem:
        context |= {"problem": told(problem.message)}
        page = sheet(request, "organizations/_invite.html", _("Invite people"), context)
        page.status_code = problem.status
        return page
    drafts.drop(request)
    say_next(request, invited_words(said))
    return go(request, reverse("members"))


@require_POST
@signed_in
def role(request: MemberRequest, user_id: UUID) -> HttpResponse:
    """Give somebody another role."""
    person = _person(request, user_id)
    wanted = _role(request)
    before = commands.change_role(request.actor, user_id, wanted)
    undo = Undo(reverse("member-role", args=[user_id]), {"role": before})
    # Whoever gave up being an owner cannot take that back.
    mine = user_id == request.actor.user_id
    text = _("%(name)s: %(role)s.") % {"name": person.called, "role": role_word(wanted)}
    say_next(request, text, None if mine or before == wanted or request.POST.get("undo") else undo)
    return go(request, reverse("members"))


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def remove(request: MemberRequest, user_id: UUID) -> HttpResponseBase:
    """Ask, since it cannot be taken back; sent to it, end the membership."""
    person = _person(request, user_id)
    run_by(request)
    if request.method == "GET":
        heading = _("Remove %(name)s?") % {"name": person.called}
        return sheet(request, "organizations/_remove.html", heading, {"person": person})
    commands.remove(request.actor, user_id)
    say_next(request, _("%(name)s is not a member any more.") % {"name": person.called})
    return HttpResponseRedirect(reverse("members"))


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def transfer(request: MemberRequest, user_id: UUID) -> HttpResponseBase:
    """Ask, since only the other person could take it back; sent to it, hand ownership over."""
    person = _person(request, user_id)
    owned_by(request)
    if request.method == "GET":
        heading = _("Hand the workspace over to %(name)s?") % {"name": person.called}
        return sheet(request, "organizations/_transfer.html", heading, {"person": person})
    commands.transfer(request.actor, user_id)
    say_next(request, _("%(name)s owns the workspace now. You are an admin.") % {"name": person.called})
    return HttpResponseRedirect(reverse("members"))


@require_POST
@signed_in
def revoke(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    commands.revoke(request.actor, invitation_id)
    undo = Undo(reverse("invitation-resend", args=[invitation_id]))
    say_next(request, _("The invitation is taken back: its link is good for nothing."), undo)
    return go(request, reverse("members"))


@require_POST
@signed_in
def resend(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """A fresh link, good for another week; the one before is not."""
    try:
        commands.resend(request.actor, invitation_id)
    except SeatsExhausted as full:
        raise UpgradeNeeded(full.message, feature="seats", limit=full.detail["seats"]) from full
    say_next(request, _("A new link is on its way. The one before is good for nothing now."))
    return go(request, reverse("members"))


def _person(request: MemberRequest, user_id: UUID) -> Person:
    found = next((each for each in queries.roster(request.actor) if each.user_id == user_id), None)
    if found is None:
        raise NotFound("There is no such person here.")
    return found


def _role(request: MemberRequest) -> str:
    """Raises Invalid for what is no role."""
    role = request.POST.get("role", "")
    if role not in ("owner", "admin", "member"):
        raise Invalid(_("Choose a role."))
    return role
