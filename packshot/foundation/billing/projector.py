"""What follows from everything the provider has said: a pure function from what is known to the facts that are due.

It looks at states, never at messages: so it does not matter in which order they came or how often. A fact is due when
what is known implies it and it was not told before; whoever tells one writes it down in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from packshot.foundation.billing.facts import (
    DisputeClosed,
    DisputeOpened,
    Fact,
    PackPurchased,
    PaymentRefunded,
    PeriodPaid,
    PlanChanged,
    Source,
)
from packshot.foundation.billing.months import month_at, months_from
from packshot.ports.payment_states import (
    CheckoutState,
    DisputeState,
    InvoiceLine,
    InvoiceState,
    PaymentState,
    State,
    SubscriptionState,
)


@dataclass(frozen=True, slots=True)
class OrderKnown:
    id: UUID
    kind: str
    price: str
    credits: int


@dataclass(frozen=True, slots=True)
class Told:
    """A fact that was published, by its kind (the key's first word) and as far as later ones depend on it."""

    key: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """Everything about one organization's money."""

    organization_id: UUID
    now: datetime
    states: tuple[State, ...]
    orders: dict[UUID, OrderKnown]
    prices: dict[str, dict[str, Any]]
    told: tuple[Told, ...]
    posted: frozenset[str]
    """Keys of the letters that were posted about it."""
    free: dict[str, Any]

    def all(self, kind: type[Any]) -> list[Any]:
        return [state for state in self.states if isinstance(state, kind)]

    def keys(self) -> set[str]:
        return {told.key for told in self.told}

    def last(self, prefix: str) -> tuple[int, dict[str, Any] | None]:
        """How many facts of one line were told, and the last of them."""
        found = [told.body for told in self.told if told.key.startswith(f"{prefix}:")]
        return len(found), found[-1] if found else None


@dataclass(frozen=True, slots=True)
class _Paid:
    """A period of a subscription that is paid, with what each of its months includes."""

    subscription: SubscriptionState
    plan: str
    allowance: int
    start: datetime
    end: datetime
    anchor: datetime
    """From where its months are counted."""


def due(known: Known) -> Fact | None:
    """The next fact to be told; what comes after it may depend on its having been told."""
    for line in (_packs, _changes, _periods, _refunds, _disputes):
        for fact in line(known):
            return fact
    return None


def live(known: Known) -> list[SubscriptionState]:
    """Subscriptions that run or may run again, oldest first. More than one is one too many."""
    return sorted(
        (
            s
            for s in known.all(SubscriptionState)
            if s.status not in ("incomplete", "cancelled", "incomplete_expired")
        ),
        key=lambda s: (s.anchor, s.ref),
    )


def text(at: datetime | None) -> str | None:
    """A moment as the told facts keep it."""
    return None if at is None else at.astimezone(UTC).isoformat()


# Packs.


def _packs(known: Known) -> Iterator[Fact]:
    told = known.keys()
    for order in known.orders.values():
        key = f"pack:{order.id}"
        if order.kind in ("pack", "topup") and key not in told and _paid_for(known, order):
            yield PackPurchased(known.organization_id, key, known.prices[order.price]["item"], order.credits)


def _paid_for(known: Known, order: OrderKnown) -> bool:
    return (
        any(p.order == order.id and p.status == "succeeded" for p in known.all(PaymentState))
        or any(
            c.order == order.id and c.status == "complete" and c.payment_status in ("paid", "free")
            for c in known.all(CheckoutState)
        )
        # Wholly by what the customer has to their credit: there is no payment then.
        or any(i.order == order.id and i.status == "paid" for i in known.all(InvoiceState))
    )


# Plans.


def _allowance(known: Known, line: InvoiceLine) -> int | None:
    terms = known.prices.get(line.price or "")
    if terms is None or terms["interval"] is None:
        return None
    each: int = terms["credits"]
    return each * line.quantity if terms["per_seat"] else each


def _settled(known: Known, *, standing: bool = True) -> list[InvoiceState]:
    """Paid invoices of subscriptions, oldest first; `standing`: without those that were given back whole."""
    found = [
        i
        for i in known.all(InvoiceState)
        if i.status == "paid" and i.subscription is not None and not (standing and _given_back(known, i))
    ]
    return sorted(found, key=lambda i: (i.created_at, i.ref))


def _given_back(known: Known, invoice: InvoiceState) -> bool:
    return any(
        0 < p.amount.amount <= returned(known, p)
        for p in known.all(PaymentState)
        if p.ref == invoice.payment or p.invoice == invoice.ref
    )


def _paid_periods(known: Known, *, standing: bool = True) -> list[_Paid]:
    subscriptions = {s.ref: s for s in known.all(SubscriptionState)}
    periods: list[_Paid] = []
    for invoice in _settled(known, standing=standing):
        subscription = subscriptions.get(invoice.subscription or "")
        if subscription is None:
            continue
        for line in invoice.lines:
            each = _allowance(known, line)
            if each is None or line.proration or line.period_start is None or line.period_end is None:
                continue
            plan, start, end = known.prices[line.price or ""]["item"], line.period_start, line.period_end
            anchor = _anchor(known, subscription, start, end)
            periods.append(_Paid(subscription, plan, each, start, end, anchor))
    return sorted(periods, key=lambda p: (p.start, p.end))


def _anchor(known: Known, subscription: SubscriptionState, start: datetime, end: datetime) -> datetime:
    """From where the months of a period are counted, so that the 31st comes back: the subscription's own anchor, or, as
    a later change may have moved that, the beginning of an earlier period that this one is counted from."""
    earlier: list[datetime] = sorted(
        line.period_start
        for invoice in known.all(InvoiceState)
        if invoice.subscription == subscription.ref
        for line in invoice.lines
        if not line.proration and line.period_start is not None and line.period_start < start
    )
    for found in (subscription.anchor, *earlier):
        if found <= start and month_at(found, start).start == start and month_at(found, end).start == end:
            return found
    return start


def _difference(known: Known, invoice: InvoiceState) -> tuple[str, int, int, datetime] | None:
    """What a paid difference changed: the new plan, each month's allowance before and after, and from when on."""
    lines = [line for line in invoice.lines if line.proration and _allowance(known, line) is not None]
    if len(lines) < 2 or lines[-1].period_start is None:
        return None
    before, after = _allowance(known, lines[0]), _allowance(known, lines[-1])
    assert before is not None
    assert after is not None
    return known.prices[lines[-1].price or ""]["item"], before, after, lines[-1].period_start


def _differences(known: Known) -> Iterator[tuple[InvoiceState, tuple[str, int, int, datetime]]]:
    for invoice in _settled(known):
        found = _difference(known, invoice) if invoice.reason == "change" else None
        if found is not None:
            yield invoice, found


def _changes(known: Known) -> Iterator[Fact]:
    # A difference that stands brings its credits, also where the period that it is of was given back.
    told, periods, paid = known.keys(), _paid_periods(known, standing=False), _paid_periods(known)
    for invoice, (plan, before, after, at) in _differences(known):
        key = f"change:{invoice.ref}"
        base = [p for p in periods if p.subscription.ref == invoice.subscription and p.start <= at < p.end]
        if key in told or not base:
            continue
        anchor = base[-1].anchor
        month = month_at(anchor, known.now)
        if base[-1] in paid and month.start <= at < month.end and not _begun(known, anchor, month.start):
            # This month's credits are those of the terms it began with; the difference comes on top.
            number, _ = known.last("terms")
            plan_before = base[-1].plan
            ref = f"terms:{number + 1}"
            end = base[-1].end
            kept = _kept(known, base[-1].subscription, end)
            yield PeriodPaid(known.organization_id, ref, plan_before, before, anchor, end, kept)
        yield PlanChanged(known.organization_id, key, plan, before, after, anchor, at)


def _begun(known: Known, anchor: datetime, start: datetime) -> bool:
    """Whether terms were told by which this month has had its credits, or will have them."""
    return any(
        told.key.startswith("terms:")
        and told.body["anchor"] == text(anchor)
        and told.body["until"] is not None
        and datetime.fromisoformat(told.body["until"]) > start
        for told in known.told
    )


def _periods(known: Known) -> Iterator[Fact]:
    number, last = known.last("terms")
    found = _terms(known)
    if found is None:
        if last is None or last["until"] is None:
            return
        found = ("free", known.free["credits"], None, None, None)
    plan, allowance, anchor, until, kept = found
    same = ("plan", plan), ("allowance", allowance), ("anchor", text(anchor)), ("until", text(until))
    if last is None or any(last[name] != said for name, said in (*same, ("kept_until", text(kept)))):
        yield PeriodPaid(known.organization_id, f"terms:{number + 1}", plan, allowance, anchor, until, kept)


_Terms = tuple[str, int, datetime | None, datetime | None, datetime | None]
"""Plan, allowance, anchor, until, kept until."""


def _terms(known: Known) -> _Terms | None:
    """The plan that is paid for now: the latest period that has begun, and what follows it on the same terms."""
    periods = [p for p in _paid_periods(known) if _runs(known, p.subscription)]
    begun = [p for p in periods if p.start <= known.now]
    if not begun:
        return None
    current = begun[-1]
    plan, allowance, until = current.plan, current.allowance, current.end
    for invoice, (new_plan, _, after, at) in _differences(known):
        if invoice.subscription == current.subscription.ref and current.start <= at < current.end:
            plan, allowance = new_plan, after
    for later in periods:
        if later.start == until and (later.plan, later.allowance) == (plan, allowance):
            until = later.end
    return plan, allowance, current.anchor, until, _kept(known, current.subscription, until)


def _kept(known: Known, subscription: SubscriptionState, until: datetime) -> datetime:
    """How long what is left of the last month stays. Providers ask for a renewal's money an hour after the period has
    begun, and banks take days: who is in good standing keeps the credits meanwhile, as long as the plan stays."""
    ends = subscription.ended_at or subscription.cancel_at
    if subscription.status not in ("trialing", "active") or (ends is not None and ends <= until):
        return until
    return until + timedelta(days=known.prices[subscription.price]["grace_days"])


def _runs(known: Known, subscription: SubscriptionState) -> bool:
    return subscription.status not in ("cancelled", "incomplete_expired") and (
        subscription.ended_at is None or subscription.ended_at > known.now
    )


# Money that goes back.


def returned(known: Known, payment: PaymentState) -> int:
    """What of a payment is with the payer again: refunds, and what banks took for disputes that were lost."""
    lost: int = sum(
        d.withdrawn for d in known.all(DisputeState) if d.payment == payment.ref and d.status == "lost"
    )
    return min(payment.refunded + lost, payment.amount.amount)


def _sources(known: Known, payment: PaymentState) -> tuple[Source, ...]:
    """What the payment brought; nothing as long as that was not told."""
    told, found = known.keys(), list[Source]()
    order = known.orders.get(payment.order) if payment.order else None
    if order is not None and f"pack:{order.id}" in told:
        found.append(Source(f"pack:{order.id}"))
    for invoice in known.all(InvoiceState):
        if payment.ref != invoice.payment and payment.invoice != invoice.ref:
            continue
        if invoice.order is not None and f"pack:{invoice.order}" in told and not found:
            found.append(Source(f"pack:{invoice.order}"))
        if f"change:{invoice.ref}" in told:
            found.append(Source(f"change:{invoice.ref}"))
        found += [
            Source(f"period:{invoice.ref}", _months(known, invoice, line))
            for line in invoice.lines
            if invoice.subscription and not line.proration and _allowance(known, line) is not None
        ]
    return tuple(found)


def _months(known: Known, invoice: InvoiceState, line: InvoiceLine) -> tuple[datetime, ...]:
    """When the months of a period begin, and no others that lie in it: the free plan's, or another payment's."""
    subscription = next((s for s in known.all(SubscriptionState) if s.ref == invoice.subscription), None)
    if subscription is None or line.period_start is None or line.period_end is None:
        return ()
    anchor = _anchor(known, subscription, line.period_start, line.period_end)
    return tuple(months_from(anchor, line.period_start, line.period_end))


def _refunds(known: Known) -> Iterator[Fact]:
    for payment in sorted(known.all(PaymentState), key=lambda p: p.ref):
        number, last = known.last(f"refund:{payment.ref}")
        back = returned(known, payment)
        if payment.status != "succeeded" or back == (last["returned"] if last else 0):
            continue
        sources = _sources(known, payment)
        if sources:
            yield PaymentRefunded(
                known.organization_id,
                f"refund:{payment.ref}:{number + 1}",
                payment.ref,
                sources,
                back,
                payment.amount.amount,
                payment.amount.currency,
            )


def _disputes(known: Known) -> Iterator[Fact]:
    for payment in sorted(known.all(PaymentState), key=lambda p: p.ref):
        disputes = [d for d in known.all(DisputeState) if d.payment == payment.ref]
        number, last = known.last(f"dispute:{payment.ref}")
        was_open = last is not None and last["open"]
        is_open = any(d.status == "open" for d in disputes)
        if is_open == was_open:
            continue
        sources = _sources(known, payment)
        key = f"dispute:{payment.ref}:{number + 1}"
        if is_open and sources:
            yield DisputeOpened(known.organization_id, key, payment.ref, sources)
        elif not is_open:
            lost = any(d.status == "lost" for d in disputes)
            yield DisputeClosed(known.organization_id, key, payment.ref, sources, "lost" if lost else "won")
