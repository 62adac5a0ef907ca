"""Every read on credits. Amounts are micro-credits; a balance is always as of now, booked or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from packshot.db.sql import call, rows
from packshot.db.tenancy import Actor, acting_as
from packshot.studio.credits.models import Entry


@dataclass(frozen=True, slots=True)
class LotView:
    """Credits that came in together; in the order in which they are spent."""

    id: UUID
    source: str
    """included | purchased | promotional | adjustment | refund"""
    granted: int
    remaining: int
    held: int
    frozen: int
    effective_at: datetime
    expires_at: datetime | None
    ref: str | None


@dataclass(frozen=True, slots=True)
class Balance:
    """What a wallet has: `available` to spend, `held` for work under way, `debt` that the next grant pays."""

    wallet_id: UUID
    available: int
    held: int
    debt: int
    allowance: int
    """What each period includes."""
    next_reset_at: datetime
    lots: tuple[LotView, ...]
    """Those with something left, in burn order."""


@dataclass(frozen=True, slots=True)
class Spendable:
    """What the acting person can spend now: the wallet's, and of it what their monthly cap leaves."""

    wallet: int
    cap: int | None
    """None: as much as there is."""
    used: int
    """In this calendar month of UTC; 0 where nobody counts because there is no cap."""

    @property
    def room(self) -> int | None:
        """What the cap leaves; None without one."""
        return None if self.cap is None else max(0, self.cap - self.used)

    @property
    def amount(self) -> int:
        return self.wallet if self.room is None else min(self.wallet, self.room)

    def capped(self, needed: int) -> bool:
        """Whether it is the cap that is in the way, and not the wallet."""
        return self.room is not None and self.room < needed <= self.wallet


@dataclass(frozen=True, slots=True)
class MemberCap:
    """A member's month: what they may use, None for all there is, and what they have used."""

    member_id: UUID
    cap: int | None
    used: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """A line of the log; `amount` has the sign of a statement, the three `_after` are the balance behind it."""

    seq: int
    kind: str
    amount: int
    lot_id: UUID | None
    hold_id: UUID | None
    available_after: int
    held_after: int
    debt_after: int
    at: datetime
    actor: UUID | None
    command: str | None
    note: dict[str, Any] | None


def balance(actor: Actor) -> Balance:
    """The balance of the actor's organization at this moment; two readers at one moment agree.

    Raises Forbidden for somebody who is no member of it.
    """
    with acting_as(actor):
        return balance_of(call("credits_balance_v1"))


def balance_of(found: dict[str, Any]) -> Balance:
    """What the SQL functions say of a balance, as the dataclass."""
    return Balance(
        wallet_id=UUID(found["wallet"]),
        available=found["available"],
        held=found["held"],
        debt=found["debt"],
        allowance=found["allowance"],
        next_reset_at=datetime.fromisoformat(found["next_reset_at"]),
        lots=tuple(_lot(lot) for lot in found["lots"]),
    )


def spendable(actor: Actor) -> Spendable:
    """What the actor can spend now. Raises Forbidden for somebody who is no member."""
    with acting_as(actor):
        wallet = balance_of(call("credits_balance_v1")).available
        mine = call("credits_my_cap_v1")
    return Spendable(wallet, None, 0) if mine is None else Spendable(wallet, mine["cap"], mine["used"])


def caps(actor: Actor) -> dict[UUID, MemberCap]:
    """Every member's month, for owners and admins; raises Forbidden for others."""
    with acting_as(actor):
        return {row["member_id"]: MemberCap(**row) for row in rows("credits_caps_v1")}


def entries(actor: Actor, limit: int = 50, before: int | None = None) -> list[EntryView]:
    """The newest lines of the log, newest first; `before` continues below that `seq`."""
    with acting_as(actor):
        found = Entry.objects.filter(organization_id=actor.organization_id, wallet_id=actor.organization_id)
        if before is not None:
            found = found.filter(seq__lt=before)
        return [_entry(row) for row in found.order_by("-seq")[:limit]]


def _lot(lot: dict[str, Any]) -> LotView:
    ends = lot["expires_at"]
    return LotView(
        id=UUID(lot["id"]),
        source=lot["source"],
        granted=lot["granted"],
        remaining=lot["remaining"],
        held=lot["held"],
        frozen=lot["frozen"],
        effective_at=datetime.fromisoformat(lot["effective_at"]),
        expires_at=None if ends is None else datetime.fromisoformat(ends),
        ref=lot["ref"],
    )


def _entry(row: Entry) -> EntryView:
    return EntryView(
        seq=row.seq,
        kind=row.kind,
        amount=row.amount,
        lot_id=row.lot_id,
        hold_id=row.hold_id,
        available_after=row.available_after,
        held_after=row.held_after,
        debt_after=row.debt_after,
        at=row.at,
        actor=row.actor,
        command=row.command,
        note=row.note,
    )
