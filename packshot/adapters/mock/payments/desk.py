"""What people do at the mock: pay on its page, confirm with the bank, refund, dispute. Its pages call this."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from packshot.adapters.mock.payments.books import CARDS, RETRIES
from packshot.adapters.mock.payments.provider import MockPayments
from packshot.adapters.mock.payments.store import Asked, Contract, Customer, Terms
from packshot.ports.money import Money
from packshot.ports.payment_states import (
    CheckoutState,
    DisputeState,
    InvoiceState,
    Kind,
    PaymentState,
    RefundState,
    SubscriptionState,
)
from packshot.ports.payments import Missing, Order, Refused

COUPON = "FREE100"
"""Everything for nothing."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A page to pay on."""

    checkout: CheckoutState
    order: Order


@dataclass(frozen=True, slots=True)
class Account:
    """A customer as the portal shows it."""

    customer: Customer
    subscriptions: list[SubscriptionState]
    invoices: list[InvoiceState]
    payments: list[PaymentState]
    disputes: list[DisputeState]


class Desk:
    def __init__(self, mock: MockPayments) -> None:
        self._mock = mock

    def waiting(self, checkout: str) -> Waiting:
        """Raises Missing."""
        with self._mock.books() as books:
            found, asked = books.session.get(CheckoutState, checkout), books.session.get(Asked, checkout)
            if found is None or asked is None:
                raise Missing(checkout)
            return Waiting(found, asked.order)

    def pay(self, checkout: str, card: str = "ok", coupon: str = "") -> CheckoutState:
        """What the person does on the page. Raises Missing, and Refused for a closed page or a declined card, after
        which the page is still open."""
        with self._mock.books() as books:
            found, asked = books.session.get(CheckoutState, checkout), books.session.get(Asked, checkout)
            if found is None or asked is None:
                raise Missing(checkout)
            order = asked.order
            if found.status != "open" or order.expires_at <= books.now:
                raise Refused("This page is closed. Nothing was charged.", "closed")
            if card not in CARDS or coupon not in ("", COUPON):
                raise Refused("There is no such card or coupon.")
            if CARDS[card].present == "declined":
                raise Refused("The card was declined. Nothing was charged; try another.", "declined")
            customer = books.session.get(Customer, found.customer)
            assert customer is not None
            if order.save_card or order.price.interval is not None:
                customer = replace(customer, card=card)
                books.session.put(customer)
            terms, free = Terms(order.price, order.quantity), coupon == COUPON
            subscription = None
            if order.price.interval is not None:
                subscription, invoice, payment = books.subscribe(
                    customer, order.id, terms, card, order.trial_days, discount=free
                )
            else:
                invoice, payment = self._mock.sell(
                    books, customer, order.id, terms, card, present=True, discount=free
                )
            paid = payment is not None and payment.status == "succeeded"
            found = replace(
                found,
                status="complete",
                payment_status="free" if payment is None else "paid" if paid else "unpaid",
                subscription=None if subscription is None else subscription.ref,
                payment=None if payment is None else payment.ref,
                invoice=invoice.ref,
                total=invoice.total,
                tax=invoice.tax,
            )
            books.session.put(found)
            books.session.tell(Kind.CHECKOUT, checkout, "completed", books.now)
            return found

    def account(self, customer: str) -> Account:
        """Raises Missing."""
        with self._mock.books() as books:
            found = books.session.get(Customer, customer)
            if found is None:
                raise Missing(customer)
            payments = [p for p in books.session.all(PaymentState) if p.customer == customer]
            refs = {p.ref for p in payments}
            return Account(
                customer=found,
                subscriptions=[s for s in books.session.all(SubscriptionState) if s.customer == customer],
                invoices=[i for i in books.session.all(InvoiceState) if i.customer == customer],
                payments=payments,
                disputes=[d for d in books.session.all(DisputeState) if d.payment in refs],
            )

    def invoice(self, ref: str) -> InvoiceState:
        """Raises Missing."""
        with self._mock.books() as books:
            found = books.session.get(InvoiceState, ref)
            if found is None:
                raise Missing(ref)
            return found

    def save_card(self, customer: str, card: str) -> None:
        """Another card; what is owed is tried with it at once. Raises Missing and Refused."""
        with self._mock.books() as books:
            found = books.session.get(Customer, customer)
            if found is None:
                raise Missing(customer)
            if card not in CARDS:
                raise Refused("There is no such card.")
            books.session.put(replace(found, card=card))
            for running in books.session.all(SubscriptionState):
                if running.customer == customer and running.ended_at is None:
                    subscription = replace(running, card=CARDS[card].name)
                    books.session.put(subscription)
                    books.session.tell(Kind.SUBSCRIPTION, subscription.ref, "updated", books.now)
                    for invoice in books.session.all(InvoiceState):
                        owed = (
                            invoice.subscription == subscription.ref and invoice.next_attempt_at is not None
                        )
                        if owed and invoice.status == "open":
                            books.dun(subscription, invoice)

    def confirm(self, payment: str, *, yes: bool = True) -> None:
        """The person at the bank. Raises Missing and Refused."""
        with self._mock.books() as books:
            found = books.session.get(PaymentState, payment)
            if found is None:
                raise Missing(payment)
            if found.status != "action_needed":
                raise Refused("Nothing is to be confirmed.")
            (books.succeeded(found) if yes else books.failed(found, "authentication"))

    def refund(self, payment: str, amount: int | None = None, *, fails: bool = False) -> RefundState:
        """Give back all or a part; with `fails` it is given and then comes back, in one message's time each."""
        with self._mock.books() as books:
            found = books.session.get(PaymentState, payment)
            if found is None:
                raise Missing(payment)
            amount = found.amount.amount - found.refunded if amount is None else amount
            if found.status != "succeeded" or not 0 < amount <= found.amount.amount - found.refunded:
                raise Refused("That is more than there is to refund.")
            refund = RefundState(
                books.session.number("re"),
                payment,
                "pending" if fails else "succeeded",
                Money(amount, found.amount.currency),
                books.now,
            )
            books.session.put(refund)
            books.session.put(replace(found, refunded=found.refunded + amount))
            books.session.tell(Kind.REFUND, refund.ref, "created", books.now)
            return refund

    def fail_refund(self, refund: str) -> None:
        with self._mock.books() as books:
            found = books.session.get(RefundState, refund)
            if found is None:
                raise Missing(refund)
            payment = books.session.get(PaymentState, found.payment)
            assert payment is not None
            books.session.put(replace(found, status="failed"))
            books.session.put(replace(payment, refunded=payment.refunded - found.amount.amount))
            books.session.tell(Kind.REFUND, refund, "failed", books.now)

    def dispute(self, payment: str, *, inquiry: bool = False) -> DisputeState:
        """The payer's bank asks (`inquiry`), or takes the money until it is decided."""
        with self._mock.books() as books:
            found = books.session.get(PaymentState, payment)
            if found is None or found.status != "succeeded":
                raise Missing(payment)
            dispute = DisputeState(
                books.session.number("di"),
                payment,
                "inquiry" if inquiry else "open",
                found.amount,
                0 if inquiry else found.amount.amount,
                "fraudulent",
                books.now,
                None,
            )
            books.session.put(dispute)
            books.session.tell(Kind.DISPUTE, dispute.ref, "created", books.now)
            return dispute

    def close_dispute(self, dispute: str, outcome: Literal["won", "lost", "open", "prevented"]) -> None:
        """Won gives the money back, also after it was lost; `open` is what an inquiry may become."""
        with self._mock.books() as books:
            found = books.session.get(DisputeState, dispute)
            if found is None:
                raise Missing(dispute)
            withdrawn = found.amount.amount if outcome in ("lost", "open") else 0
            books.session.put(replace(found, status=outcome, withdrawn=withdrawn))
            books.session.tell(Kind.DISPUTE, dispute, outcome, books.now)

    def pause(self, subscription: str) -> None:
        with self._mock.books() as books:
            found = books.session.get(SubscriptionState, subscription)
            if found is None:
                raise Missing(subscription)
            books.session.put(replace(found, status="paused"))
            books.session.tell(Kind.SUBSCRIPTION, subscription, "paused", books.now)

    def unpause(self, subscription: str) -> None:
        """It goes on; a period that has ended meanwhile is followed by a new one from now on."""
        with self._mock.books() as books:
            found = books.session.get(SubscriptionState, subscription)
            contract = books.session.get(Contract, subscription)
            if found is None or contract is None:
                raise Missing(subscription)
            found = replace(found, status="active")
            if found.period_end <= books.now:
                found = replace(found, anchor=books.now, period_end=books.now)
            books.session.put(found)
            books.session.tell(Kind.SUBSCRIPTION, subscription, "resumed", books.now)

    @staticmethod
    def patience_days() -> int:
        """How long an invoice is tried before the subscription ends."""
        return sum(step.days for step in RETRIES)
