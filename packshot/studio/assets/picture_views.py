"""What the viewer tells about one picture, and the words that it lets a person change."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.assets import queries


@require_GET
@signed_in
def details(request: MemberRequest, asset_id: UUID) -> HttpResponse:
    """The viewer's panel about one picture."""
    picture = queries.asset(request.actor, asset_id)
    parent = None
    if picture.parent_id is not None:
        parent = next(iter(queries.assets(request.actor, [picture.parent_id])), None)
    return render(request, "assets/details.html", {"picture": picture, "parent": parent})


@require_GET
@signed_in
def link(request: MemberRequest, asset_id: UUID) -> HttpResponse:
    """The link that opens one picture in the viewer, for pages that do not show it."""
    return render(request, "assets/_link.html", {"picture": queries.asset(request.actor, asset_id)})
