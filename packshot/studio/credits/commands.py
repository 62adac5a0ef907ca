"""Every write on credits. Amounts are micro-credits.

Each command carries a key: sent again with the same key and body it has its one effect and gets its one answer,
for ever; so after a lost connection the same call is simply made again. Refusals are raised as the errors of
`errors.py`, and are remembered too.

Outside a transaction commands travel with those of the process's other threads (see `packshot.db.combiner`) and
are committed when the function returns. Inside one they belong to it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from packshot.db.combiner import Combiner
from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Unavailable
from packshot.foundation.organizations.facts import OrganizationOpened
from packshot.studio.credits.errors import problem

Json = dict[str, Any]
Policy = Literal["cap", "draw", "debt"]
Source = Literal["included", "promotional", "purchased"]

_PATIENCE_S = 20.0
"""How long a command waits for a database that went away; the guard has it back within a few seconds."""


@dataclass(frozen=True, slots=True)
class After:
    """The wallet as the command left it."""

    available: int
    held: int
    debt: int
    seq: int


@dataclass(frozen=True, slots=True)
class Reserved:
    holds: dict[UUID, int]
    refused: list[UUID]
    """In a partial reserve: the holds that the balance did not reach."""
    after: After


@dataclass(frozen=True, slots=True)
class Finalized:
    charged: int
    released: int
    late: bool
    """The hold had run out; the charge came from what the wallet had then, and from debt."""
    after: After


@dataclass(frozen=True, slots=True)
class Released:
    released: int
    after: After


@dataclass(frozen=True, slots=True)
class Refunded:
    refunded: int
    after: After


@dataclass(frozen=True, slots=True)
class Granted:
    lot: UUID
    repaid: int
    """What of the grant went into debt at once."""
    after: After


@dataclass(frozen=True, slots=True)
class Moved:
    """A lot was frozen, unfrozen, expired or clawed back, or a balance adjusted downwards."""

    amount: int
    owed: int
    """What of a claw was spent already and became debt."""
    after: After


def open_wallet(opened: OrganizationOpened) -> None:
    """A new organization's wallet with the free allowance, in the transaction that opens the organization."""
    call("credits_open_wallet_v1", opened.organization_id)


def reserve(
    wallet: UUID,
    holds: Sequence[tuple[UUID, int]],
    *,
    key: str,
    expires_in: int,
    partial: bool = False,
    actor: UUID | None = None,
    ref: Json | None = None,
) -> Reserved:
    """Set credits aside for `expires_in` seconds: all holds, or with `partial` as many of the first as can be had.

    Raises InsufficientCredits, MemberCapReached, Invalid, KeyReused, LedgerConflict, NotFound.
    """
    asked = [{"id": str(hold), "amount": amount} for hold, amount in holds]
    answer = _run(
        {
            "kind": "reserve",
            "wallet": str(wallet),
            "holds": asked,
            "partial": partial,
            "expires_in": expires_in,
        },
        key,
        actor,
        ref=ref,
    )
    return Reserved(
        holds={UUID(hold["id"]): hold["amount"] for hold in answer["holds"]},
        refused=[UUID(hold) for hold in answer["refused"]],
        after=_after(answer),
    )


def finalize(
    hold: UUID, amount: int, *, key: str, policy: Policy, limit: int | None = None, actor: UUID | None = None
) -> Finalized:
    """Charge what the work really cost and return the rest of the hold.

    Above the hold: `cap` charges the hold and no more, `draw` takes the rest from what the wallet has, `debt` also
    lets it owe (up to `limit` in all). Raises HoldEnded, Invalid, KeyReused, NotFound.
    """
    body = {"kind": "finalize", "hold": str(hold), "amount": amount, "policy": policy}
    answer = _run(body, key, actor, limit=limit)
    return Finalized(answer["charged"], answer["released"], answer["late"], _after(answer))


