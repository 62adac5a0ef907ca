"""Idempotency-Key: the same request twice is one deed and one answer.

Nothing is locked while a request is worked on. Every deed carries a key of its own, derived from the one that was sent:
what was committed before a crash is found again under it, and two that run at once do the same thing once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from uuid import UUID, uuid5

from django.http import HttpResponse
from pydantic import BaseModel
from uuid_utils.compat import uuid7

from packshot.api.errors import BadRequest, Fault
from packshot.api.guard import ApiRequest, json_answer
from packshot.errors import Problem
from packshot.foundation.apikeys import commands
from packshot.foundation.apikeys.contracts import Answered

HEADER = "Idempotency-Key"
_FORM = re.compile(r"[\x21-\x7e]{1,255}")
_OURS = UUID("6f0d3f0e-9d0c-4c6e-8f3a-2f6f2a6f7a11")
"""Any one will do, as long as it stays."""


def once(
    request: ApiRequest, payload: str, do: Callable[[UUID], BaseModel], *, status: int = 200
) -> HttpResponse:
    """Do what was asked under a key that is the same for the same Idempotency-Key, and answer as the first time.

    `payload` is everything that was asked, as text. A refusal is not kept: nothing was done, so the key is free again.
    """
    given = request.headers.get(HEADER)
    if given is None:
        return json_answer(do(uuid7()).model_dump_json(), status)
    if _FORM.fullmatch(given) is None:
        said = "An Idempotency-Key has 1 to 255 printable characters of ASCII, no spaces."
        raise BadRequest(said, Fault(said, header=HEADER), code="invalid_header")
    actor = request.caller.actor
    fingerprint = hashlib.sha256(f"{request.method} {request.path}\n{payload}".encode()).hexdigest()
    known = commands.begin(actor, given, fingerprint)
    if known is not None:
        return _replayed(known)
    try:
        made = do(uuid5(_OURS, f"{actor.organization_id} {actor.user_id} {given}"))
    except Problem:
        commands.let_go(actor, given, fingerprint)
        raise
    kept = commands.finish(actor, given, fingerprint, Answered(status, made.model_dump_json()))
    return json_answer(kept.body, kept.status)


def _replayed(known: Answered) -> HttpResponse:
    response = json_answer(known.body, known.status)
    response["Idempotent-Replayed"] = "true"
    return response
