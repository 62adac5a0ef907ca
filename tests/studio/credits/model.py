"""The ledger in plain Python: the reference that the state machine compares PostgreSQL with.

Written from the promises, not from the SQL, and as slowly as it likes: lots are sorted anew for every question,
and time is settled event by event.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

MOST = 2**53


def boundary(anchor: datetime, k: int) -> datetime:
    """The anchor + k months, clamped to the month."""
    month = anchor.month - 1 + k
    year, month = anchor.year + month // 12, month % 12 + 1
    return anchor.replace(year=year, month=month, day=min(anchor.day, calendar.monthrange(year, month)[1]))


def period_of(anchor: datetime, at: datetime) -> int:
    k = -1200
    while boundary(anchor, k + 1) <= at:
        k += 1
    return k


class Refusal(Exception):
    def __init__(self, code: str, **detail: Any) -> None:
        self.answer = {"ok": False, "code": code, **detail}


@dataclass
class Lot:
    source: str
    priority: int
    effective_at: datetime
    expires_at: datetime | None
    granted: int
    ref: str | None
    id: str = ""
    """Known once PostgreSQL has chosen it; only ties in the burn order look at it."""
    remaining: int = 0
    held: int = 0
    frozen: int = 0
    clawed: int = 0
    expired: int = 0
    is_frozen: bool = False

    def burns(self) -> tuple[Any, ...]:
        ends = self.expires_at or datetime.max.replace(tzinfo=UTC)
        return (self.priority, ends, self.source == "purchased", self.effective_at, self.id)


@dataclass
class Hold:
    amount: int
    expires_at: datetime
    taken: list[tuple[Lot | None, int]]
    """What it set aside and drew, in the order in which it is spent; None: debt."""
    member: str | None = None
    opened_at: datetime | None = None
    state: str = "open"
    charged: int = 0
    refunded: int = 0

    def used(self) -> int:
        return {"open": self.amount, "finalized": self.charged - self.refunded}.get(self.state, 0)


@dataclass
class Model:
    """One wallet. `apply` answers like the SQL does, but for `seq`."""

    now: datetime
    anchor: datetime
    allowance: int
    lots: list[Lot] = field(default_factory=list)
    holds: dict[str, Hold] = field(default_factory=dict)
    debt: int = 0
    period: int = 0
    until: datetime | None = None
    """Months that begin then or later include nothing."""
    kept: datetime | None = None
    """What is left of the last of them stays until then."""
    caps: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("in", "spent", "expired", "clawed"), 0)
    )

    @property
    def available(self) -> int:
        return sum(lot.remaining for lot in self.lots)

    @property
    def held(self) -> int:
        return sum(hold.amount for hold in self.holds.values() if hold.state == "open")

    @property
    def frozen(self) -> int:
        return sum(lot.frozen for lot in self.lots)

    def used(self, member: str | None, at: date) -> int:
        """What came of the holds that a member opened in the month of `at`."""
        month = (at.year, at.month)
        return sum(
            hold.used()
            for hold in self.holds.values()
            if hold.member == member
            and hold.opened_at
            and (hold.opened_at.year, hold.opened_at.month) == month
        )

    # Time.

    def settle(self, now: datetime) -> None:
        """Everything that time decides up to `now`, in the order in which it does."""
        while True:
            events: list[tuple[datetime, int, str, Any]] = [
                (boundary(self.anchor, self.period + 1), 2, "", None)
            ]
            if self.until == events[0][0] and self._keeping(self.until) and self._last():
                events.append((self.until, -1, "", None))
            events += [(h.expires_at, 0, i, h) for i, h in self.holds.items() if h.state == "open"]
            events += [
                (lot.expires_at, 1, lot.id, lot) for lot in self.lots if lot.remaining and lot.expires_at
            ]
            at, turn, _, what = min(events, key=lambda event: event[:3])
            if at > now:
                break
            self.now = at
            if turn == -1:
                for lot in self._last():
                    lot.expires_at = self.kept
            elif turn == 0:
                what.state = "expired"
                self._give_back(what.taken)
            elif turn == 1:
                self._expire(what)
            else:
                self.period += 1
                self._allow(self._included(at), None)
        self.now = max(self.now, now)

    # Parts.

    def _keeping(self, at: datetime) -> bool:
        """Whether what is paid for has ended, and its credits have not."""
        return self.until is not None and self.kept is not None and self.until <= at < self.kept

    def _last(self) -> list[Lot]:
        """What runs out just when what is paid for ends."""
        return [lot for lot in self.lots if lot.source == "included" and lot.expires_at == self.until]

    def _expire(self, lot: Lot) -> None:
        self.totals["expired"] += lot.remaining
        lot.expired += lot.remaining
        lot.remaining = 0

    def _return(self, lot: Lot, amount: int) -> None:
        lot.remaining += amount
        if lot.expires_at is not None and lot.expires_at <= self.now:
            self._expire(lot)
        elif lot.is_frozen:
            lot.frozen, lot.remaining = lot.frozen + lot.remaining, 0

    def _give_back(self, taken: list[tuple[Lot | None, int]]) -> None:
        for lot, amount in reversed(taken):
            assert lot is not None
            lot.held -= amount
            self._return(lot, amount)

    def _take(self, amount: int) -> list[tuple[Lot | None, int]]:
        taken: list[tuple[Lot | None, int]] = []
        for lot in sorted(self.lots, key=Lot.burns):
            part = min(amount, lot.remaining)
            if part:
                lot.remaining -= part
                amount -= part
                taken.append((lot, part))
        assert amount == 0
        return taken

    def _open(self, lot: Lot, *, kind: str = "in") -> Lot:
        self.lots.append(lot)
        lot.remaining = lot.granted
        if kind == "in":
            self.totals["in"] += lot.granted
            paid = min(self.debt, lot.granted)
            self.debt -= paid
            lot.remaining -= paid
        return lot

    def _allow(self, amount: int, ref: str | None) -> Lot | None:
        start = boundary(self.anchor, self.period)
        if not self._keeping(self.now):
            self._end([lot for lot in self.lots if lot.source == "included"])
        ref = ref or f"allowance:{start:%Y-%m-%dT%H:%M:%S}"
        if amount == 0 or any(lot.ref == ref for lot in self.lots):
            return None
        return self._open(Lot("included", 50, start, boundary(self.anchor, self.period + 1), amount, ref))

    def _end(self, lots: list[Lot]) -> None:
        for lot in lots:
            lot.expires_at = min(lot.expires_at or self.now, self.now)
            self._expire(lot)

    def _included(self, at: datetime) -> int:
        return 0 if self.until is not None and self.until <= at else self.allowance

    # Commands.

    def apply(self, command: dict[str, Any], now: datetime) -> dict[str, Any]:
        self.settle(now)
        try:
            answer = getattr(self, command["kind"])(command)
        except Refusal as refusal:
            return refusal.answer
        return {"ok": True, "available": self.available, "held": self.held, "debt": self.debt} | answer

    def reserve(self, c: dict[str, Any]) -> dict[str, Any]:
        if sum(hold["amount"] for hold in c["holds"]) > MOST:
            raise Refusal("invalid", message="The holds together are more than 2^53 micro-credits.")
        if any(hold["id"] in self.holds for hold in c["holds"]):
            raise Refusal("hold_exists")
        member = c.get("actor")
        cap = self.caps.get(member)
        room = None if cap is None else cap - self.used(member, self.now)
        accepted, total, short = [], 0, None
        for hold in c["holds"]:
            total += hold["amount"]
            if total > self.available:
                short = short or "insufficient_credits"
            elif room is not None and total > room:
                short = short or "member_cap_reached"
            else:
                accepted.append(hold)
        refused = c["holds"][len(accepted) :]
        if refused and not (c["partial"] and accepted):
            if short == "member_cap_reached":
                left = max(0, min(self.available, room))
                raise Refusal(short, needed=total, available=left, cap=cap)
            raise Refusal("insufficient_credits", needed=total, available=self.available)
        for hold in accepted:
            taken = self._take(hold["amount"])
            for lot, part in taken:
                assert lot is not None
                lot.held += part
            ends = self.now + timedelta(seconds=c["expires_in"])
            self.holds[hold["id"]] = Hold(hold["amount"], ends, taken, member, self.now)
        capped = {"short": short} if short == "member_cap_reached" else {}
        return {"holds": accepted, "refused": [hold["id"] for hold in refused], **capped}

    def finalize(self, c: dict[str, Any]) -> dict[str, Any]:
        hold = self._hold(c)
        if hold.state not in ("open", "expired"):
            raise Refusal("hold_ended", state=hold.state)
        late = hold.state == "expired"
        wanted = min(c["amount"], hold.amount) if c["policy"] == "cap" else c["amount"]
        within = 0 if late else min(wanted, hold.amount)
        drawn = min(wanted - within, self.available)
        uncovered = wanted - within - drawn
        owed = min(uncovered, max(0, hold.amount - drawn)) if late else 0
        if c["policy"] == "debt":
            room = MOST * 2 if "limit" not in c else max(0, c["limit"] - self.debt - owed)
            owed += min(uncovered - owed, room)
        if self.debt + owed > MOST:
            raise Refusal("overflow", most=MOST)
        kept: list[tuple[Lot | None, int]] = []
        if not late:
            back, left = [], within
            for lot, amount in hold.taken:
                assert lot is not None
                part = min(left, amount)
                left -= part
                lot.held -= part
                kept += [(lot, part)] if part else []
                back += [(lot, amount - part)] if amount > part else []
            self._give_back(back)
        kept += self._take(drawn) + ([(None, owed)] if owed else [])
        self.debt += owed
        hold.state, hold.taken, hold.charged = "finalized", kept, within + drawn + owed
        self.totals["spent"] += hold.charged
        return {"charged": hold.charged, "released": 0 if late else hold.amount - within, "late": late}

    def release(self, c: dict[str, Any]) -> dict[str, Any]:
        hold = self._hold(c)
        if hold.state != "open":
            raise Refusal("hold_ended", state=hold.state)
        hold.state = "released"
        self._give_back(hold.taken)
        return {"released": hold.amount}

    def refund(self, c: dict[str, Any]) -> dict[str, Any]:
        hold = self._hold(c)
        if hold.state != "finalized":
            raise Refusal("not_charged", state=hold.state)
        if c["amount"] > hold.charged - hold.refunded:
            raise Refusal("too_much", refundable=hold.charged - hold.refunded)
        left = c["amount"]
        hold.refunded += left
        self.totals["spent"] -= left
        while left:
            lot, amount = hold.taken.pop()
            part = min(left, amount)
            left -= part
            if part < amount:
                hold.taken.append((lot, amount - part))
            if lot is None:
                forgiven = min(part, self.debt)
                self.debt -= forgiven
                if part > forgiven:
                    self._open(Lot("refund", 50, self.now, None, part - forgiven, None), kind="back")
            else:
                self._return(lot, part)
        return {"refunded": c["amount"]}

    def grant(self, c: dict[str, Any]) -> dict[str, Any]:
        ends = datetime.fromisoformat(c["expires_at"]) if c.get("expires_at") else None
        if ends is not None and ends <= self.now:
            raise Refusal(
                "invalid", message="A grant takes effect now or before and runs out later than now."
            )
        if self.available + self.held + c["amount"] > MOST:
            raise Refusal("overflow", most=MOST)
        if any(lot.ref == c["ref"] for lot in self.lots):
            raise Refusal("already_granted", ref=c["ref"])
        source = c.get("source", "purchased")
        lot = Lot(source, c.get("priority", 50), self.now, ends, c["amount"], c["ref"])
        debt = self.debt
        self._open(lot)
        return {"repaid": min(debt, c["amount"]), "lot": lot}

    topup = grant

    def monthly_reset(self, c: dict[str, Any]) -> dict[str, Any]:
        anchor = datetime.fromisoformat(c["anchor"]) if "anchor" in c else self.anchor
        if anchor > self.now:
            raise Refusal(
                "invalid", message="A grant takes effect now or before and runs out later than now."
            )
        period = period_of(anchor, self.now)
        ref = c.get("ref") or f"allowance:{boundary(anchor, period):%Y-%m-%dT%H:%M:%S}"
        if self.available + self.held + c["amount"] > MOST:
            raise Refusal("overflow", most=MOST)
        if any(lot.ref == ref for lot in self.lots):
            raise Refusal("already_granted", ref=ref)
        self.anchor, self.period, self.allowance, debt = anchor, period, c["amount"], self.debt
        self.until = self.kept = None
        lot = self._allow(c["amount"], ref)
        return {"repaid": min(debt, c["amount"]), "lot": lot}

    def terms(self, c: dict[str, Any]) -> dict[str, Any]:
        anchor = datetime.fromisoformat(c["anchor"])
        until = datetime.fromisoformat(c["until"]) if "until" in c else None
        granted = 0 if until is not None and until <= self.now else c["amount"]
        if anchor > self.now:
            raise Refusal(
                "invalid", message="A grant takes effect now or before and runs out later than now."
            )
        if self.available + self.held + granted > MOST:
            raise Refusal("overflow", most=MOST)
        period = period_of(anchor, self.now)
        ref = f"allowance:{boundary(anchor, period):%Y-%m-%dT%H:%M:%S}"
        self.anchor, self.period, self.allowance, self.until = anchor, period, c["amount"], until
        self.kept = datetime.fromisoformat(c["kept"]) if "kept" in c else None
        if any(lot.ref == ref for lot in self.lots):
            start, ended = boundary(anchor, period), until is not None and until <= self.now
            if not self._keeping(self.now):
                self._end(
                    [
                        lot
                        for lot in self.lots
                        if lot.source == "included" and (ended or lot.effective_at < start or lot.ref != ref)
                    ]
                )
            return {"repaid": 0, "lot": None}
        debt = self.debt
        lot = self._allow(granted, ref)
        return {"repaid": min(debt, granted), "lot": lot}

    def adjust(self, c: dict[str, Any]) -> dict[str, Any]:
        amount = c["amount"]
        if amount > 0:
            if self.available + self.held + amount > MOST:
                raise Refusal("overflow", most=MOST)
            debt = self.debt
            lot = self._open(Lot("adjustment", 50, self.now, None, amount, None))
            return {"repaid": min(debt, amount), "lot": lot}
        if -amount > self.available:
            raise Refusal("insufficient_credits", needed=-amount, available=self.available)
        self._take(-amount)
        self.totals["in"] += amount
        return {}

    def expire(self, c: dict[str, Any]) -> dict[str, Any]:
        lot = self._lot(c)
        expired = lot.remaining
        lot.expires_at = min(lot.expires_at or self.now, self.now)
        self._expire(lot)
        return {"expired": expired}

    def freeze(self, c: dict[str, Any]) -> dict[str, Any]:
        lot = self._lot(c)
        if lot.is_frozen:
            raise Refusal("lot_frozen")
        frozen, lot.is_frozen = lot.remaining, True
        lot.frozen, lot.remaining = lot.frozen + lot.remaining, 0
        return {"frozen": frozen}

    def unfreeze(self, c: dict[str, Any]) -> dict[str, Any]:
        lot = self._lot(c)
        if not lot.is_frozen:
            raise Refusal("lot_not_frozen")
        frozen, lot.frozen, lot.is_frozen = lot.frozen, 0, False
        self._return(lot, frozen)
        return {"unfrozen": frozen}

    def reopen(self, c: dict[str, Any]) -> dict[str, Any]:
        lot, ends = self._lot(c), datetime.fromisoformat(c["expires_at"])
        if lot.expires_at is None or lot.expires_at > self.now or ends <= self.now:
            raise Refusal("invalid", message="What has run out is reopened up to a moment later than now.")
        amount = lot.expired
        if self.available + self.held + amount > MOST:
            raise Refusal("overflow", most=MOST)
        lot.expires_at, lot.expired = ends, 0
        self.totals["expired"] -= amount
        lot.remaining += amount
        if lot.is_frozen:
            lot.frozen, lot.remaining = lot.frozen + lot.remaining, 0
        else:
            paid = min(self.debt, amount)
            self.debt -= paid
            lot.remaining -= paid
        return {"reopened": amount}

    def claw(self, c: dict[str, Any]) -> dict[str, Any]:
        lot = self._lot(c)
        if c["amount"] > lot.granted - lot.clawed:
            raise Refusal("too_much", clawable=lot.granted - lot.clawed)
        frozen = min(c["amount"], lot.frozen)
        taken = min(c["amount"] - frozen, lot.remaining)
        owed = c["amount"] - frozen - taken
        lot.frozen -= frozen
        lot.remaining -= taken
        lot.clawed += c["amount"]
        self.debt += owed
        self.totals["clawed"] += c["amount"]
        return {"clawed": frozen + taken, "owed": owed}

    def _hold(self, c: dict[str, Any]) -> Hold:
        if c["hold"] not in self.holds:
            raise Refusal("not_found")
        return self.holds[c["hold"]]

    def _lot(self, c: dict[str, Any]) -> Lot:
        for lot in self.lots:
            if lot.id == c["lot"]:
                return lot
        raise Refusal("not_found")

    def check(self) -> None:
        """P1 and P9 of the model itself."""
        assert min(self.available, self.held, self.debt) >= 0
        assert self.held == sum(lot.held for lot in self.lots)
        t = self.totals
        assert (
            t["in"]
            == t["spent"] + t["expired"] + t["clawed"] + self.available + self.held + self.frozen - self.debt
        )
