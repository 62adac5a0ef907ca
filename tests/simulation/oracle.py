"""P1-P10, asked of the database when everything has arrived: against the books outside, to the micro-credit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from packshot.db.tenancy import Actor
from packshot.foundation.billing.queries import entitlement
from packshot.studio.credits.queries import balance
from packshot.studio.credits.verify import verify
from tests.simulation.expected import FREE, Books, Period, month

_LOTS = """
select l.id, l.source, l.ref, l.granted, l.clawed, l.remaining, l.held, l.frozen, l.frozen_at is not null as is_frozen,
    l.effective_at, l.expires_at, coalesce((
        select sum(-e.amount) from credits_entry as e where e.lot_id = l.id and e.kind = 'expire'
    ), 0)::bigint as expired
from credits_lot as l where l.wallet_id = %s order by l.id
"""


Terms = tuple[int, datetime | None, datetime | None, datetime | None]
"""What months include, from where they are counted, until when, and until when what is left of the last one stays."""


class Broken(Exception):
    """A promise does not hold."""


@dataclass
class Studio:
    """An organization, and what the simulation itself knows of it."""

    name: str
    actor: Actor
    packs: dict[str, int] = field(default_factory=dict)
    """Orders of packs that were asked for: the credits that each brings."""
    spent: int = 0
    """What the ledger has said was charged, less what it said was returned."""
    previews: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Changes that were confirmed: what was said to be paid at once, and the credits."""

    @property
    def id(self) -> UUID:
        return self.actor.organization_id

    @property
    def customer(self) -> str:
        """The mock's own name for it."""
        return f"cu_{self.id}"