def release(hold: UUID, *, key: str, actor: UUID | None = None) -> Released:
    """Give a hold back to the lots it came from. Raises HoldEnded, KeyReused, NotFound."""
    answer = _run({"kind": "release", "hold": str(hold)}, key, actor)
    return Released(answer["released"], _after(answer))


def refund(
    hold: UUID, amount: int, *, key: str, actor: UUID | None = None, note: Json | None = None
) -> Refunded:
    """Return charged credits to the lots they came from.

    Raises Invalid, KeyReused, LedgerConflict, NotFound, TooMuch.
    """
    answer = _run({"kind": "refund", "hold": str(hold), "amount": amount}, key, actor, note=note)
    return Refunded(answer["refunded"], _after(answer))


def grant(
    wallet: UUID,
    amount: int,
    *,
    key: str,
    source: Source,
    ref: str,
    priority: int | None = None,
    expires_at: datetime | None = None,
    actor: UUID | None = None,
    note: Json | None = None,
) -> Granted:
    """Credits from us, as a lot of its own. `ref` is what for: the same one is never granted twice.

    Debt is paid first. Raises AlreadyGranted, Invalid, KeyReused, NotFound.
    """
    body = {"kind": "grant", "wallet": str(wallet), "amount": amount, "source": source, "ref": ref}
    answer = _run(body, key, actor, priority=priority, expires_at=_iso(expires_at), note=note)
    return Granted(UUID(answer["lot"]), answer["repaid"], _after(answer))


def topup(
    wallet: UUID,
    amount: int,
    *,
    key: str,
    ref: str,
    expires_at: datetime | None = None,
    actor: UUID | None = None,
    note: Json | None = None,
) -> Granted:
    """Purchased credits; `ref` names the payment. Raises AlreadyGranted, Invalid, KeyReused, NotFound."""
    body = {"kind": "topup", "wallet": str(wallet), "amount": amount, "ref": ref}
    answer = _run(body, key, actor, expires_at=_iso(expires_at), note=note)
    return Granted(UUID(answer["lot"]), answer["repaid"], _after(answer))


def monthly_reset(
    wallet: UUID,
    allowance: int,
    *,
    key: str,
    ref: str | None = None,
    anchor: datetime | None = None,
    actor: UUID | None = None,
    note: Json | None = None,
) -> Granted:
    """Set what a period includes and, with `anchor`, when periods begin; the included lot is filled up now.

    What is left of the old allowance runs out; purchased and promotional lots are not touched. Raises
    AlreadyGranted (this period, or this `ref`, has had its allowance), Invalid, KeyReused, NotFound.
    """
    body = {"kind": "monthly_reset", "wallet": str(wallet), "amount": allowance}
    answer = _run(body, key, actor, ref=ref, anchor=_iso(anchor), note=note)
    return Granted(UUID(answer["lot"]), answer["repaid"], _after(answer))


def terms(
    wallet: UUID,
    allowance: int,
    *,
    key: str,
    anchor: datetime,
    until: datetime | None,
    kept: datetime | None = None,
    actor: UUID | None = None,
    note: Json | None = None,
) -> bool:
    """What each month from now on includes, counted from `anchor`, up to `until` (None: without an end).

    A month that has had its credits keeps them, which is then the answer; another is opened now. What was left of other
    terms' months runs out. What is left of the last month when `until` comes stays up to `kept`, or until other terms
    are said. Raises Invalid and KeyReused.
    """
    body = {"kind": "terms", "wallet": str(wallet), "amount": allowance, "anchor": anchor.isoformat()}
    answer = _run(body, key, actor, until=_iso(until), kept=_iso(kept), note=note)
    return answer["lot"] is None


def reopen(
    wallet: UUID,
    lot: UUID,
    expires_at: datetime,
    *,
    key: str,
    actor: UUID | None = None,
    note: Json | None = None,
) -> After:
    """A lot that was ended before its time runs on up to `expires_at`, and all that ran out of it is there again.

    Raises Invalid (it has not ended, or `expires_at` is not later than now), KeyReused, NotFound.
    """
    body = {"kind": "reopen", "wallet": str(wallet), "lot": str(lot), "expires_at": expires_at.isoformat()}
    return _after(_run(body, key, actor, note=note))


