"""What billing's facts do to the ledger, each in the transaction that publishes the fact: wiring subscribes these.

Every command's key is made of the fact's own ref, which is told once: so nothing is granted or taken twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from packshot.db.sql import call, rows
from packshot.foundation.billing.facts import (
    DisputeClosed,
    DisputeOpened,
    PackPurchased,
    PaymentRefunded,
    PeriodPaid,
    PlanChanged,
    Source,
)
from packshot.foundation.billing.months import difference, month_at
from packshot.foundation.letters.commands import post
from packshot.studio.credits import commands


@dataclass(frozen=True, slots=True)
class _Lot:
    id: UUID
    granted: int
    clawed: int
    expired: int
    """What of it, and of what came back, nobody had used when it ran out: that is not taken a second time."""
    frozen: bool
    expires_at: datetime | None
    restored: int
    """What came back after a claw, in lots of their own."""
    debt: int
    """The whole wallet's."""

    @property
    def taken(self) -> int:
        return self.clawed - self.restored


def set_allowance(fact: PeriodPaid) -> None:
    """Each month from now on, on the billing anniversary; on the free plan with the calendar's months, for ever.

    A month that has had its credits and was ended by other terms since is reopened.
    """
    anchor = fact.anchor or _now().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    note = {"plan": fact.plan}
    had = commands.terms(
        fact.organization_id,
        fact.allowance,
        key=fact.ref,
        anchor=anchor,
        until=fact.until,
        kept=fact.kept_until,
        note=note,
    )
    now = _now()
    if had and (fact.until is None or fact.until > now):
        # It is this organization's again, after money that had gone back came again: as it was left.
        month = month_at(anchor, now)
        for row in rows("credits_ended_early_v1", fact.organization_id, month.start, month.end):
            commands.reopen(
                fact.organization_id, row["id"], month.end, key=f"{fact.ref}:{row['id']}", note=note
            )


def add_difference(fact: PlanChanged) -> None:
    """An upgrade within a month brings the difference for the rest of it; it runs out with the month."""
    month = month_at(fact.anchor, fact.at)
    amount = difference(fact.before, fact.after, month, fact.at)
    if amount > 0 and month.end > _now():
        commands.grant(
            fact.organization_id,
            amount,
            key=fact.ref,
            ref=fact.ref,
            source="included",
            expires_at=month.end,
            note={"plan": fact.plan},
        )


def add_pack(fact: PackPurchased) -> None:
    commands.topup(fact.organization_id, fact.credits, key=fact.ref, ref=fact.ref, note={"pack": fact.pack})


def take_back(fact: PaymentRefunded) -> None:
    """Of each lot that the payment brought, as large a part as of the money went back, rounded up: so what has been
    taken depends on the sum that went back alone, and not on how many refunds it came in."""
    taken = restored = 0
    for source in fact.sources:
        for lot in _lots(fact.organization_id, source):
            target = -(-lot.granted * fact.returned // fact.paid)
            more = min(target, lot.granted - lot.expired) - lot.taken
            if more > 0:
                _claw(fact, lot, more)
                taken += more
            elif more < 0:
                restored += _restore(fact, lot, -more)
    told = {"returned": fact.returned, "paid": fact.paid, "currency": fact.currency}
    post(fact.organization_id, fact.ref, "credits.refunded", told | {"taken": taken, "restored": restored})


def freeze(fact: DisputeOpened) -> None:
    for lot, frozen in _with_restored(fact.organization_id, fact.sources):
        if not frozen:
            commands.freeze(fact.organization_id, lot, key=f"{fact.ref}:{lot}", note=_note(fact))
    post(fact.organization_id, fact.ref, "credits.disputed", {})


def unfreeze(fact: DisputeClosed) -> None:
    for lot, frozen in _with_restored(fact.organization_id, fact.sources):
        if frozen:
            commands.unfreeze(fact.organization_id, lot, key=f"{fact.ref}:{lot}", note=_note(fact))
    post(fact.organization_id, fact.ref, "credits.dispute_closed", {"outcome": fact.outcome})


# Parts.


def _claw(fact: PaymentRefunded, lot: _Lot, amount: int) -> None:
    """What came back before goes first, so that the whole never becomes more than the lot."""
    left = amount
    for row in rows("credits_restored_v1", fact.organization_id, lot.id):
        part = min(left, row["left_over"])
        if part > 0:
            commands.claw(
                fact.organization_id, row["id"], part, key=f"{fact.ref}:{row['id']}", note=_note(fact)
            )
            left -= part
    if left > 0:
        commands.claw(fact.organization_id, lot.id, left, key=f"{fact.ref}:{lot.id}", note=_note(fact))


def _restore(fact: PaymentRefunded, lot: _Lot, amount: int) -> int:
    """A refund that failed, or a dispute that was won after all: the credits come back as they were, first against what
    the claw made the wallet owe. Of a lot that has run out meanwhile, only that. Says how many."""
    over = lot.expires_at is not None and lot.expires_at <= _now()
    if over:
        amount = min(amount, lot.debt)
    if amount <= 0:
        return 0
    ref = f"restored:{lot.id}:{fact.ref}"
    restored = commands.grant(
        fact.organization_id,
        amount,
        key=ref[:200],
        ref=ref[:200],
        source="purchased" if over or lot.expires_at is None else "included",
        expires_at=None if over else lot.expires_at,
        note=_note(fact),
    )
    if lot.frozen:
        commands.freeze(
            fact.organization_id, restored.lot, key=f"{fact.ref}:freeze:{lot.id}", note=_note(fact)
        )
    return amount


def _lots(wallet: UUID, source: Source) -> list[_Lot]:
    months = [month.isoformat() for month in source.months]
    return [_Lot(**row) for row in rows("credits_lots_of_v1", wallet, source.ref, months)]


def _with_restored(wallet: UUID, sources: tuple[Source, ...]) -> list[tuple[UUID, bool]]:
    found: dict[UUID, bool] = {}
    for source in sources:
        for lot in _lots(wallet, source):
            found[lot.id] = lot.frozen
            for row in rows("credits_restored_v1", wallet, lot.id):
                found[row["id"]] = row["frozen"]
    return list(found.items())


def _note(fact: PaymentRefunded | DisputeOpened | DisputeClosed) -> dict[str, str]:
    return {"payment": fact.payment}


def _now() -> datetime:
    found: datetime = call("app.now")
    return found
