"""Uploads and downloads."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from packshot.db.tenancy import Actor
from packshot.errors import Invalid, NotFound
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.assets import commands, queries, uploads
from packshot.studio.assets.queries import AssetView

_STATES = {"new": "checking", "ready": "ready", "rejected": "rejected"}
_ARRIVALS = {"open": "checking", "arrived": "checking", "received": "checking", "rejected": "rejected"}


@require_POST
@signed_in
def upload(request: MemberRequest) -> JsonResponse:
    """Take one photo: `{"id", "state", "message"}` with 201; a problem's `{"code", "message"}` else."""
    file = request.FILES.get("file")
    if file is None:
        raise Invalid(_("There was no file in it."))
    view = commands.upload(
        request.actor, data=_content(file), filename=file.name or "", board_id=_board(request)
    )
    return JsonResponse(_chip(view), status=201)


@require_POST
@signed_in
def known(request: MemberRequest) -> JsonResponse:
    """Whether a file has to be sent: `{"state": "here" | "known" | "unknown"}` for its `sha256` and `name`."""
    found = uploads.adopt(
        request.actor,
        sha256=request.POST.get("sha256", ""),
        filename=request.POST.get("name", ""),
        board_id=_board(request),
    )
    return JsonResponse({"state": found.state})


@require_POST
@signed_in
def expect(request: MemberRequest) -> JsonResponse:
    """A place in the store for one file, of `name`, `size`, `type` and, where it is known, `sha256`: `{"id", "url",
    "headers", "done"}` with 201. The file is PUT to `url`, and then `done` is posted to."""
    size = request.POST.get("size", "")
    if not size.isascii() or not size.isdigit():
        raise Invalid(_("A size is a number of bytes."))
    found = uploads.expect(
        request.actor,
        filename=request.POST.get("name", ""),
        size=int(size[:15]),
        media_type=request.POST.get("type", ""),
        sha256=request.POST.get("sha256") or None,
        board_id=_board(request),
    )
    return JsonResponse(
        {
            "id": str(found.id),
            "url": found.slot.url,
            "headers": dict(found.slot.headers),
            "done": reverse("asset-arrived", args=[found.id]),
        },
        status=201,
    )


@require_POST
@signed_in
def arrived(request: MemberRequest, arrival_id: UUID) -> JsonResponse:
    """The file is in its place: as `upload` answers, with the id that its picture will have."""
    uploads.arrived(request.actor, arrival_id)
    return JsonResponse(_look(request.actor, arrival_id), status=201)


@require_GET
@signed_in
def state(request: MemberRequest, asset_id: UUID) -> JsonResponse:
    """How far the look at an upload is."""
    return JsonResponse(_look(request.actor, asset_id))


@require_GET
@signed_in
def download(request: MemberRequest, asset_id: UUID) -> HttpResponse:
    """To the file itself; `?format=` chooses between its own form, marked, and `original`, untouched."""
    form = request.GET.get("format", "original")
    return HttpResponseRedirect(commands.download(request.actor, asset_id, form=form))


def _look(actor: Actor, asset_id: UUID) -> dict[str, str]:
    """Of a picture, or of what will be one."""
    try:
        return _chip(queries.asset(actor, asset_id))
    except NotFound as none:
        try:
            found = uploads.arrival(actor, asset_id)
        except NotFound:
            raise none from None
    return {"id": str(asset_id), "state": _ARRIVALS[found.state], "message": found.reject_reason or ""}


def _board(request: MemberRequest) -> UUID | None:
    """The board that an upload goes to; None for the inbox."""
    text = request.POST.get("board", "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Invalid(_("There is no such board.")) from error


def _content(file: UploadedFile[bytes]) -> Path | bytes:
    """A large upload lies in a file already and is taken from there."""
    return Path(file.temporary_file_path()) if isinstance(file, TemporaryUploadedFile) else file.read()


def _chip(view: AssetView) -> dict[str, str]:
    return {"id": str(view.id), "state": _STATES[view.state], "message": view.reject_reason or ""}
