"""The port's states as documents of the database, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from packshot.ports.payment_states import (
    CheckoutState,
    DisputeState,
    InvoiceState,
    Kind,
    PaymentState,
    RefundState,
    Seen,
    State,
    SubscriptionState,
)

KINDS: dict[type[Any], Kind] = {
    CheckoutState: Kind.CHECKOUT,
    SubscriptionState: Kind.SUBSCRIPTION,
    InvoiceState: Kind.INVOICE,
    PaymentState: Kind.PAYMENT,
    RefundState: Kind.REFUND,
    DisputeState: Kind.DISPUTE,
}
_ADAPTERS: dict[Kind, TypeAdapter[Any]] = {kind: TypeAdapter(found) for found, kind in KINDS.items()}


def kind_of(state: State) -> Kind:
    return KINDS[type(state)]


def dump(state: State) -> dict[str, Any]:
    found: dict[str, Any] = _ADAPTERS[kind_of(state)].dump_python(state, mode="json")
    return found


def load(kind: str, document: dict[str, Any]) -> State:
    """Raises ValueError (pydantic's) for what is no such state."""
    found: State = _ADAPTERS[Kind(kind)].validate_python(document)
    return found


def dump_seen(seen: Seen) -> dict[str, Any]:
    return {
        "at": seen.at.isoformat(),
        "states": [{"kind": kind_of(s).value, "state": dump(s)} for s in seen.states],
    }


def load_seen(document: dict[str, Any]) -> Seen:
    return Seen(
        at=datetime.fromisoformat(document["at"]),
        states=tuple(load(each["kind"], each["state"]) for each in document["states"]),
    )


def names(state: State) -> list[tuple[str, str]]:
    """Itself and the objects that a state names: by any of them one finds whose it is."""
    found: list[tuple[Kind, str | None]] = [(kind_of(state), state.ref)]
    match state:
        case CheckoutState():
            found += [
                (Kind.SUBSCRIPTION, state.subscription),
                (Kind.PAYMENT, state.payment),
                (Kind.INVOICE, state.invoice),
            ]
        case InvoiceState():
            found += [(Kind.SUBSCRIPTION, state.subscription), (Kind.PAYMENT, state.payment)]
        case PaymentState():
            found += [(Kind.INVOICE, state.invoice)]
        case RefundState() | DisputeState():
            found += [(Kind.PAYMENT, state.payment)]
        case _:
            pass
    return [(kind.value, ref) for kind, ref in found if ref is not None]
