"""What Stripe knows now: an object and what of it cannot be understood alone, as states of one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import stripe

from packshot.adapters.stripe import reading
from packshot.adapters.stripe.client import asking, plain
from packshot.adapters.stripe.prices import Prices
from packshot.ports.payment_states import (
    InvoiceState,
    Kind,
    PaymentState,
    RefundState,
    Seen,
    State,
    SubscriptionState,
)
from packshot.ports.payments import Missing

NEWEST = 3
"""So many invoices of a subscription come with it; older ones were told about by their own messages."""
_WITH = (
    "default_payment_method",
    "customer.invoice_settings.default_payment_method",
    "schedule",
    "latest_invoice",
)


class Looking:
    """Reads and never writes. `now` is asked before each look: what changed since is seen by a later one."""

    def __init__(self, client: stripe.StripeClient, prices: Prices, now: Callable[[], datetime]) -> None:
        self._v1 = client.v1
        self._prices = prices
        self._now = now

    def fetch(self, kind: Kind, ref: str) -> Seen:
        """Raises Missing and PaymentsUnavailable."""
        at = self._now()
        found: dict[str, State] = {}
        look = {
            Kind.CHECKOUT: self._checkout,
            Kind.SUBSCRIPTION: self._subscription,
            Kind.INVOICE: self._invoice,
            Kind.PAYMENT: self._payment,
            Kind.REFUND: self._refund,
            Kind.DISPUTE: self._dispute,
        }[kind]
        with asking(f"look at a {kind.value}"):
            look(ref, found)
        return Seen(at, tuple(found.values()))

    def subscription(self, ref: str) -> dict[str, Any]:
        """As Stripe has it, with its schedule. Raises Missing and PaymentsUnavailable."""
        with asking("look at a subscription"):
            return plain(self._v1.subscriptions.retrieve(ref, {"expand": list(_WITH)}))

    def invoice(self, ref: str) -> dict[str, Any]:
        """As Stripe has it, with its payments. Raises Missing and PaymentsUnavailable."""
        with asking("look at an invoice"):
            return plain(self._v1.invoices.retrieve(ref, {"expand": ["payments"]}))

    # What belongs to what. Each puts states into `found`, by their refs, and nothing is looked at twice.

    def _checkout(self, ref: str, found: dict[str, State]) -> None:
        session = plain(self._v1.checkout.sessions.retrieve(ref, {"expand": ["payment_intent"]}))
        if name := reading.name_of(session.get("subscription")):
            self._subscription(name, found)
        if name := reading.name_of(session.get("invoice")):
            self._invoice(name, found)
        if name := reading.name_of(session.get("payment_intent")):
            self._payment(name, found)
        billed = found.get(reading.name_of(session.get("invoice")) or "")
        payment = billed.payment if isinstance(billed, InvoiceState) else None
        found[ref] = reading.checkout(session, payment)

    def _subscription(self, ref: str, found: dict[str, State]) -> None:
        if ref in found:
            return
        seen = plain(self._v1.subscriptions.retrieve(ref, {"expand": list(_WITH)}))
        found[ref] = self.read_subscription(seen)
        newest = self._v1.invoices.list({"subscription": ref, "limit": NEWEST, "expand": ["data.payments"]})
        for each in newest.data:
            self._take_invoice(plain(each), found)

    def read_subscription(self, seen: dict[str, Any]) -> SubscriptionState:
        """A subscription that was asked for with its schedule, with what is owed for it."""
        owed: list[dict[str, Any]] = []
        if seen["status"] in ("past_due", "unpaid"):
            with asking("look at what is owed"):
                listed = self._v1.invoices.list({"subscription": seen["id"], "status": "open", "limit": 100})
            owed = [plain(each) for each in listed.data]
        state = reading.subscription(seen, owed)
        schedule = seen.get("schedule")
        if isinstance(schedule, dict) and schedule["status"] in ("active", "not_started"):
            state = replace(state, scheduled=reading.scheduled(schedule, state.period_end, self._prices.key))
        return state

    def _invoice(self, ref: str, found: dict[str, State]) -> None:
        if ref not in found:
            self._take_invoice(plain(self._v1.invoices.retrieve(ref, {"expand": ["payments"]})), found)

    def _take_invoice(self, seen: dict[str, Any], found: dict[str, State]) -> None:
        if seen["id"] in found:
            return
        state = reading.invoice(seen, self._prices.key)
        found[state.ref] = state
        if state.subscription is not None:
            self._subscription(state.subscription, found)
        if state.payment is not None:
            self._payment(state.payment, found, state)

    def _payment(self, ref: str, found: dict[str, State], billed: InvoiceState | None = None) -> None:
        if ref in found:
            return
        intent = plain(self._v1.payment_intents.retrieve(ref, {"expand": ["latest_charge"]}))
        found[ref] = self._read_payment(intent, billed, ())  # now it is known, whoever else leads here
        billed = billed or self._billed(ref, found)
        refunds = self._refunds(intent, found)
        waits = intent["status"] == "requires_payment_method" and billed is None and self._page_is_open(ref)
        found[ref] = self._read_payment(intent, billed, refunds, page_open=waits)
        charge = intent.get("latest_charge")
        if isinstance(charge, dict) and charge.get("disputed"):
            for each in self._v1.disputes.list({"payment_intent": ref, "limit": 100}).data:
                found[each.id] = reading.dispute(plain(each), ref)

    def _read_payment(
        self,
        intent: dict[str, Any],
        billed: InvoiceState | None,
        refunds: tuple[RefundState, ...],
        *,
        page_open: bool = False,
    ) -> PaymentState:
        return reading.payment(intent, billed, refunds, page_open=page_open)

    def _billed(self, ref: str, found: dict[str, State]) -> InvoiceState | None:
        """The invoice that a payment was for."""
        listed = self._v1.invoice_payments.list(
            {"payment": {"type": "payment_intent", "payment_intent": ref}, "limit": 1}
        )
        if not listed.data:
            return None
        name = str(reading.name_of(plain(listed.data[0])["invoice"]))
        self._invoice(name, found)
        state = found[name]
        return state if isinstance(state, InvoiceState) else None

    def _refunds(self, intent: dict[str, Any], found: dict[str, State]) -> tuple[RefundState, ...]:
        """All of them: whether a charge still counts those that failed is not documented."""
        if intent["status"] != "succeeded":
            return ()
        listed = self._v1.refunds.list({"payment_intent": intent["id"], "limit": 100})
        states = [reading.refund(plain(each), intent["id"]) for each in listed.auto_paging_iter()]
        found.update({each.ref: each for each in states})
        return tuple(states)

    def _page_is_open(self, ref: str) -> bool:
        """Whether the payment failed on a page on which another card can be typed in."""
        listed = self._v1.checkout.sessions.list({"payment_intent": ref, "limit": 1})
        return bool(listed.data) and listed.data[0].status == "open"

    def _refund(self, ref: str, found: dict[str, State]) -> None:
        seen = plain(self._v1.refunds.retrieve(ref))
        payment = reading.name_of(seen.get("payment_intent"))
        if payment is None:
            raise Missing(f"the refund {ref} is of no payment that we made")
        self._payment(payment, found)
        found.setdefault(ref, reading.refund(seen, payment))

    def _dispute(self, ref: str, found: dict[str, State]) -> None:
        seen = plain(self._v1.disputes.retrieve(ref))
        payment = reading.name_of(seen.get("payment_intent"))
        if payment is None:
            raise Missing(f"the dispute {ref} is of no payment that we made")
        self._payment(payment, found)
        found[ref] = reading.dispute(seen, payment)
