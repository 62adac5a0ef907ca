"""Pictures on their way out: the dialog that asks how, the file that is made, and how far it is."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from packshot.errors import Conflict, Invalid, Problem
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.assets import commands, gallery, queries
from packshot.studio.assets.contracts import ExportSpec, ExportView
from packshot.studio.assets.exporting import checked


@require_POST
@signed_in
def ask(request: MemberRequest) -> HttpResponse:
    """The dialog, and again with the first names whenever something in it is changed."""
    selection = gallery.selection_of(request.POST)
    spec, problem = ExportSpec(), ""
    names: list[str] = []
    try:
        spec = spec_of(request)
        names = gallery.file_names(request.actor, selection, spec)
    except Problem as found:
        problem = found.message
    template = "assets/_export_names.html" if request.POST.get("again") else "assets/export.html"
    return render(request, template, {"spec": spec, "names": names, "problem": problem})


@require_POST
@signed_in
def start(request: MemberRequest) -> HttpResponse:
    """Have it made; the toast that follows it fetches it when it is ready. A few files as stored are sent at once."""
    selection, spec = gallery.selection_of(request.POST), spec_of(request)
    if len(selection.ids) > 1 and (stream := queries.stream_zip(request.actor, selection, spec)) is not None:
        asked = urlencode({"ids": request.POST["ids"], "name": spec.name})
        address = f"{reverse('export-stream')}?{asked}"
        return render(request, "assets/streamed.html", {"name": stream.name, "address": address})
    view = commands.export(request.actor, selection, spec)
    return render(request, "assets/exported.html", _context(view))


@require_GET
@signed_in
def stream(request: MemberRequest) -> StreamingHttpResponse:
    """A few files as a ZIP that is made while it is sent. Raises Conflict where there are too many by now."""
    spec = checked(ExportSpec(name=request.GET.get("name", "") or ExportSpec().name))
    found = queries.stream_zip(request.actor, gallery.selection_of(request.GET), spec)
    if found is None:
        raise Conflict(
            _("The files are not there any more as they were. Select them and download them again.")
        )
    headers = {
        "Content-Disposition": content_disposition_header(True, found.name) or "attachment",
        # It is packed already: compressing it once more would only cost time.
        "Content-Encoding": "identity",
    }
    return StreamingHttpResponse(found.chunks, content_type="application/zip", headers=headers)


@require_GET
@signed_in
def state(request: MemberRequest, export_id: UUID) -> HttpResponse:
    """How far it is: the inside of its toast."""
    return render(request, "assets/_export.html", _context(queries.export(request.actor, export_id)))


@require_POST
@signed_in
def cancel(request: MemberRequest, export_id: UUID) -> HttpResponse:
    """Nobody waits for it any more."""
    return render(request, "assets/_export.html", _context(commands.cancel_export(request.actor, export_id)))


def spec_of(request: MemberRequest) -> ExportSpec:
    """How the pictures leave, as the form says it. Raises Invalid."""
    form = request.POST
    asked = form.get("as", "original")  # a field called "form" would hide the form itself from scripts
    return checked(
        ExportSpec(
            form=asked,  # type: ignore[arg-type]  # what it is, `checked` says
            longest=_number(form.get("longest", "")),
            quality=_number(form.get("quality", "")),
            name=form.get("name", "").strip() or ExportSpec().name,
            metadata="keep" if form.get("metadata") == "keep" else "strip",
        )
    )


def _number(text: str) -> int | None:
    text = text.strip()
    if text and not text.isdecimal():
        raise Invalid(_("This is not a whole number: %(text)s.") % {"text": text[:20]})
    return int(text) if text else None


def _context(view: ExportView) -> dict[str, object]:
    return {"export": view, "percent": 0 if view.total == 0 else view.done * 100 // view.total}
