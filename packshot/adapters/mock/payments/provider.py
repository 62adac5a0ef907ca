"""The mock as the port wants it; what people do on its pages and its desk is in `desk.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from packshot.adapters.mock.payments import messages
from packshot.adapters.mock.payments.books import CONFIRM_WITHIN, Books, restarts
from packshot.adapters.mock.payments.store import Asked, Contract, Customer, Maturing, Session, Store, Terms
from packshot.adapters.mock.payments.sums import period_end, rest_line, tax_of, whole_line
from packshot.ports.money import Money
from packshot.ports.payment_states import (
    CheckoutState,
    DisputeState,
    InvoiceLine,
    InvoiceState,
    Kind,
    Notice,
    PaymentState,
    RefundState,
    Scheduled,
    Seen,
    State,
    SubscriptionState,
)
from packshot.ports.payments import (
    Ability,
    Change,
    Charge,
    Missing,
    Order,
    Page,
    Payer,
    Preview,
    Refused,
    sight,
)

_STATES: Mapping[Kind, type[Any]] = {
    Kind.CHECKOUT: CheckoutState,
    Kind.SUBSCRIPTION: SubscriptionState,
    Kind.INVOICE: InvoiceState,
    Kind.PAYMENT: PaymentState,
    Kind.REFUND: RefundState,
    Kind.DISPUTE: DisputeState,
}


class MockPayments:
    """`keys` sign its messages, the first new ones; `now` is the time it goes by."""

    name = "mock"
    account: str | None = messages.ACCOUNT
    livemode = False
    version: str | None = messages.VERSION
    abilities = frozenset(Ability)

    def __init__(
        self,
        home: Path,
        *,
        keys: Sequence[bytes],
        base_url: str,
        now: Callable[[], datetime],
        tax_percent: int = 0,
        mint: Callable[[str], str] | None = None,
    ) -> None:
        self.store = Store(home) if mint is None else Store(home, mint)
        self.keys = tuple(keys)
        self.base_url = base_url
        self.now = now
        self.tax_percent = tax_percent

    # The port.

    def checkout(self, order: Order) -> Page:
        with self.books() as books:
            acted = books.session.acted(f"checkout:{order.id}")
            if acted is None:
                customer = self._customer(books.session, order.payer)
                found = CheckoutState(
                    ref=books.session.number("co"),
                    order=order.id,
                    status="open",
                    payment_status="unpaid",
                    customer=customer.ref,
                    subscription=None,
                    payment=None,
                    invoice=None,
                    total=Money(order.price.unit.amount * order.quantity, order.price.unit.currency),
                    tax=Money(0, order.price.unit.currency),
                )
                books.session.put(found)
                books.session.put(Asked(found.ref, order))
                books.session.act(f"checkout:{order.id}", [found.ref, customer.ref])
                acted = [found.ref, customer.ref]
        return Page(acted[0], f"{self.base_url}/mock-payments/pay/{acted[0]}", acted[1])

    def expire(self, checkout: str) -> None:
        with self.books() as books:
            found = _need(books.session.get(CheckoutState, checkout), checkout)
            if found.status == "open":
                books.session.put(replace(found, status="expired"))
                books.session.tell(Kind.CHECKOUT, checkout, "expired", books.now)

    def portal(self, customer: str, back_url: str) -> str:  # noqa: ARG002  (it leads back by itself)
        with self.books() as books:
            _need(books.session.get(Customer, customer), customer)
        return f"{self.base_url}/mock-payments/portal/{customer}"

    def preview(self, change: Change) -> Preview:
        with self.books() as books:
            subscription, contract, customer = self._running(books.session, change.subscription)
            new = Terms(change.price, change.quantity)
            lines, end = self._change_lines(subscription, contract, new, change)
            currency = change.price.unit.currency
            net = sum(line.amount.amount for line in lines)
            tax = tax_of(net, self.tax_percent)
            gross = net + tax - customer.credit
            regular = new.price.unit.amount * new.quantity
            credit = max(-gross, 0) if lines else customer.credit
            next_total = max(regular + tax_of(regular, self.tax_percent) - credit, 0)
            restarted = change.when == "now" and restarts(subscription, contract.terms, new)
            return Preview(
                due_now=Money(max(gross, 0) if lines else 0, currency),
                credit=Money(credit if lines else 0, currency),
                tax=Money(max(tax, 0) if gross > 0 and lines else 0, currency),
                next_total=Money(next_total, currency),
                next_at=end,
                restarts=restarted,
            )

    def change(self, change: Change) -> Seen:
        with self.books() as books:
            if books.session.acted(f"change:{change.id}") is None:
                subscription, contract, customer = self._running(books.session, change.subscription)
                if change.seen not in (None, sight(subscription)):
                    raise Refused("The subscription is another since the preview.", "changed")
                new = Terms(change.price, change.quantity)
                if change.when == "period_end":
                    at = subscription.period_end
                    books.session.put(
                        replace(
                            subscription, scheduled=Scheduled(new.price.key, new.quantity, at), cancel_at=None
                        )
                    )
                    books.session.put(replace(contract, scheduled=new))
                    books.session.tell(Kind.SUBSCRIPTION, subscription.ref, "updated", books.now)
                else:
                    lines, _ = self._change_lines(subscription, contract, new, change)
                    self._change_now(books, subscription, contract, customer, new, lines, change)
                books.session.act(f"change:{change.id}", [change.subscription])
            return self._around(books, Kind.SUBSCRIPTION, change.subscription)

    def cancel(self, subscription: str, act: UUID, *, at_once: bool = False) -> Seen:  # noqa: ARG002  (a state)
        with self.books() as books:
            found = _need(books.session.get(SubscriptionState, subscription), subscription)
            if found.ended_at is None and at_once:
                books.end(found, books.now)
            elif found.ended_at is None and found.cancel_at is None:
                contract = _need(books.session.get(Contract, subscription), subscription)
                books.session.put(replace(found, cancel_at=found.period_end, scheduled=None))
                books.session.put(replace(contract, scheduled=None))
                books.session.tell(Kind.SUBSCRIPTION, subscription, "updated", books.now)
            return self._around(books, Kind.SUBSCRIPTION, subscription)

    def resume(self, subscription: str, act: UUID) -> Seen:  # noqa: ARG002  (a state)
        with self.books() as books:
            found = _need(books.session.get(SubscriptionState, subscription), subscription)
            if found.ended_at is not None:
                raise Refused("The subscription has ended.")
            contract = _need(books.session.get(Contract, subscription), subscription)
            books.session.put(replace(found, cancel_at=None, scheduled=None))
            books.session.put(replace(contract, scheduled=None))
            books.session.tell(Kind.SUBSCRIPTION, subscription, "updated", books.now)
            return self._around(books, Kind.SUBSCRIPTION, subscription)

    def charge(self, charge: Charge) -> Seen:
        with self.books() as books:
            acted = books.session.acted(f"charge:{charge.id}")
            if acted is None:
                customer = self._customer(books.session, charge.payer)
                if customer.card is None:
                    raise Missing("no card is saved")
                invoice, payment = self.sell(
                    books,
                    customer,
                    charge.id,
                    Terms(charge.price, charge.quantity),
                    customer.card,
                    present=False,
                )
                acted = [payment.ref if payment else invoice.ref]
                books.session.act(f"charge:{charge.id}", acted)
            kind = Kind.PAYMENT if acted[0].startswith("pay_") else Kind.INVOICE
            return self._around(books, kind, acted[0])

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        return messages.read(self.keys, headers, body, now)

    def fetch(self, kind: Kind, ref: str) -> Seen:
        with self.books() as books:
            return self._around(books, kind, ref)

    def since(self, moment: datetime) -> Iterable[Notice]:
        with self.books() as books:
            return [messages.notice(messages.whole(body)) for _, body in books.session.messages(moment)]

    # Messages on their way.

    def unsent(self) -> list[tuple[dict[str, str], bytes]]:
        """The messages that were not sent yet, signed; from now on they count as sent."""
        with self.books() as books:
            found = books.session.messages(unsent=True)
            for seq, _ in found:
                books.session.sent(seq)
            return [self.signed(messages.whole(body)) for _, body in found]

    def signed(
        self, message: Mapping[str, Any], *, at: datetime | None = None, key: bytes | None = None
    ) -> tuple[dict[str, str], bytes]:
        """A message as it travels."""
        return messages.signed(self.keys[0] if key is None else key, message, at or self.now())

    # Parts.

    @contextmanager
    def books(self) -> Iterator[Books]:
        """One transaction at this moment, after everything that time has decided until then."""
        now = self.now()
        with self.store.session() as session:
            self._settle(session, now)
            yield self._books(session, now)

    def _books(self, session: Session, now: datetime) -> Books:
        return Books(session, self.base_url, self.tax_percent, now)

    def _settle(self, session: Session, now: datetime) -> None:
        """What falls due up to `now`, one after the other in the order of time."""
        while True:
            events: list[tuple[datetime, str, Any]] = [
                (s.period_end, s.ref, s)
                for s in session.all(SubscriptionState)
                if s.status in ("trialing", "active", "past_due") and s.ended_at is None
            ]
            events += [
                (i.next_attempt_at, i.ref, i)
                for i in session.all(InvoiceState)
                if i.status == "open" and i.next_attempt_at is not None
            ]
            events += [(m.at, m.ref, m) for m in session.all(Maturing)]
            events += [
                (p.created_at + CONFIRM_WITHIN, p.ref, p)
                for p in session.all(PaymentState)
                if p.status == "action_needed"
            ]
            if not events:
                return
            at, _, what = min(events, key=lambda event: event[:2])
            if at > now:
                return
            self._fall_due(self._books(session, at), what)

    def _fall_due(self, books: Books, what: Any) -> None:
        match what:
            case SubscriptionState():
                books.renew(what)
            case InvoiceState():
                subscription = books.session.get(SubscriptionState, what.subscription)
                if subscription is not None and subscription.ended_at is None:
                    books.dun(subscription, what)
                else:
                    books.session.put(replace(what, status="void", next_attempt_at=None))
            case Maturing():
                books.session.drop(what)
                payment = _need(books.session.get(PaymentState, what.ref), what.ref)
                (books.succeeded if what.succeeds else books.failed)(payment)
            case PaymentState():
                books.failed(what, "expired")

    def _customer(self, session: Session, payer: Payer) -> Customer:
        """The organization's own, one for ever."""
        ref = payer.customer or f"cu_{payer.organization}"
        found = session.get(Customer, ref)
        if found is None:
            found = Customer(ref, payer.organization, payer.name, payer.email, None)
            session.put(found)
        return found

    def _running(self, session: Session, ref: str) -> tuple[SubscriptionState, Contract, Customer]:
        found = _need(session.get(SubscriptionState, ref), ref)
        if found.status not in ("active", "trialing"):
            raise Refused("The subscription is not running.")
        contract, customer = session.get(Contract, ref), session.get(Customer, found.customer)
        assert contract is not None
        assert customer is not None
        if contract.pending_invoice is not None:
            raise Refused("A change waits for its payment already.")
        return found, contract, customer

    def _change_lines(
        self, subscription: SubscriptionState, contract: Contract, new: Terms, change: Change
    ) -> tuple[tuple[InvoiceLine, ...], datetime]:
        """What is invoiced at once, and when the next regular invoice comes."""
        start, end, at = subscription.period_start, subscription.period_end, change.at
        if change.when == "period_end":
            return (), end
        if not start <= at < end:
            raise Refused("The moment lies outside of the period that is paid.")
        given_back = rest_line(contract.terms, at, start, end, -1)
        if not restarts(subscription, contract.terms, new):
            return (given_back, rest_line(new, at, start, end, 1)), end
        until = period_end(at, at, new.price.interval)
        whole = whole_line(new, at, until)
        return ((whole,) if subscription.status == "trialing" else (given_back, whole)), until

    def _change_now(
        self,
        books: Books,
        subscription: SubscriptionState,
        contract: Contract,
        customer: Customer,
        new: Terms,
        lines: tuple[InvoiceLine, ...],
        change: Change,
    ) -> None:
        invoice = books.invoice(customer, "change", lines, subscription=subscription.ref, order=change.id)
        contract = replace(contract, pending=new, pending_at=change.at, pending_invoice=invoice.ref)
        books.session.put(contract)
        invoice, payment = books.collect(invoice, customer.card, present=False)
        if invoice.status == "paid":
            books.changed(subscription, contract)
        elif payment is not None and payment.status == "failed":
            books.failed(payment)

    def sell(
        self,
        books: Books,
        customer: Customer,
        order: UUID,
        terms: Terms,
        card: str,
        *,
        present: bool,
        discount: bool = False,
    ) -> tuple[InvoiceState, PaymentState | None]:
        """A pack, paid once."""
        unit = terms.price.unit
        line = InvoiceLine(
            terms.price.name,
            Money(unit.amount * terms.quantity, unit.currency),
            terms.quantity,
            terms.price.key,
            None,
            None,
            proration=False,
        )
        invoice = books.invoice(customer, "pack", (line,), subscription=None, order=order, discount=discount)
        invoice, payment = books.collect(invoice, card, present=present)
        if payment is not None and payment.status == "failed":
            books.session.put(replace(invoice, status="void"))
        return invoice, payment

    def _around(self, books: Books, kind: Kind, ref: str) -> Seen:
        """The object and everything that is joined to it."""
        first = _need(books.session.get(_STATES[kind], ref), ref)
        everything: list[State] = [s for found in _STATES.values() for s in books.session.all(found)]
        found: dict[str, State] = {ref: first}
        grown = True
        while grown:
            grown = False
            for state in everything:
                if state.ref not in found and (
                    _refs(state) & set(found) or any(state.ref in _refs(f) for f in found.values())
                ):
                    found[state.ref] = state
                    grown = True
        return Seen(books.now, tuple(found.values()))


def _refs(state: State) -> set[str]:
    """The objects that a state names, but for the customer, who is in everything."""
    names = ("subscription", "invoice", "payment")
    return {ref for name in names if (ref := getattr(state, name, None)) is not None}


def _need(found: Any, ref: str) -> Any:
    if found is None:
        raise Missing(ref)
    return found
