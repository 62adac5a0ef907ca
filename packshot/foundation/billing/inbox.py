"""What providers tell: verified and stored at once, worked off by a worker, and looked for where it did not come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.db import connection

from packshot.db.sql import call, rows
from packshot.foundation.billing import projecting, providers
from packshot.foundation.billing.errors import NoticeForged
from packshot.foundation.billing.states import dump_seen, load_seen
from packshot.ports.payment_states import Kind, Notice
from packshot.ports.payments import Forged, Missing, Payments, PaymentsUnavailable

log = structlog.get_logger(__name__)


def receive(name: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Take a provider's message: verified, stored once for ever; False when it was known.

    Nobody is asked anything here. Raises NotFound (no such provider) and NoticeForged.
    """
    provider = providers.named(name)
    small = {key.lower(): value for key, value in headers.items()}
    try:
        notice = provider.verify(small, body, now())
    except Forged as error:
        raise NoticeForged(str(error)) from error
    try:
        return store(provider, notice)
    finally:
        connection.close()


def store(provider: Payments, notice: Notice) -> bool:
    state, error = "waiting", _disbelief(provider, notice)
    if error is not None:
        state = "parked"
        log.error("payment message parked", provider=provider.name, message=notice.id, why=error)
    elif notice.seen is None and (notice.kind is None or notice.ref is None):
        state = "ignored"
    return bool(
        call(
            "billing_receive_v1",
            provider.name,
            notice.id,
            notice.type,
            None if notice.kind is None else notice.kind.value,
            notice.ref,
            notice.version,
            notice.created_at,
            None if notice.seen is None else dump_seen(notice.seen),
            state,
            error,
        )
    )


def work(limit: int = 20) -> int:
    """Work off what waits, and say how much it was. Several workers may at once."""
    try:
        found = rows("billing_take_v1", limit)
    finally:
        connection.close()
    for message in found:
        try:
            _handle(message["id"], message["provider"], message["kind"], message["ref"], message["seen"])
        except Exception as error:  # noqa: BLE001  (the message comes again, and the next ones are not to wait)
            level = log.warning if isinstance(error, PaymentsUnavailable) else log.exception
            level("payment message not handled", message=message["id"], error=str(error))
            try:
                call("billing_not_handled_v1", message["id"], f"{type(error).__name__}: {error}"[:500])
            finally:
                connection.close()
    return len(found)


def reconcile(days: int = 3) -> dict[str, int]:
    """Find what messages missed: everything the provider has told in these days, and every subscription that runs.

    What is known already changes nothing. Raises NotSold and PaymentsUnavailable.
    """
    provider = providers.provider()
    told = found = 0
    for notice in provider.since(now() - timedelta(days=days)):
        told += 1
        found += store(provider, notice)
    handled = 0
    while worked := work(100):
        handled += worked
    looked = 0
    for row in rows("billing_running_v1", provider.name):
        try:
            projecting.apply(provider.name, provider.fetch(Kind(row["kind"]), row["ref"]))
        except Missing:
            log.error("the provider does not know it any more", kind=row["kind"], ref=row["ref"])
        looked += 1
    connection.close()
    return {"told": told, "missed": found, "handled": handled, "looked": looked}


def now() -> datetime:
    """The time that money goes by; keeps no connection but inside a transaction."""
    try:
        found: datetime = call("app.now")
        return found
    finally:
        if not connection.in_atomic_block:
            connection.close()


def _handle(message: int, name: str, kind: str, ref: str, seen: str | dict[str, object] | None) -> None:
    provider = providers.named(name)
    if seen is not None:
        document = json.loads(seen) if isinstance(seen, str) else seen
        projecting.apply(name, load_seen(document), message)
        return
    try:
        states = provider.fetch(Kind(kind), ref)
    except Missing as error:
        # Not of our account, or not yet to be seen there: a few tries tell the two apart.
        raise PaymentsUnavailable(f"the provider does not know {kind} {ref}") from error
    projecting.apply(name, states, message)


def _disbelief(provider: Payments, notice: Notice) -> str | None:
    """Why a genuine message is not believed."""
    if notice.livemode != provider.livemode:
        return "it is of the other mode (live or test)"
    if notice.account is not None and provider.account is not None and notice.account != provider.account:
        return f"it is about the account {notice.account}"
    if notice.version is not None and provider.version is not None and notice.version != provider.version:
        return f"its format is of version {notice.version}"
    return None
