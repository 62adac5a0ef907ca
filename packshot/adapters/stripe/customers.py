"""Customers: one for each organization, found again by its id; and the card that is charged."""

from __future__ import annotations

from typing import Any

import stripe

from packshot.adapters.stripe.client import asking, once, plain
from packshot.adapters.stripe.reading import name_of
from packshot.ports.payments import Missing, Payer

ORGANIZATION = "packshot_organization"


class Customers:
    """`test_clock` is a clock of Stripe's sandbox that new customers live by; None for the real time."""

    def __init__(self, client: stripe.StripeClient, test_clock: str | None) -> None:
        self._v1 = client.v1
        self._test_clock = test_clock

    def of(self, payer: Payer) -> str:
        """The payer's customer, opened if it has none."""
        if payer.customer is not None:
            return payer.customer
        params: Any = {
            "name": payer.name,
            "email": payer.email,
            "metadata": {ORGANIZATION: str(payer.organization)},
        }
        if self._test_clock is not None:
            params["test_clock"] = self._test_clock
        with asking("open a customer"):
            # The search lags behind by a minute, which the key covers; the key ends after a day, which the search does.
            found = self._v1.customers.search(
                {"query": f"metadata['{ORGANIZATION}']:'{payer.organization}'", "limit": 1}
            )
            if found.data:
                return found.data[0].id
            return self._v1.customers.create(params, once(payer.organization, "customer")).id

    def card(self, customer: str) -> str:
        """The card for charges without the person. Raises Missing where none is saved."""
        with asking("look for a card"):
            owner = plain(self._v1.customers.retrieve(customer))
            if owner.get("deleted"):
                raise Missing("the customer was deleted")
            chosen = name_of((owner.get("invoice_settings") or {}).get("default_payment_method"))
            if chosen is None:
                running = self._v1.subscriptions.list({"customer": customer, "limit": 10})
                cards = [name_of(plain(each).get("default_payment_method")) for each in running.data]
                chosen = next((each for each in cards if each), None)
            if chosen is None:
                saved = self._v1.customers.payment_methods.list(customer, {"limit": 1})
                chosen = saved.data[0].id if saved.data else None
        if chosen is None:
            raise Missing("no card is saved")
        return chosen
