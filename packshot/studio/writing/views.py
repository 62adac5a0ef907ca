"""Fragments of what models write, and what can be done with it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from packshot.errors import Invalid
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.generation import commands as generation
from packshot.studio.generation.errors import InsufficientCredits
from packshot.studio.generation.pages import refused
from packshot.studio.writing import asking, commands
from packshot.studio.writing.errors import PriceChanged
from packshot.studio.writing.pages import Card, RefinedCard, card


@require_GET
@signed_in
def written(request: MemberRequest, reply_id: UUID) -> HttpResponse:
    """A reply, a better prompt or a picture's words, as it stands; `in=panel` for the viewer's panel."""
    return _fragment(request, card(request.actor, reply_id))


@require_POST
@signed_in
def make(request: MemberRequest, reply_id: UUID) -> HttpResponse:
    """Have a proposal made at the price that the page showed; its tiles join the thread."""
    price = request.POST.get("price", "")
    if not price.isdecimal():
        raise Invalid(_("This form is out of date. Reload the page and try again."))
    try:
        batch_id = commands.make(request.actor, reply_id, price=int(price))
    except PriceChanged:
        problem = _("The price has changed; it is shown anew. Nothing was ordered.")
        context = {"card": card(request.actor, reply_id), "problem": problem}
        return render(request, "writing/changed.html", context, status=PriceChanged.status)
    except InsufficientCredits as short:
        return refused(request, needed=short.detail["needed"], affordable=0)
    return _joined(request, reply_id, batch_id)


@require_POST
@signed_in
def answer(request: MemberRequest, reply_id: UUID) -> HttpResponse:
    """Answer a question by one of its choices: a turn of its own, at the price on the choices."""
    choice = request.POST.get("choice", "")
    if not choice.isdecimal():
        raise Invalid(_("This form is out of date. Reload the page and try again."))
    try:
        sent = commands.answer(request.actor, reply_id, int(choice))
    except InsufficientCredits as short:
        return refused(request, needed=short.detail["needed"], affordable=0)
    return _joined(request, reply_id, sent.batch_id)


@require_POST
@signed_in
def decline(request: MemberRequest, reply_id: UUID) -> HttpResponse:
    """Say no to a proposal, or with `back` take that back."""
    commands.decline(request.actor, reply_id, declined=request.POST.get("back") != "1")
    return _fragment(request, card(request.actor, reply_id))


@require_POST
@signed_in
def cancel(request: MemberRequest, reply_id: UUID) -> HttpResponse:
    generation.cancel_batch(request.actor, reply_id)
    return _fragment(request, card(request.actor, reply_id))


@require_POST
@signed_in
def retry(request: MemberRequest, reply_id: UUID) -> HttpResponse:
    """Pay for one more attempt at what was not written; pressed twice it is one."""
    generation.require_editor(request.actor, reply_id)
    job_id = card(request.actor, reply_id).batch.tiles[-1].job_id
    try:
        generation.retry_job(request.actor, job_id, key=f"retry:{job_id}")
    except InsufficientCredits as short:
        return refused(request, needed=short.detail["needed"], affordable=0)
    return _fragment(request, card(request.actor, reply_id))


@require_POST
@signed_in
def refine(request: MemberRequest) -> JsonResponse:
    """Have the composer's prompt improved: `{"id": ...}`, to be asked for as soon as the page hears of it."""
    try:
        board, key = request.POST.get("board", ""), UUID(request.POST.get("key", ""))
        order = asking.refine(
            board_id=UUID(board) if board else None, prompt=request.POST.get("prompt", ""), key=str(key)
        )
    except ValueError:
        raise Invalid(_("This form is out of date. Reload the page and try again.")) from None
    return JsonResponse({"id": str(generation.submit(request.actor, order).batch_id)})


@require_GET
@signed_in
def refined(request: MemberRequest, reply_id: UUID) -> JsonResponse:
    """`{"open": true}` while it is written, then `{"open": false, "prompt": text or null, "why": sentence}`."""
    found = card(request.actor, reply_id)
    prompt = found.prompt if isinstance(found, RefinedCard) else None
    why = "" if prompt else found.batch.tiles[-1].error_message or _("The answer could not be read.")
    return JsonResponse({"open": found.open, "prompt": prompt, "why": why})


def _joined(request: MemberRequest, reply_id: UUID, batch_id: UUID) -> HttpResponse:
    """What was ordered joins the thread, and the reply says so."""
    context = {"card": card(request.actor, reply_id), "joined": card(request.actor, batch_id)}
    return render(request, "writing/changed.html", context)


def _fragment(request: MemberRequest, found: Card) -> HttpResponse:
    panel = request.GET.get("in") == "panel"
    return render(request, found.template, {"card": found, "panel": panel})
