"""What the mock does with orders, cards and time. Works inside one session of the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from packshot.adapters.mock.payments.store import Contract, Customer, Maturing, Session, Terms
from packshot.adapters.mock.payments.sums import period_end, tax_of, whole_line
from packshot.ports.money import Money
from packshot.ports.payment_states import (
    CheckoutState,
    InvoiceLine,
    InvoiceState,
    Kind,
    PaymentState,
    SubscriptionState,
)

Outcome = Literal["succeeds", "declined", "confirm", "later", "later_fails"]


@dataclass(frozen=True, slots=True)
class Card:
    """How a card behaves: on the page, and afterwards when nobody is there."""

    name: str
    present: Outcome
    absent: Outcome


CARDS: Final[dict[str, Card]] = {
    "ok": Card("visa 4242", "succeeds", "succeeds"),
    "declined": Card("visa 0002", "declined", "declined"),
    "fails_later": Card("visa 0341", "succeeds", "declined"),
    "confirm": Card("visa 3155", "succeeds", "confirm"),
    "bank": Card("bank 6789", "later", "later"),
    "bank_fails": Card("bank 0001", "later_fails", "later_fails"),
}
BANK_DAYS: Final = timedelta(days=3)
RETRIES: Final = (timedelta(days=3), timedelta(days=5), timedelta(days=6))
"""When an unpaid invoice is tried again, each after the last; then the subscription ends."""
CONFIRM_WITHIN: Final = timedelta(hours=23)


@dataclass(frozen=True, slots=True)
class Books:
    session: Session
    base_url: str
    tax_percent: int
    now: datetime

    # Invoices and payments.

    def invoice(
        self,
        customer: Customer,
        reason: Literal["start", "cycle", "change", "pack"],
        lines: tuple[InvoiceLine, ...],
        *,
        subscription: str | None,
        order: UUID | None,
        discount: bool = False,
    ) -> InvoiceState:
        """An open invoice; what is less than nothing becomes the customer's credit, which the next ones use."""
        currency = lines[0].amount.currency
        net = 0 if discount else sum(line.amount.amount for line in lines)
        tax = tax_of(net, self.tax_percent)
        gross = net + tax - customer.credit
        total, credit = max(gross, 0), max(-gross, 0)
        self.session.put(replace(customer, credit=credit))
        ref = self.session.number("in")
        found = InvoiceState(
            ref=ref,
            customer=customer.ref,
            subscription=subscription,
            order=order,
            number=f"MOCK-{ref[-6:].upper()}",
            status="open",
            reason=reason,
            total=Money(total, currency),
            tax=Money(max(tax, 0) if total else 0, currency),
            due=Money(total, currency),
            created_at=self.now,
            due_at=self.now,
            paid_at=None,
            next_attempt_at=None,
            payment=None,
            lines=lines,
            hosted_url=f"{self.base_url}/mock-payments/invoices/{ref}",
            pdf_url=f"{self.base_url}/billing/invoices/{ref}.pdf",
        )
        self.session.put(found)
        return found

    def collect(
        self, invoice: InvoiceState, card: str | None, *, present: bool
    ) -> tuple[InvoiceState, PaymentState | None]:
        """Try to have it paid. Nothing to pay is paid."""
        if invoice.total.amount == 0:
            return self.paid(invoice, None), None
        before = self.session.get(PaymentState, invoice.payment)
        if before is not None and before.status == "action_needed":
            # One try at a time: nobody confirms an older one and pays twice.
            self.session.put(replace(before, status="cancelled", action_url=None))
            self.session.tell(Kind.PAYMENT, before.ref, "cancelled", self.now)
        outcome: Outcome = "declined"
        if card is not None:
            outcome = CARDS[card].present if present else CARDS[card].absent
        ref = self.session.number("pay")
        status: dict[Outcome, Literal["succeeded", "failed", "action_needed", "pending"]] = {
            "succeeds": "succeeded",
            "declined": "failed",
            "confirm": "action_needed",
            "later": "pending",
            "later_fails": "pending",
        }
        payment = PaymentState(
            ref=ref,
            customer=invoice.customer,
            order=invoice.order if invoice.subscription is None else None,
            invoice=invoice.ref,
            status=status[outcome],
            amount=invoice.due,
            refunded=0,
            created_at=self.now,
            failure="declined" if outcome == "declined" else None,
            action_url=f"{self.base_url}/mock-payments/confirm/{ref}" if outcome == "confirm" else None,
        )
        self.session.put(payment)
        self.session.tell(Kind.PAYMENT, ref, payment.status, self.now)
        if payment.status == "pending":
            self.session.put(Maturing(ref, self.now + BANK_DAYS, outcome == "later"))
        if payment.status == "succeeded":
            return self.paid(invoice, payment), payment
        invoice = replace(invoice, payment=ref)
        self.session.put(invoice)
        return invoice, payment

    def paid(self, invoice: InvoiceState, payment: PaymentState | None) -> InvoiceState:
        found = replace(
            invoice,
            status="paid",
            due=Money(0, invoice.due.currency),
            paid_at=self.now,
            next_attempt_at=None,
            payment=None if payment is None else payment.ref,
        )
        self.session.put(found)
        self.session.tell(Kind.INVOICE, found.ref, "paid", self.now)
        return found

    # Subscriptions.

    def subscribe(
        self,
        customer: Customer,
        order: UUID | None,
        terms: Terms,
        card: str,
        trial_days: int,
        *,
        discount: bool,
    ) -> tuple[SubscriptionState, InvoiceState, PaymentState | None]:
        trial_end = self.now + timedelta(days=trial_days) if trial_days else None
        anchor = trial_end or self.now
        end = trial_end or period_end(anchor, self.now, terms.price.interval)
        ref = self.session.number("sub")
        line = whole_line(terms, self.now, end, 0 if trial_end else None)
        invoice = self.invoice(customer, "start", (line,), subscription=ref, order=order, discount=discount)
        invoice, payment = self.collect(invoice, card, present=True)
        found = SubscriptionState(
            ref=ref,
            customer=customer.ref,
            order=order,
            status="incomplete" if invoice.status != "paid" else "trialing" if trial_end else "active",
            price=terms.price.key,
            quantity=terms.quantity,
            anchor=anchor,
            period_start=self.now,
            period_end=end,
            trial_end=trial_end,
            past_due_since=None,
            cancel_at=None,
            ended_at=None,
            scheduled=None,
            card=CARDS[card].name,
        )
        self.session.put(found)
        self.session.put(Contract(ref, terms))
        self.session.tell(Kind.SUBSCRIPTION, ref, "created", self.now)
        return found, invoice, payment

    def renew(self, subscription: SubscriptionState) -> None:
        """The period is over: the next one on the terms that were scheduled, or the end that was."""
        contract = self.session.get(Contract, subscription.ref)
        customer = self.session.get(Customer, subscription.customer)
        assert contract is not None
        assert customer is not None
        if subscription.cancel_at is not None and subscription.cancel_at <= self.now:
            self.end(subscription, subscription.cancel_at)
            return
        terms = contract.scheduled or contract.terms
        start = subscription.period_end
        anchor = subscription.anchor
        if terms.price.interval != contract.terms.price.interval:
            anchor = start
        end = period_end(anchor, start, terms.price.interval)
        invoice = self.invoice(
            customer, "cycle", (whole_line(terms, start, end),), subscription=subscription.ref, order=None
        )
        subscription = replace(
            subscription,
            status="active",
            price=terms.price.key,
            quantity=terms.quantity,
            anchor=anchor,
            period_start=start,
            period_end=end,
            scheduled=None,
        )
        self.session.put(subscription)
        self.session.put(Contract(subscription.ref, terms))
        self.session.tell(Kind.SUBSCRIPTION, subscription.ref, "updated", self.now)
        self.dun(subscription, invoice)

    def dun(self, subscription: SubscriptionState, invoice: InvoiceState) -> None:
        """Have a period's invoice paid, or remember when to try again; after the last try the subscription ends."""
        customer = self.session.get(Customer, subscription.customer)
        contract = self.session.get(Contract, subscription.ref)
        assert customer is not None
        assert contract is not None
        invoice, payment = self.collect(replace(invoice, next_attempt_at=None), customer.card, present=False)
        if invoice.status == "paid":
            self.session.put(replace(subscription, status="active", past_due_since=None))
            self.session.put(replace(contract, attempts=0))
            self.session.tell(Kind.INVOICE, invoice.ref, "updated", self.now)
            self.session.tell(Kind.SUBSCRIPTION, subscription.ref, "updated", self.now)
        elif payment is None or payment.status != "pending":
            self._not_paid(subscription, contract, invoice)

    def _not_paid(self, subscription: SubscriptionState, contract: Contract, invoice: InvoiceState) -> None:
        """One try has failed: when the next one comes, or the end."""
        if contract.attempts < len(RETRIES):
            again = self.now + RETRIES[contract.attempts]
            since = subscription.past_due_since or self.now
            self.session.put(replace(invoice, next_attempt_at=again))
            self.session.put(replace(contract, attempts=contract.attempts + 1))
            self.session.put(replace(subscription, status="past_due", past_due_since=since))
        else:
            self.session.put(replace(invoice, status="uncollectible", next_attempt_at=None))
            self.end(subscription, self.now)
        self.session.tell(Kind.INVOICE, invoice.ref, "updated", self.now)
        self.session.tell(Kind.SUBSCRIPTION, subscription.ref, "updated", self.now)

    def end(self, subscription: SubscriptionState, at: datetime) -> None:
        self.session.put(replace(subscription, status="cancelled", ended_at=at, scheduled=None))
        self.session.tell(Kind.SUBSCRIPTION, subscription.ref, "ended", at)

    # What a payment that took its time brings.

    def succeeded(self, payment: PaymentState) -> None:
        """The bank or the person has said yes."""
        payment = replace(payment, status="succeeded", failure=None, action_url=None)
        self.session.put(payment)
        self.session.tell(Kind.PAYMENT, payment.ref, "succeeded", self.now)
        invoice = self.session.get(InvoiceState, payment.invoice)
        if invoice is not None and invoice.status in ("open", "uncollectible"):
            invoice = self.paid(invoice, payment)
            self._carry_on(invoice)
        self._checkout_of(payment, "paid")

    def failed(self, payment: PaymentState, why: str = "declined") -> None:
        payment = replace(payment, status="failed", failure=why, action_url=None)
        self.session.put(payment)
        self.session.tell(Kind.PAYMENT, payment.ref, "failed", self.now)
        invoice = self.session.get(InvoiceState, payment.invoice)
        if invoice is not None and invoice.status == "open" and invoice.payment == payment.ref:
            self._give_up(invoice)
        self._checkout_of(payment, "failed")

    def _carry_on(self, invoice: InvoiceState) -> None:
        subscription = self.session.get(SubscriptionState, invoice.subscription)
        contract = self.session.get(Contract, invoice.subscription)
        if subscription is None or contract is None:
            return
        if contract.pending_invoice == invoice.ref:
            self.changed(subscription, contract)
            return
        if subscription.status in ("incomplete", "past_due", "unpaid"):
            self.session.put(replace(subscription, status="active", past_due_since=None))
            self.session.put(replace(contract, attempts=0))
            self.session.tell(Kind.SUBSCRIPTION, subscription.ref, "updated", self.now)

    def changed(self, subscription: SubscriptionState, contract: Contract) -> SubscriptionState:
        """The pending terms are paid: they hold from the moment of the change."""
        terms, at = contract.pending, contract.pending_at
        assert terms is not None
        assert at is not None
        found = replace(
            subscription,
            price=terms.price.key,
            quantity=terms.quantity,
            status="active",
            trial_end=None,
            scheduled=None,
        )
        if restarts(subscription, contract.terms, terms):
            end = period_end(at, at, terms.price.interval)
            # A cancellation stands: it is the new period that ends then.
            cancel_at = None if found.cancel_at is None else end
            found = replace(found, anchor=at, period_start=at, period_end=end, cancel_at=cancel_at)
        self.session.put(found)
        self.session.put(Contract(found.ref, terms))
        self.session.tell(Kind.SUBSCRIPTION, found.ref, "updated", self.now)
        return found

    def _give_up(self, invoice: InvoiceState) -> None:
        subscription = self.session.get(SubscriptionState, invoice.subscription)
        contract = self.session.get(Contract, invoice.subscription)
        if subscription is not None and contract is not None and invoice.reason == "cycle":
            if subscription.ended_at is None and invoice.next_attempt_at is None:
                self._not_paid(subscription, contract, invoice)
            return
        self.session.put(replace(invoice, status="void", due=Money(0, invoice.due.currency)))
        self.session.tell(Kind.INVOICE, invoice.ref, "voided", self.now)
        if contract is not None and contract.pending_invoice == invoice.ref:
            self.session.put(Contract(contract.ref, contract.terms, contract.scheduled))
        elif subscription is not None and subscription.status == "incomplete":
            self.session.put(replace(subscription, status="incomplete_expired", ended_at=self.now))
            self.session.tell(Kind.SUBSCRIPTION, subscription.ref, "ended", self.now)

    def _checkout_of(self, payment: PaymentState, status: Literal["paid", "failed"]) -> None:
        for checkout in self.session.all(CheckoutState):
            if checkout.payment == payment.ref and checkout.payment_status == "unpaid":
                self.session.put(replace(checkout, payment_status=status))
                self.session.tell(Kind.CHECKOUT, checkout.ref, status, self.now)


def restarts(subscription: SubscriptionState, old: Terms, new: Terms) -> bool:
    """Whether a change begins a new period: another interval, or the end of a trial."""
    return old.price.interval != new.price.interval or subscription.status == "trialing"
