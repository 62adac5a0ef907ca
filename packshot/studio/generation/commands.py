"""Every write on batches and jobs that a person or a provider can cause."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from django.db import connection
from django.utils.translation import gettext as _

from packshot.db.combiner import Combiner
from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Conflict, Forbidden, NotFound, Problem
from packshot.ports.generation import BadCallback, CallbackUnchecked
from packshot.settings import settings
from packshot.studio.credits.errors import cap_sentence
from packshot.studio.credits.money import format_credits
from packshot.studio.generation import callbacks, providers
from packshot.studio.generation.contracts import JobState, Order, SnippetView, Submission
from packshot.studio.generation.errors import (
    InsufficientCredits,
    InvalidCallback,
    InvalidOrder,
    MemberCapReached,
    ModelUnavailable,
    PriceChanged,
    SpendCapReached,
    UncheckedCallback,
)
from packshot.studio.generation.limits import spend_cap
from packshot.studio.generation.models import Batch, Job
from packshot.studio.generation.offers import Offer, offer_of, offers
from packshot.telemetry import metrics, traces

log = structlog.get_logger(__name__)

_HOLD_S = 2 * 24 * 3600
"""How long credits stay held for a job that nobody moves. Far above every timeout: the reaper comes first."""

_REFUSALS: dict[str, type[Problem]] = {
    "forbidden": Forbidden,
    "not_found": NotFound,
    "conflict": Conflict,
    "insufficient_credits": InsufficientCredits,
    "member_cap_reached": MemberCapReached,
    "model_unavailable": ModelUnavailable,
    "price_changed": PriceChanged,
    "spend_cap_reached": SpendCapReached,
}


def submit(actor: Actor, order: Order) -> Submission:
    """Quote, hold, batch, jobs and queue rows in one transaction, or nothing at all.

    The same key with the same order answers with the same batch. Must be called outside `acting_as`. Raises
    InvalidOrder, InsufficientCredits, MemberCapReached, NotFound (a board or reference that is not the organization's),
    Forbidden (not a member), Conflict (the key was used for another order), ModelUnavailable, PriceChanged (it
    costs more than `order.quoted`) and SpendCapReached.
    """
    offer = offer_of(order)
    model = offer.model
    parameters = model.check(order)
    with traces.span("order", model=model.id, operation=order.operation, variants=order.variants):
        return _order(actor, order, offer, parameters)


def _order(actor: Actor, order: Order, offer: Offer, parameters: Mapping[str, Any]) -> Submission:
    model = offer.model
    price = model.each(order.size, parameters)
    seed = order.seed if order.seed is not None else secrets.randbelow(2**31)
    return _send(
        {
            "kind": "batch",
            "actor": str(actor.user_id),
            "organization": str(actor.organization_id),
            "key": order.key,
            "hash": _hash(order, parameters),
            "board": order.board_id and str(order.board_id),
            "operation": order.operation,
            "model": model.id,
            "routes": list(offer.routes),
            "lane": model.lane,
            "prompt": order.prompt,
            "ratio": order.ratio,
            "size": order.size,
            "seed": seed,
            "references": [str(reference) for reference in (*order.references, *order.styles)],
            "parameters": {**parameters, **order.context},
            "variants": order.variants,
            "price": price,
            "cost": model.cost_each(order.size, parameters),
            "refusal": _unavailable(offer) or _dearer(order, price),
            "priority": model.priority,
            "timeout_s": model.timeout_s,
            "max_attempts": model.max_attempts,
            "partial": order.partial,
            "asked": order.asked or order.prompt,
            "refers_to": order.refers_to and str(order.refers_to),
            "negative": order.negative,
            "styles": len(order.styles),
            "trace": traces.carried(),
        }
    )


def retry_job(actor: Actor, job_id: UUID, key: str) -> Submission:
    """Pay for one more attempt of a failed or cancelled variant, in its place in the same batch.

    Must be called outside `acting_as`. Raises NotFound, Conflict (it is not final, succeeded, or was retried
    already under another key), InsufficientCredits, MemberCapReached, Forbidden, InvalidOrder (no key),
    ModelUnavailable and SpendCapReached. The price is that of the first attempt, as the page says it.
    """
    if not 1 <= len(key) <= 200:
        raise InvalidOrder("A request needs a key of 1 to 200 characters.", field="key")
    return _send(
        {
            "kind": "retry",
            "actor": str(actor.user_id),
            "organization": str(actor.organization_id),
            "key": key,
            "job": str(job_id),
            **_again(actor, job_id),
        }
    )


def cancel_job(actor: Actor, job_id: UUID) -> None:
    """Stop one variant: at once while it is queued, else as soon as its worker or provider confirms.

    Final jobs stay as they are, and so does one whose provider answers that it is too late. Raises NotFound.
    """
    with acting_as(actor):
        call("generation_cancel_v1", None, job_id, settings().organization_jobs)


def require_editor(actor: Actor, batch_id: UUID) -> None:
    """Refuse whoever may not have work of this batch done. Raises NotFound, Forbidden."""
    with acting_as(actor):
        call("generation_require_editor_v1", batch_id)


def cancel_batch(actor: Actor, batch_id: UUID) -> None:
    """`cancel_job` for each variant of a batch that is not final. Raises NotFound."""
    with acting_as(actor):
        call("generation_cancel_v1", batch_id, None, settings().organization_jobs)


def let_in(organization_id: UUID) -> None:
    """Let in what waits, where an organization may have more at once than before; in the caller's transaction."""
    call("generation_let_in_v1", organization_id, settings().organization_jobs)


def save_snippet(actor: Actor, snippet_id: UUID, *, name: str, text: str) -> None:
    """Keep words under a name, for the whole organization; the same id again changes nothing.

    Raises Invalid and Conflict (there are too many).
    """
    with acting_as(actor):
        call("generation_snippet_save_v1", snippet_id, name, text)


def rename_snippet(actor: Actor, snippet_id: UUID, name: str) -> str:
    """Give a snippet another name; returns the one before. Raises NotFound, Invalid."""
    with acting_as(actor):
        before: str = call("generation_snippet_rename_v1", snippet_id, name)
    return before


def delete_snippet(actor: Actor, snippet_id: UUID) -> SnippetView:
    """Delete a snippet; returns it, so that `save_snippet` can undo it. Raises NotFound."""
    with acting_as(actor):
        gone = call("generation_snippet_delete_v1", snippet_id)
    return SnippetView(snippet_id, gone["name"], gone["text"])


def cancel_waiting(actor: Actor) -> int:
    """`cancel_job` for everything that this person asked for and that has not begun; how many there were.

    The last in line first, so that none is let into the queue on the way.
    """
    with acting_as(actor):
        mine = Batch.objects.filter(created_by=actor.user_id).values("id")
        waiting = Job.objects.filter(state=JobState.QUEUED, batch_id__in=mine).order_by("released", "-id")
        found = list(waiting.values_list("id", flat=True))
        for job_id in found:
            call("generation_cancel_v1", None, job_id, settings().organization_jobs)
    return len(found)


def receive_callback(
    provider: str, headers: Mapping[str, str], body: bytes, *, job: str | None = None, mark: str | None = None
) -> bool:
    """Take a provider's message: verified, stored once, and its job woken; False when it was known.

    `job` and `mark` are what the address said beyond the provider's name (see `callbacks.address`). Nothing is
    fetched here. Raises NotFound (no such provider), InvalidCallback (forged, stale or unreadable) and
    UncheckedCallback (which of the two cannot be found out now).
    """
    adapter = providers.provider(provider)
    try:
        message = adapter.parse_callback(headers, body)
    except BadCallback as error:
        raise InvalidCallback(str(error)) from error
    except CallbackUnchecked as error:
        raise UncheckedCallback(str(error)) from error
    organization_id, job_id = callbacks.read(job, mark)
    try:
        # The provider's request belongs to no trace of ours; what it is about does.
        parent = call("generation_trace_v1", provider, message.ref) if traces.tracing() else None
        with traces.span("callback", parent=parent, provider=provider, job=str(job_id) if job_id else None):
            return bool(
                call(
                    "generation_callback_v1",
                    provider,
                    message.ref,
                    message.event_id,
                    body,
                    organization_id,
                    job_id,
                )
            )
    finally:
        connection.close()


def _again(actor: Actor, job_id: UUID) -> dict[str, Any]:
    """How the model of a job can be had now. Of a job that is not to be seen nothing is said: SQL refuses it."""
    with acting_as(actor):
        job = Job.objects.filter(id=job_id).values("batch_id", "cost").first()
        batch = job and Batch.objects.filter(id=job["batch_id"]).values("model", "size", "parameters").first()
    if not batch:
        return {}
    offer = offers().get(batch["model"])
    if offer is None:
        return {"refusal": _refusal("model_unavailable", _("This model is not offered any more."))}
    return {
        "routes": list(offer.routes),
        "cost": offer.model.cost_each(batch["size"], batch["parameters"]),
        "refusal": _unavailable(offer),
    }


def _unavailable(offer: Offer) -> dict[str, Any] | None:
    return None if offer.available else _refusal("model_unavailable", offer.why_not())


def _dearer(order: Order, price: int) -> dict[str, Any] | None:
    """Whether a variant costs more now than the person was shown; for less, less is held."""
    if order.quoted is None or price <= order.quoted:
        return None
    message = _("The price has changed to %(price)s credits each. Look at it and send again.")
    return _refusal("price_changed", message % {"price": format_credits(price)}, price=price)


def _refusal(code: str, message: str, **detail: Any) -> dict[str, Any]:
    return {"code": code, "message": message, **detail}


def _send(submit: dict[str, Any]) -> Submission:
    if connection.in_atomic_block:
        raise RuntimeError("an order is a transaction of its own: submit outside of acting_as and atomic")
    limits = {"hold_s": _HOLD_S, "cap": settings().organization_jobs, "spend_cap": spend_cap()}
    with metrics.ledger_lag.labels("order").time():
        answer = _combiner.run(submit | limits)
    if answer["ok"]:
        log.info("ordered", batch=answer["batch"], kind=submit["kind"], accepted=answer["accepted"])
        return Submission(
            batch_id=UUID(answer["batch"]),
            accepted=answer["accepted"],
            refused=answer["refused"],
            charged_hold=answer["held"],
        )
    problem = _REFUSALS.get(answer["code"], Conflict)
    detail = {name: answer[name] for name in ("needed", "available", "price", "cap") if name in answer}
    message = cap_sentence(answer["cap"]) if problem is MemberCapReached else answer["message"]
    raise problem(message, **detail)


def _send_all(submits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        answers: list[dict[str, Any]] = call("generation_submit_v1", submits)
        return answers
    finally:
        connection.close()


def _hash(order: Order, parameters: Mapping[str, Any]) -> str:
    """Of everything that was asked for; a seed that we chose is not part of it."""
    asked = [
        order.board_id and str(order.board_id), order.operation, order.model, order.prompt, order.variants,
        order.ratio, order.size, order.seed, [str(reference) for reference in order.references],
        dict(parameters), order.partial,
    ]  # fmt: skip
    further = [order.asked, order.refers_to and str(order.refers_to), [str(style) for style in order.styles]]
    if any(further):  # an order without them has the hash that it had before there were any
        asked += further
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


_combiner: Combiner[dict[str, Any], dict[str, Any]] = Combiner(_send_all)