class Oracle:
    def __init__(self, admin: psycopg.Connection) -> None:
        self.admin = admin

    def check(self, studio: Studio, books: Books) -> str:
        """Everything, in one line for the story. Raises Broken."""
        lots = self._rows(_LOTS, studio.id)
        found = list(self._wrong(studio, books, lots))
        if found:
            raise Broken(f"{studio.name}: " + "; ".join(found))
        now = balance(studio.actor)
        held = entitlement(studio.actor)
        return (
            f"{studio.name} {held.plan}/{held.status} {now.available} free, {now.held} held, {now.debt} owed"
        )

    def check_all(self) -> None:
        """P1, P2, P4, P5, P9 by the log; P8 and P10 by the inbox and the facts."""
        with psycopg.connect(self.admin.info.dsn, password=self.admin.info.password) as reading:
            wrong = [d.what for d in verify(reading).differences]
        wrong += [
            f"message {row['event_id']} ({row['type']} {row['ref']}) was not worked off: {row['state']}, {row['error']}"
            for row in self._rows(
                "select * from billing_message where state not in ('done', 'ignored', 'parked')"
            )
        ]
        wrong += [
            f"the fact {row['key']} stands without its effect"
            for row in self._rows(
                "select f.key from billing_fact as f where f.key like 'pack:%%' and not exists ("
                "select from credits_lot as l where l.wallet_id = f.organization_id and l.ref = f.key)"
            )
        ]
        if wrong:
            raise Broken("; ".join(wrong))

    def seen(self) -> list[Any]:
        """Everything that must not change when all that was told is told again."""
        return [
            self._rows(
                "select id, available, held, debt, seq, allowance, anchor from credits_wallet order by id"
            ),
            self._rows("select organization_id, count(*) from billing_fact group by 1 order by 1"),
        ]

    # One organization.

    def _wrong(self, studio: Studio, books: Books, lots: list[dict[str, Any]]) -> Iterable[str]:
        plan = entitlement(studio.actor)
        if (plan.plan, plan.status) != books.entitlement():
            yield f"it may what {plan.plan}/{plan.status} may, and should {'/'.join(books.entitlement())}"
        if len(books.live()) > 1:
            yield f"it pays for {len(books.live())} plans at once"
        yield from self._packs(studio, books, lots)
        yield from self._terms(studio, books)
        yield from self._allowances(books, lots)
        yield from self._differences(studio, books, lots)
        yield from self._sum(studio, lots)

    def _packs(self, studio: Studio, books: Books, lots: list[dict[str, Any]]) -> Iterable[str]:
        there = {
            lot["ref"].removeprefix("pack:"): lot for lot in lots if (lot["ref"] or "").startswith("pack:")
        }
        paid = books.paid_orders()
        for order in sorted(set(there) ^ set(paid)):
            yield f"order {order} is {'paid and brought nothing' if order in paid else 'unpaid and brought credits'}"
        for order, payment in paid.items():
            lot = there.get(order)
            if lot is None:
                continue
            if lot["granted"] != studio.packs[order]:
                yield f"order {order} brought {lot['granted']} instead of {studio.packs[order]}"
            back = 0 if payment is None else books.back(payment)
            due = 0 if payment is None else -(-studio.packs[order] * back // payment.amount.amount)
            if _taken(lot, lots) != due:
                yield f"of order {order} {_taken(lot, lots)} was taken back instead of {due}"
            disputed = payment is not None and books.disputed(payment)
            for one in (lot, *_restored(lot, lots)):
                if one["is_frozen"] != disputed:
                    yield f"order {order}: a lot is {'' if one['is_frozen'] else 'not '}frozen, disputed: {disputed}"

    def _terms(self, studio: Studio, books: Books) -> Iterable[str]:
        """What the months from now on include."""
        (wallet,) = self._rows(
            "select allowance, anchor, allowance_until as until, allowance_kept as kept from credits_wallet"
            " where id = %s",
            studio.id,
        )
        current = books.current()
        want: Terms = (FREE, None, None, None)
        if current is not None:
            want = (current.now_includes, current.anchor, current.end, current.kept)
        anchor = None if current is None else wallet["anchor"]
        have: Terms = (wallet["allowance"], anchor, wallet["until"], wallet["kept"])
        if have != want:
            yield f"its months include {_said(have)} instead of {_said(want)}"

    def _allowances(self, books: Books, lots: list[dict[str, Any]]) -> Iterable[str]:
        """Every month once, and none that nobody paid for."""
        months = [lot for lot in lots if (lot["ref"] or "").startswith("allowance:")]
        periods = books.periods(standing=False)
        for lot in months:
            allowed = {FREE} if lot["effective_at"].day == 1 and lot["effective_at"].hour == 0 else set()
            due = None
            for invoice, period in periods:
                if period.start <= lot["effective_at"] < period.end and _begins(period, lot["effective_at"]):
                    allowed |= {period.included, *(d.after for d in period.changes)}
                    payment = books.payment_of(invoice)
                    if payment is not None and payment.amount.amount:
                        due = max(due or 0, -(-lot["granted"] * books.back(payment) // payment.amount.amount))
            if lot["granted"] not in allowed:
                yield f"the month of {lot['ref']} includes {lot['granted']}, and nothing that was paid says so"
            taken = _taken(lot, lots)
            # What had run out when money came back again stays where it is.
            over = due is not None and lot["expires_at"] <= books.now
            if not 0 <= taken <= (lot["granted"] if over else due or 0):
                yield f"of {lot['ref']} {taken} was taken back, and at most {due} should be"
        yield from self._month(books, months)

    def _month(self, books: Books, months: list[dict[str, Any]]) -> Iterable[str]:
        """The month that runs is there and ends as it should; of one that is over nothing is."""
        current = books.current()
        if current is not None and current.kept <= books.now:
            # What held work gives back to a month that was clawed whole stands against the debt which that has made.
            left = sum(lot["remaining"] for lot in months if lot["clawed"] < lot["granted"])
            if left:
                yield f"{left} are left of what was paid up to {current.end}"
        if current is not None and books.now < current.end and current.now_includes:
            start, end = month(current.anchor, books.now)
            found = [lot for lot in months if lot["effective_at"] == start]
            if not found:
                yield f"the month of {start} is paid and brought nothing"
            elif found[0]["expires_at"] != end:
                yield f"the month of {start} is paid, and ended at {found[0]['expires_at']}"

    def _differences(self, studio: Studio, books: Books, lots: list[dict[str, Any]]) -> Iterable[str]:
        there = {
            lot["ref"].removeprefix("change:"): lot
            for lot in lots
            if (lot["ref"] or "").startswith("change:")
        }
        anchors = {d.ref: p.anchor for _, p in books.periods(standing=False) for d in p.changes}
        known = {d.ref: (i, d) for i, d in books.differences(standing=False)}
        for ref in sorted(set(there) - set(known)):
            yield f"the change {ref} brought credits and is not paid"
        standing = {d.ref for _, d in books.differences()}
        for ref, (invoice, found) in known.items():
            anchor, lot = anchors.get(ref), there.get(ref)
            if anchor is None:
                continue
            worth = found.worth(anchor)
            told = studio.previews.get(str(invoice.order))
            if told is not None and told != (invoice.total.amount, worth):
                yield f"the change {ref} costs and brings {(invoice.total.amount, worth)}, and the preview said {told}"
            if lot is None:
                if worth and ref in standing and books.now < month(anchor, found.at)[1]:
                    yield f"the change {ref} is paid and brought nothing instead of {worth}"
                continue
            if lot["granted"] != worth:
                yield f"the change {ref} brought {lot['granted']} instead of {worth}"
            payment = books.payment_of(invoice)
            back = 0 if payment is None else books.back(payment)
            due = 0 if payment is None else -(-worth * back // payment.amount.amount)
            taken = _taken(lot, lots)
            if taken != due and not (taken < due and lot["expired"]):
                yield f"of the change {ref} {taken} was taken back instead of {due}"

    def _sum(self, studio: Studio, lots: list[dict[str, Any]]) -> Iterable[str]:
        """What came in, less what the simulation knows was spent, less what ran out and was taken, is what is there."""
        (wallet,) = self._rows(
            "select available + held - debt as net from credits_wallet where id = %s", studio.id
        )
        own = [
            lot
            for lot in lots
            if lot["source"] != "refund" and not (lot["ref"] or "").startswith("restored:")
        ]
        came = sum(lot["granted"] - _taken(lot, lots) for lot in own)
        frozen, expired = sum(lot["frozen"] for lot in lots), sum(lot["expired"] for lot in lots)
        want = came - studio.spent - expired - frozen
        if wallet["net"] != want:
            yield f"it has {wallet['net']} and should have {want}"
        if any(lot["expired"] for lot in own if lot["expires_at"] is None):
            yield "credits ran out that never do"

    def _rows(self, query: str, *args: Any) -> list[dict[str, Any]]:
        with self.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, args).fetchall()


def _restored(lot: dict[str, Any], lots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in lots if (one["ref"] or "").startswith(f"restored:{lot['id']}:")]


def _taken(lot: dict[str, Any], lots: list[dict[str, Any]]) -> int:
    """What was clawed of it and did not come back."""
    return int(lot["clawed"] - sum(one["granted"] - one["clawed"] for one in _restored(lot, lots)))


def _begins(period: Period, at: datetime) -> bool:
    return month(period.anchor, at)[0] == at


def _said(terms: Terms) -> str:
    return f"{terms[0]} from {terms[1]} until {terms[2]}, kept until {terms[3]}"
