"""Fragments of running work: a batch as it stands, and what can be done to it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from packshot.errors import NotFound
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import JobState
from packshot.studio.generation.errors import InsufficientCredits
from packshot.studio.generation.pages import present, refused


@require_GET
@signed_in
def batch(request: MemberRequest, batch_id: UUID) -> HttpResponse:
    return _fragment(request, batch_id)


@require_POST
@signed_in
def cancel_batch(request: MemberRequest, batch_id: UUID) -> HttpResponse:
    commands.cancel_batch(request.actor, batch_id)
    return _fragment(request, batch_id)


@require_POST
@signed_in
def cancel_job(request: MemberRequest, batch_id: UUID, job_id: UUID) -> HttpResponse:
    _of_this_batch(request, batch_id, job_id)
    commands.cancel_job(request.actor, job_id)
    return _fragment(request, batch_id)


@require_POST
@signed_in
def retry_job(request: MemberRequest, batch_id: UUID, job_id: UUID) -> HttpResponse:
    """Pay for one more attempt. The job's id is the key: the button pressed twice pays once."""
    _of_this_batch(request, batch_id, job_id)
    try:
        commands.retry_job(request.actor, job_id, key=f"retry:{job_id}")
    except InsufficientCredits as problem:
        return refused(request, needed=problem.detail["needed"], affordable=0)
    return _fragment(request, batch_id)


@require_POST
@signed_in
def retry_failed(request: MemberRequest, batch_id: UUID) -> HttpResponse:
    """Pay for one more attempt at each variant that failed, as far as the credits reach."""
    commands.require_editor(request.actor, batch_id)
    failed = [t for t in queries.batch(request.actor, batch_id).tiles if t.state is JobState.FAILED]
    for place, tile in enumerate(failed):
        try:
            commands.retry_job(request.actor, tile.job_id, key=f"retry:{tile.job_id}")
        except InsufficientCredits as problem:
            if place == 0:
                return refused(request, needed=problem.detail["needed"], affordable=0)
            break  # those that are left stand there as they were, with their prices
    return _fragment(request, batch_id)


@require_GET
@signed_in
def prompts(request: MemberRequest) -> JsonResponse:
    """What the person wrote before: `{"prompts": [...]}`, newest first."""
    return JsonResponse({"prompts": queries.prompts(request.actor)})


def _of_this_batch(request: MemberRequest, batch_id: UUID, job_id: UUID) -> None:
    """An address of another batch's job is no address. Raises NotFound before anything is done."""
    if all(tile.job_id != job_id for tile in queries.batch(request.actor, batch_id).tiles):
        raise NotFound(_("There is no such variant in this request."))


def _fragment(request: MemberRequest, batch_id: UUID) -> HttpResponse:
    cards = present(request.actor, [queries.batch(request.actor, batch_id)])
    return render(request, "generation/batch.html", {"card": cards[0]})
