"""The log, folded: what the entries alone say a wallet and its lots must be. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class LogEntry(NamedTuple):
    wallet_id: UUID
    seq: int
    kind: str
    amount: int
    lot_id: UUID | None
    hold_id: UUID | None
    available_after: int
    held_after: int
    debt_after: int
    at: datetime
    command: str | None


@dataclass(slots=True)
class LotFold:
    """By what the entries say: remaining + held + frozen + spent + expired + clawed + repaid + withdrawn = came."""

    came: int = 0
    remaining: int = 0
    held: int = 0
    frozen: int = 0
    spent: int = 0
    expired: int = 0
    clawed: int = 0
    repaid: int = 0
    withdrawn: int = 0
    """Adjusted away by staff."""


class Effect(NamedTuple):
    """What one entry does to the wallet's balances, in units of its size."""

    available: int
    held: int
    debt: int


# What an entry of each kind may do; a debit is the hold's, or drawn from what is available, or becomes debt;
# an expire upwards takes one back.
_EFFECTS: dict[str, tuple[Effect, ...]] = {
    "grant": (Effect(1, 0, 0),),
    "topup": (Effect(1, 0, 0),),
    "monthly_reset": (Effect(1, 0, 0),),
    "adjust": (Effect(1, 0, 0), Effect(-1, 0, 0)),
    "reserve": (Effect(-1, 1, 0),),
    "release": (Effect(1, -1, 0),),
    "debit": (Effect(0, -1, 0), Effect(-1, 0, 0), Effect(0, 0, 1)),
    "refund": (Effect(1, 0, 0), Effect(0, 0, -1)),
    "expire": (Effect(-1, 0, 0), Effect(1, 0, 0)),
    "freeze": (Effect(-1, 0, 0),),
    "unfreeze": (Effect(1, 0, 0),),
    "claw": (Effect(-1, 0, 0), Effect(0, 0, 0), Effect(0, 0, 1)),
    "repay": (Effect(-1, 0, -1),),
}
_UPWARDS = {"grant", "topup", "monthly_reset", "release", "refund", "unfreeze"}
_GRANTS = {"grant", "topup", "monthly_reset", "adjust"}


@dataclass(slots=True)
class WalletFold:
    """Entries go in by `add`, in the order of `seq`; it says what is wrong with each, in sentences."""

    available: int = 0
    held: int = 0
    debt: int = 0
    seq: int = 0
    at: datetime | None = None
    granted: int = 0
    spent: int = 0
    expired: int = 0
    clawed: int = 0
    lots: dict[UUID, LotFold] = field(default_factory=dict)

    @property
    def frozen(self) -> int:
        return sum(lot.frozen for lot in self.lots.values())

    def add(self, entry: LogEntry) -> list[str]:
        found: list[str] = []
        if entry.seq != self.seq + 1:
            found.append(f"entry {self.seq + 1} is missing: entry {entry.seq} follows entry {self.seq}")
        if self.at is not None and entry.at < self.at:
            found.append(f"entry {entry.seq} is older than the one before it")
        self.seq, self.at = entry.seq, entry.at
        size = abs(entry.amount)
        effect = Effect(
            entry.available_after - self.available, entry.held_after - self.held, entry.debt_after - self.debt
        )
        fitting = [
            unit
            for unit in _EFFECTS.get(entry.kind, ())
            if (unit.available * size, unit.held * size, unit.debt * size) == effect
        ]
        if not fitting:
            found.append(
                f"entry {entry.seq}, a {entry.kind} of {entry.amount}, moves available by {effect.available}, "
                f"held by {effect.held} and debt by {effect.debt}, which no {entry.kind} of that size does"
            )
        if fitting and not self._sign(entry, fitting[0]):
            found.append(f"entry {entry.seq}, a {entry.kind} of {entry.amount}, has the wrong sign")
        self.available, self.held, self.debt = entry.available_after, entry.held_after, entry.debt_after
        if min(self.available, self.held, self.debt) < 0:
            found.append(f"entry {entry.seq} leaves a balance below zero")
        if fitting:
            self._book(entry, fitting[0], size)
        return found

    def unaccounted(self) -> int:
        """P9: granted - (spent + expired + clawed + available + held + frozen - debt), which must be 0."""
        there = self.available + self.held + self.frozen - self.debt
        return self.granted - (self.spent + self.expired + self.clawed + there)

    @staticmethod
    def _sign(entry: LogEntry, effect: Effect) -> bool:
        if entry.kind in ("adjust", "expire"):
            return (entry.amount > 0) == (effect.available > 0)
        return (entry.amount > 0) == (entry.kind in _UPWARDS)

    def _book(self, entry: LogEntry, effect: Effect, size: int) -> None:
        lot = self.lots.setdefault(entry.lot_id, LotFold()) if entry.lot_id is not None else LotFold()
        lot.remaining += effect.available * size
        lot.held += effect.held * size
        match entry.kind:
            case kind if kind in _GRANTS:
                self.granted += entry.amount
                lot.came += max(entry.amount, 0)
                lot.withdrawn += max(-entry.amount, 0)
            case "debit":
                self.spent += size
                lot.spent += size
            case "refund":
                self.spent -= size
                lot.spent -= size
            case "expire":
                self.expired -= entry.amount
                lot.expired -= entry.amount
            case "freeze":
                lot.frozen += size
            case "unfreeze":
                lot.frozen -= size
            case "claw":
                self.clawed += size
                lot.frozen -= size if effect == (0, 0, 0) else 0
                lot.clawed += 0 if effect.debt else size
            case "repay":
                lot.repaid += size
