"""A pack charged to the saved card while nobody is there: an invoice of its own, so that tax and receipt are right."""

from __future__ import annotations

from typing import Any

import stripe

from packshot.adapters.stripe import reading
from packshot.adapters.stripe.changing import joined
from packshot.adapters.stripe.client import asking, once, plain
from packshot.adapters.stripe.customers import Customers
from packshot.adapters.stripe.looking import Looking
from packshot.adapters.stripe.prices import Prices
from packshot.ports.payment_states import Kind, Seen
from packshot.ports.payments import Charge

_NEEDS_PERSON = "invoice_payment_intent_requires_action"


class Charging:
    """Every step looks first at what an earlier try has left: the invoice is found by the charge's id in it."""

    def __init__(
        self,
        client: stripe.StripeClient,
        prices: Prices,
        customers: Customers,
        looking: Looking,
        *,
        tax: bool,
    ) -> None:
        self._v1 = client.v1
        self._prices = prices
        self._customers = customers
        self._looking = looking
        self._tax = tax

    def charge(self, charge: Charge) -> Seen:
        """Raises Missing where no card is saved, Refused and PaymentsUnavailable."""
        customer = self._customers.of(charge.payer)
        card = self._customers.card(customer)
        invoice = self._invoice(charge, customer)
        if invoice["status"] == "draft":
            invoice = self._finalized(charge, invoice)
        if invoice["status"] == "open":
            return self._paid(charge, invoice["id"], card)
        return self._looking.fetch(Kind.INVOICE, invoice["id"])

    def _invoice(self, charge: Charge, customer: str) -> dict[str, Any]:
        with asking("look for a charge's invoice"):
            for each in self._v1.invoices.list({"customer": customer, "limit": 20}).data:
                known = plain(each)
                if reading.order_of(known) == charge.id:
                    return known
        params: Any = {
            "customer": customer,
            "currency": charge.price.unit.currency,
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
            "metadata": {reading.ORDER: str(charge.id)},
        }
        if self._tax:
            params["automatic_tax"] = {"enabled": True}
        with asking("make a charge's invoice"):
            return plain(self._v1.invoices.create(params, once(charge.id, "invoice")))

    def _finalized(self, charge: Charge, invoice: dict[str, Any]) -> dict[str, Any]:
        with asking("fill a charge's invoice"):
            if not invoice["lines"]["data"]:
                self._v1.invoice_items.create(
                    {
                        "customer": reading.name_of(invoice["customer"]) or "",
                        "invoice": invoice["id"],
                        "pricing": {"price": self._prices.id(charge.price)},
                        "quantity": charge.quantity,
                    },
                    once(charge.id, "item"),
                )
            return plain(self._v1.invoices.finalize_invoice(invoice["id"], {"auto_advance": False}))

    def _paid(self, charge: Charge, invoice: str, card: str) -> Seen:
        """One attempt for each card. What was declined is voided: it cannot be paid later by surprise."""
        declined = False
        with asking("charge a saved card"):
            try:
                self._v1.invoices.pay(
                    invoice, {"payment_method": card, "off_session": True}, once(charge.id, f"pay:{card}")
                )
            except stripe.CardError as error:
                declined = error.code != _NEEDS_PERSON
            except stripe.InvalidRequestError:
                # Paid by an earlier try whose answer was lost, or on its page: then that is how it ended.
                if self._v1.invoices.retrieve(invoice).status == "open":
                    raise
        seen = self._looking.fetch(Kind.INVOICE, invoice)
        if not declined:
            return seen
        with asking("drop a charge"):
            self._v1.invoices.void_invoice(invoice)
        voided = self._looking.fetch(Kind.INVOICE, invoice)
        # That the card was declined is what is told of the payment, not that we dropped it.
        told = tuple(each for each in voided.states if each.ref == invoice)
        return joined(Seen(voided.at, told), seen)
