"""The contract's letters: the port's dataclasses as JSON, and the signature that both sides put on what they send."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter

from packshot.ports.payment_states import (
    CheckoutState,
    DisputeState,
    InvoiceState,
    Kind,
    Notice,
    PaymentState,
    RefundState,
    Seen,
    State,
    SubscriptionState,
)
from packshot.ports.payments import Change, Charge, Forged, Order, Page, Preview

TOLERANCE: Final = timedelta(minutes=5)
TIME, MARK = "packshot-timestamp", "packshot-signature"

_STATES: Final[dict[Kind, TypeAdapter[Any]]] = {
    Kind.CHECKOUT: TypeAdapter(CheckoutState),
    Kind.SUBSCRIPTION: TypeAdapter(SubscriptionState),
    Kind.INVOICE: TypeAdapter(InvoiceState),
    Kind.PAYMENT: TypeAdapter(PaymentState),
    Kind.REFUND: TypeAdapter(RefundState),
    Kind.DISPUTE: TypeAdapter(DisputeState),
}
_KINDS: Final[dict[type[Any], Kind]] = {
    CheckoutState: Kind.CHECKOUT,
    SubscriptionState: Kind.SUBSCRIPTION,
    InvoiceState: Kind.INVOICE,
    PaymentState: Kind.PAYMENT,
    RefundState: Kind.REFUND,
    DisputeState: Kind.DISPUTE,
}
_OTHERS: Final[dict[type[Any], TypeAdapter[Any]]] = {
    kind: TypeAdapter(kind) for kind in (Order, Page, Change, Charge, Preview)
}


def dump(thing: Any) -> dict[str, Any]:
    """An order, a page, a change, a charge or a preview."""
    found: dict[str, Any] = _OTHERS[type(thing)].dump_python(thing, mode="json")
    return found


def load(kind: type[Any], document: Any) -> Any:
    """Raises ValueError for what is none."""
    return _OTHERS[kind].validate_python(document)


def dump_seen(seen: Seen) -> dict[str, Any]:
    return {"at": seen.at.isoformat(), "states": [_dump_state(state) for state in seen.states]}


def load_seen(document: Any) -> Seen:
    """Raises ValueError, KeyError and TypeError for what is none."""
    at = _moment(document["at"])
    states = tuple(_STATES[Kind(each["kind"])].validate_python(each["state"]) for each in document["states"])
    return Seen(at, states)


def dump_notice(notice: Notice) -> dict[str, Any]:
    assert notice.seen is not None
    return {
        "id": notice.id,
        "type": notice.type,
        "created_at": notice.created_at.isoformat(),
        "livemode": notice.livemode,
        "seen": dump_seen(notice.seen),
    }


def load_notice(document: Any) -> Notice:
    """A message: about the first of the states it brings."""
    seen = load_seen(document["seen"])
    first = seen.states[0]
    identity = document["id"]
    if not isinstance(identity, str) or not 1 <= len(identity) <= 200:
        raise ValueError("a message's id has from 1 to 200 characters")
    if not isinstance(document["livemode"], bool):
        raise TypeError("livemode is true or false")
    return Notice(
        id=identity,
        type=str(document["type"])[:80],
        kind=_KINDS[type(first)],
        ref=first.ref,
        created_at=_moment(document["created_at"]),
        account=None,
        livemode=document["livemode"],
        version=None,
        seen=seen,
    )


def signed(key: bytes, body: bytes, at: datetime) -> dict[str, str]:
    """The headers that a message or a request carries."""
    stamp = str(int(at.timestamp()))
    return {TIME: stamp, MARK: f"v1={_mark(key, stamp, body)}"}


def check(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Raises Forged. Several keys: the one in use and the one before, while it is being changed."""
    stamp = headers.get(TIME, "")
    marks = [part[3:] for part in headers.get(MARK, "").split(",") if part.startswith("v1=")]
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise Forged("there is no time on it")
    wanted = [_mark(key, stamp, body).encode() for key in keys]
    if not any(hmac.compare_digest(mine, mark.encode()) for mine in wanted for mark in marks):
        raise Forged("the signature is not ours")
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
        raise Forged("it is too old or too new")


def read(body: bytes) -> Notice:
    """Raises Forged for what cannot be read."""
    try:
        return load_notice(json.loads(body))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise Forged(f"it cannot be read: {error}") from error


def _dump_state(state: State) -> dict[str, Any]:
    kind = _KINDS[type(state)]
    return {"kind": kind.value, "state": _STATES[kind].dump_python(state, mode="json")}


def _moment(text: Any) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return found


def _mark(key: bytes, stamp: str, body: bytes) -> str:
    return hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
