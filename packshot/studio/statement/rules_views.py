"""Caps, notices and automatic top-ups: what owners and admins decide about the shared wallet."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from packshot.errors import Invalid
from packshot.foundation.billing import gates
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.foundation.organizations.queries import Person, people
from packshot.fragments import go
from packshot.studio.credits import commands, notices, queries, topups
from packshot.studio.credits.money import micro
from packshot.studio.credits.queries import MemberCap

_HERE = "settings-credits-rules"


@dataclass(frozen=True, slots=True)
class Capped:
    """A member with their month."""

    person: Person
    month: MemberCap


@require_GET
@signed_in
def page(request: MemberRequest) -> HttpResponse:
    """The three parts. Raises Forbidden for whoever is neither owner nor admin."""
    caps = queries.caps(request.actor)
    everybody = people(request.actor)
    rule = topups.rule(request.actor)
    packs = topups.packs(request.actor)
    context = {
        "watch": notices.watch(request.actor),
        "rule": rule,
        "brought": gates.brings(request.actor, "auto_topup"),
        "packs": packs,
        "pack_words": {pack.id: pack.words for pack in packs},
        "members": [Capped(person, caps[person.user_id]) for person in everybody if person.user_id in caps],
    }
    return render(request, "statement/rules.html", context)


@require_POST
@signed_in
def watch(request: MemberRequest) -> HttpResponse:
    below = _credits(request.POST.get("below", ""))
    notices.set_watch(request.actor, below)
    messages.success(request, _("Saved.") if below else _("You are not told any more."))
    return redirect(_HERE)


@require_POST
@signed_in
def topup(request: MemberRequest) -> HttpResponse:
    below = _credits(request.POST.get("below", ""))
    most = request.POST.get("daily_cap", "")
    if below is None or not most.isdecimal() or len(most) > 2:
        raise Invalid(_("A top-up needs a threshold above 0 and 1 to 50 packs a day."))
    topups.set_rule(
        request.actor,
        enabled=request.POST.get("enabled") == "on",
        below=below,
        pack=request.POST.get("pack", ""),
        daily_cap=int(most),
    )
    messages.success(request, _("Saved."))
    return go(request, reverse(_HERE))


@require_POST
@signed_in
def cap(request: MemberRequest) -> HttpResponse:
    try:
        member_id = UUID(request.POST.get("member", ""))
    except ValueError:
        raise Invalid(_("This form is out of date. Reload the page and try again.")) from None
    commands.set_cap(request.actor, member_id, _credits(request.POST.get("cap", ""), least=0))
    messages.success(request, _("Saved."))
    return redirect(_HERE)


def _credits(words: str, *, least: int = 1) -> int | None:
    """Whole credits of a field in micro-credits; an empty field is None. Raises Invalid."""
    text = words.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) < least:
        raise Invalid(_("Write a whole number of credits, or nothing."))
    return micro(text)
