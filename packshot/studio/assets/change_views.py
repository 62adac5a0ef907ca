"""Many pictures at once: what was done to them, how far it is, and taking it back."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from packshot.errors import Invalid
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.assets import commands, gallery, queries
from packshot.studio.assets.contracts import ACTIONS, ChangeView
from packshot.undo import Undo

CHANGED = "studio:changed"
"""Pages that show pictures hear by this event that theirs may have changed."""
_TITLES = 200


@require_POST
@signed_in
def change(request: MemberRequest) -> HttpResponse:
    """Do something to all that is picked; a toast says so and can take it back."""
    action, value = request.POST.get("action", ""), request.POST.get("value", "").strip() or None
    selection = gallery.selection_of(request.POST)
    if action == "erase":
        view = commands.erase(request.actor, selection)
    elif action in ACTIONS:
        view = commands.change(request.actor, selection, action, value)  # type: ignore[arg-type]  # it is one of them
    else:
        raise Invalid(_("There is no such thing to do."))
    return told(request, view, name=request.POST.get("name", "")[:_TITLES])


@require_GET
@signed_in
def state(request: MemberRequest, change_id: UUID) -> HttpResponse:
    """How far it is: the inside of its toast."""
    view = queries.change(request.actor, change_id)
    return render(request, "assets/_change.html", _context(view, request.GET.get("name", "")[:_TITLES]))


@require_POST
@signed_in
def undo(request: MemberRequest, change_id: UUID) -> HttpResponse:
    """Give every picture back what nobody has changed since."""
    return told(request, commands.undo(request.actor, change_id), name="")


@require_POST
@signed_in
def cancel(request: MemberRequest, change_id: UUID) -> HttpResponse:
    """Stop it where it is; what was done stays, and can be undone."""
    return told(request, commands.cancel_change(request.actor, change_id), name="")


def told(request: MemberRequest, view: ChangeView, *, name: str) -> HttpResponse:
    response = render(request, "assets/changed.html", _context(view, name))
    response["HX-Trigger"] = json.dumps({CHANGED: {"action": view.action, "state": view.state}})
    return response


def _context(view: ChangeView, name: str) -> dict[str, object]:
    working = view.state in ("working", "undoing")
    final = view.action == "erase" or view.state == "undone" or not view.done
    undo = None if working or final else Undo(reverse("change-undo", args=[view.id]))
    return {
        "change": view,
        "name": name,
        "text": sentence(view, name),
        "working": working,
        "done": gallery.figure(view.done),
        "total": gallery.figure(view.total),
        "undo": undo,
    }


def sentence(view: ChangeView, name: str) -> str:
    """What was done, in words. `name` is the other board's title or the tag, where there is one."""
    if view.state == "undone":
        return _undone(view)
    words = {
        "move": ngettext("%(n)s picture moved to %(name)s.", "%(n)s pictures moved to %(name)s.", view.done),
        "copy": ngettext(
            "%(n)s picture copied to %(name)s.", "%(n)s pictures copied to %(name)s.", view.done
        ),
        "tag": ngettext("%(n)s picture tagged %(name)s.", "%(n)s pictures tagged %(name)s.", view.done),
        "untag": ngettext(
            "%(name)s taken off %(n)s picture.", "%(name)s taken off %(n)s pictures.", view.done
        ),
        "favourite": ngettext("%(n)s favourite more.", "%(n)s favourites more.", view.done),
        "unfavourite": ngettext("%(n)s favourite less.", "%(n)s favourites less.", view.done),
        "approve": ngettext("%(n)s picture approved.", "%(n)s pictures approved.", view.done),
        "reject": ngettext("%(n)s picture rejected.", "%(n)s pictures rejected.", view.done),
        "undecide": ngettext(
            "%(n)s picture is undecided again.", "%(n)s pictures are undecided again.", view.done
        ),
        "pin": ngettext("%(n)s picture pinned.", "%(n)s pictures pinned.", view.done),
        "unpin": ngettext("%(n)s picture unpinned.", "%(n)s pictures unpinned.", view.done),
        "trash": ngettext(
            "%(n)s picture is in the trash for 30 days.",
            "%(n)s pictures are in the trash for 30 days.",
            view.done,
        ),
        "restore": ngettext("%(n)s picture restored.", "%(n)s pictures restored.", view.done),
        "erase": ngettext("%(n)s picture deleted for good.", "%(n)s pictures deleted for good.", view.done),
    }
    said = words[view.action] % {"n": gallery.figure(view.done), "name": name or view.value or ""}
    return _("Stopped. %(said)s") % {"said": said} if view.state == "cancelled" else said


def _undone(view: ChangeView) -> str:
    back = ngettext("Undone for %(n)s picture.", "Undone for %(n)s pictures.", view.done)
    said = back % {"n": gallery.figure(view.done)}
    if not view.kept:
        return said
    stayed = ngettext(
        "%(n)s has been changed since and stays as it is.",
        "%(n)s have been changed since and stay as they are.",
        view.kept,
    )
    return f"{said} {stayed % {'n': gallery.figure(view.kept)}}"
