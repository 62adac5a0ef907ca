"""Uploads, and what the viewer tells about a picture."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from packshot.errors import Invalid
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.assets import commands, queries
from packshot.studio.assets.queries import AssetView

_STATES = {"new": "checking", "ready": "ready", "rejected": "rejected"}


@require_POST
@signed_in
def upload(request: MemberRequest) -> JsonResponse:
    """Take one photo: `{"id", "state", "message"}` with 201; a problem's `{"code", "message"}` else."""
    file = request.FILES.get("file")
    if file is None:
        raise Invalid(_("There was no file in it."))
    view = commands.upload(request.actor, data=_content(file), filename=file.name or "")
    return JsonResponse(_chip(view), status=201)


@require_GET
@signed_in
def state(request: MemberRequest, asset_id: UUID) -> JsonResponse:
    """How far the look at an upload is."""
    return JsonResponse(_chip(queries.asset(request.actor, asset_id)))


@require_GET
@signed_in
def download(request: MemberRequest, asset_id: UUID) -> HttpResponse:
    """To the file itself; `?format=` chooses between its own form, marked, and `original`, untouched."""
    form = request.GET.get("format", "original")
    return HttpResponseRedirect(commands.download(request.actor, asset_id, form=form))


@require_GET
@signed_in
def details(request: MemberRequest, asset_id: UUID) -> HttpResponse:
    """The viewer's panel about one picture."""
    picture = queries.asset(request.actor, asset_id)
    parent = None
    if picture.parent_id is not None:
        parent = next(iter(queries.assets(request.actor, [picture.parent_id])), None)
    return render(request, "assets/details.html", {"picture": picture, "parent": parent})


def _content(file: UploadedFile[bytes]) -> Path | bytes:
    """A large upload lies in a file already and is taken from there."""
    return Path(file.temporary_file_path()) if isinstance(file, TemporaryUploadedFile) else file.read()


def _chip(view: AssetView) -> dict[str, str]:
    return {"id": str(view.id), "state": _STATES[view.state], "message": view.reject_reason or ""}
