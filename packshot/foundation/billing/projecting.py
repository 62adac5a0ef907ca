"""Keep what was seen, and tell what follows: the one road from a provider's words to facts."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction

from packshot.db.sql import call, rows
from packshot.facts import publish
from packshot.foundation.audit.commands import record
from packshot.foundation.billing import posting, projector
from packshot.foundation.billing.facts import (
    DisputeClosed,
    DisputeOpened,
    Fact,
    PackPurchased,
    PaymentRefunded,
    PeriodPaid,
    PlanChanged,
)
from packshot.foundation.billing.projector import Known, OrderKnown, Told
from packshot.foundation.billing.states import dump, kind_of, load, names
from packshot.foundation.letters import commands as letters
from packshot.ports.payment_states import CheckoutState, InvoiceState, PaymentState, Seen, State

log = structlog.get_logger(__name__)

_ACTIONS: dict[type[Fact], str] = {
    PeriodPaid: "billing.period_paid",
    PlanChanged: "billing.plan_changed",
    PackPurchased: "billing.pack_bought",
    PaymentRefunded: "billing.refunded",
    DisputeOpened: "billing.disputed",
    DisputeClosed: "billing.dispute_closed",
}
_MOST = 10_000
"""Facts of one organization that can be due at once; more is an error of ours."""


def apply(provider: str, seen: Seen, message: int | None = None) -> list[UUID]:
    """Keep these states and publish what is due, in one transaction; with `message`, that one is handled in it too.

    The same states again change nothing; older ones than those that are kept neither. Says whose they were: none for
    objects of nobody here.
    """
    try:
        with transaction.atomic(durable=True):
            found = _keep(provider, seen)
            for organization_id in found:
                project(organization_id)
            if message is not None:
                call("billing_handled_v1", message, "done" if found else "ignored", None)
            return found
    finally:
        connection.close()


def remind() -> int:
    """Tell what only time has brought about: trials that end soon; says of how many organizations."""
    found = rows("billing_trials_v1")
    connection.close()
    for row in found:
        try:
            with transaction.atomic(durable=True):
                project(row["billing_trials_v1"])
        except Exception:  # this one comes again, and the others are not to wait
            log.exception("trial not told of", organization=str(row["billing_trials_v1"]))
        finally:
            connection.close()
    return len(found)


def project(organization_id: UUID) -> list[Fact]:
    """Tell every fact that is due; inside a transaction."""
    known, told = _known(organization_id), list[Fact]()
    for _ in range(_MOST):
        fact = projector.due(known)
        if fact is None:
            for letter in posting.due(known):
                letters.post(organization_id, letter.key, letter.kind, letter.body)
            _end_orders(known)
            return told
        body = _body(fact)
        call("billing_tell_v1", organization_id, fact.ref, body)
        publish(fact)
        if not _kept_only(known, fact, body):
            record(None, _ACTIONS[type(fact)], fact.ref, body, organization_id=organization_id)
        log.info("billing fact", fact=type(fact).__name__, ref=fact.ref, organization=str(organization_id))
        known = replace(known, told=(*known.told, Told(fact.ref, body)))
        told.append(fact)
    raise RuntimeError(f"facts of {organization_id} do not come to an end")


def _kept_only(known: Known, fact: Fact, body: dict[str, Any]) -> bool:
    """How long what is left of the last month stays follows from a cancellation or a renewal that failed; those are in
    the audit log themselves, or no deed of anybody's."""
    _, last = known.last("terms")
    if last is None or not isinstance(fact, PeriodPaid):
        return False
    return all(last[name] == body[name] for name in body if name != "kept_until")


def _keep(provider: str, seen: Seen) -> list[UUID]:
    whose = {id(state): _whose(provider, state) for state in seen.states}
    # A state that names nobody may stand beside one that does: a refund beside its payment, new both.
    common = {found for found in whose.values() if found is not None}
    found: list[UUID] = []
    for state in sorted(seen.states, key=lambda state: kind_of(state).value):
        organization_id = whose[id(state)] or (next(iter(common)) if len(common) == 1 else None)
        if organization_id is None:
            continue
        if organization_id not in found:
            call("billing_lock_v1", organization_id)
            found.append(organization_id)
        call(
            "billing_keep_v1",
            organization_id,
            provider,
            kind_of(state).value,
            state.ref,
            seen.at,
            dump(state),
        )
    return found


def _whose(provider: str, state: State) -> UUID | None:
    found: UUID | None = call(
        "billing_whose_v1",
        provider,
        getattr(state, "order", None),
        getattr(state, "customer", None),
        [list(name) for name in names(state)],
    )
    return found


def _known(organization_id: UUID) -> Known:
    found = call("billing_known_v1", organization_id)
    return Known(
        organization_id=organization_id,
        now=datetime.fromisoformat(found["now"]),
        states=tuple(load(each["kind"], each["state"]) for each in found["records"]),
        orders={
            UUID(o["id"]): OrderKnown(UUID(o["id"]), o["kind"], o["price"], o["credits"])
            for o in found["orders"]
        },
        prices=found["prices"],
        told=tuple(Told(each["key"], each["body"]) for each in found["facts"]),
        posted=frozenset(found["letters"]),
        free=found["free"],
    )


def _body(fact: Fact) -> dict[str, Any]:
    """What is written down of a fact: enough for later ones, and for whoever asks what happened."""
    body = {
        name: projector.text(value) if hasattr(value, "astimezone") else value
        for name, value in asdict(fact).items()
        if name not in ("organization_id", "ref", "sources")
    }
    if isinstance(fact, PaymentRefunded | PeriodPaid):
        return body
    return body | {"open": isinstance(fact, DisputeOpened)}


def _end_orders(known: Known) -> None:
    """An order's own status, for the page that waits for it."""
    for state in known.states:
        status, order = None, getattr(state, "order", None)
        if isinstance(state, CheckoutState) and order is not None:
            if state.status == "complete" and state.payment_status in ("paid", "free"):
                status = "paid"
            elif state.payment_status == "failed":
                status = "failed"
            elif state.status == "expired":
                status = "closed"
        elif isinstance(state, PaymentState) and order is not None:
            status = {"succeeded": "paid", "failed": "failed", "cancelled": "failed"}.get(state.status)
        elif isinstance(state, InvoiceState) and order is not None and state.status == "paid":
            status = "paid"
        if status is not None:
            call("billing_order_ended_v1", known.organization_id, order, status)
