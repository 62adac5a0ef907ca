"""What the pages of a workspace have in common."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from packshot.errors import Forbidden
from packshot.foundation.organizations import queries
from packshot.foundation.organizations.commands import Invited
from packshot.foundation.organizations.current import MemberRequest
from packshot.foundation.organizations.queries import Workspace
from packshot.fragments import wants_fragment


def role_word(role: str) -> str:
    """As the pages call it."""
    return {"owner": _("Owner"), "admin": _("Admin"), "member": _("Member")}[role]


def run_by(request: MemberRequest) -> Workspace:
    """The workspace, for those who run it. Raises Forbidden."""
    found = queries.workspace(request.actor)
    if not found.run:
        raise Forbidden("Only owners and admins of the workspace can do this.")
    return found


def owned_by(request: MemberRequest) -> Workspace:
    """The workspace, for its owners. Raises Forbidden."""
    found = queries.workspace(request.actor)
    if not found.owned:
        raise Forbidden("Only owners of the workspace can do this.")
    return found


def sheet(
    request: MemberRequest, template: str, heading: str, context: dict[str, object], *, status: int = 200
) -> HttpResponse:
    """A dialog over the page, or, where no script asked, a page of its own."""
    fragment = wants_fragment(request)
    around = "organizations/sheet.html" if fragment else "organizations/sheet_page.html"
    context = {**context, "sheet": template, "heading": heading, "page": not fragment}
    return render(request, around, context, status=status)


def invited_words(people: list[Invited]) -> str:
    """What has become of the addresses, as a sentence."""
    fresh = sum(each.outcome == "invited" for each in people)
    known = [each.email for each in people if each.outcome != "invited"]
    if not people:
        return _("The people you wrote down are invited.")
    text = ngettext("%(n)d person is invited.", "%(n)d people are invited.", fresh) % {"n": fresh}
    if not known:
        return text
    already = _("Members or invited already: %(addresses)s.") % {"addresses": ", ".join(known)}
    return f"{text} {already}" if fresh else already