def freeze(
    wallet: UUID, lot: UUID, *, key: str, actor: UUID | None = None, note: Json | None = None
) -> Moved:
    """Nobody spends the lot until it is unfrozen: a disputed payment. Raises KeyReused, LedgerConflict, NotFound."""
    answer = _run({"kind": "freeze", "wallet": str(wallet), "lot": str(lot)}, key, actor, note=note)
    return Moved(answer["frozen"], 0, _after(answer))


def unfreeze(
    wallet: UUID, lot: UUID, *, key: str, actor: UUID | None = None, note: Json | None = None
) -> Moved:
    """Give a frozen lot back. Raises KeyReused, LedgerConflict, NotFound."""
    answer = _run({"kind": "unfreeze", "wallet": str(wallet), "lot": str(lot)}, key, actor, note=note)
    return Moved(answer["unfrozen"], 0, _after(answer))


def claw(
    wallet: UUID, lot: UUID, amount: int, *, key: str, actor: UUID | None = None, note: Json | None = None
) -> Moved:
    """Take a lot's credits back after a refunded payment; what is spent or held of it becomes debt.

    Raises Invalid, KeyReused, NotFound, TooMuch (no more than the lot was granted).
    """
    body = {"kind": "claw", "wallet": str(wallet), "lot": str(lot), "amount": amount}
    answer = _run(body, key, actor, note=note)
    return Moved(answer["clawed"], answer["owed"], _after(answer))


def adjust(wallet: UUID, amount: int, *, key: str, actor: UUID | None, note: Json) -> After:
    """A correction by hand, up or down; only the staff's login may. Raises InsufficientCredits, Invalid, KeyReused."""
    answer = _judged(call("credits_adjust_v1", wallet, key, actor, amount, note))
    return _after(answer)


def expire(wallet: UUID, lot: UUID, *, key: str, actor: UUID | None, note: Json) -> Moved:
    """End a lot before its time; only the staff's login may. Raises KeyReused, NotFound."""
    answer = _judged(call("credits_expire_v1", wallet, key, actor, lot, note))
    return Moved(answer["expired"], 0, _after(answer))


def set_cap(actor: Actor, member_id: UUID, cap: int | None) -> None:
    """What a member may use of the wallet in a calendar month of UTC, in micro-credits; None: all there is.

    It counts from the next reserve on, with what was used this month before. Raises Forbidden (the actor is neither
    owner nor admin), Invalid, NotFound (no such member).
    """
    with acting_as(actor):
        call("credits_set_cap_v1", member_id, cap)


def tidy(limit: int = 500) -> int:
    """Book what time has decided for wallets nobody has touched; says how many. Nothing depends on it."""
    booked: int = call("credits_tidy_v1", limit)
    return booked


def _run(body: Json, key: str, actor: UUID | None, **given: Any) -> Json:
    command = body | {"key": key, "actor": None if actor is None else str(actor)}
    command |= {name: value for name, value in given.items() if value is not None}
    if connection.in_atomic_block:
        return _judged(call("credits_apply_v1", [command])[0])
    return _judged(_combiner.run(command))


def _send(commands: list[Json]) -> list[Json]:
    """On the combiner's own thread. A lost connection says nothing about the commit; the keys do: send it again."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            answers: list[Json] = call("credits_apply_v1", commands)
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > deadline:
                raise Unavailable(
                    "The ledger does not answer; nothing was lost. Please try again."
                ) from error
        else:
            return answers
        finally:
            connection.close()  # back to the pool, which drops it if it is broken


_combiner: Combiner[Json, Json] = Combiner(_send)


def _judged(answer: Json) -> Json:
    if not answer["ok"]:
        raise problem(answer)
    return answer


def _after(answer: Json) -> After:
    return After(answer["available"], answer["held"], answer["debt"], answer["seq"])


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
