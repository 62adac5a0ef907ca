"""The hosted pages: Checkout for one order, and the portal as our own configuration makes it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any, Final

import stripe

from packshot.adapters.stripe.client import asking, once, plain
from packshot.adapters.stripe.customers import Customers
from packshot.adapters.stripe.prices import Prices
from packshot.adapters.stripe.reading import ORDER
from packshot.ports.payments import Missing, Order, Page, PaymentsUnavailable, Price, Refused

_LOCALES: Final = (
    *(
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fi",
        "fil",
        "fr",
        "hr",
        "hu",
        "id",
        "it",
        "ja",
        "ko",
        "lt",
        "lv",
    ),
    *("ms", "mt", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh"),
)
_PORTAL = "packshot_portal"
"""Where a configuration's own fingerprint stands: another configuration is another object."""


class Pages:
    """`tax`: Stripe reckons it. `codes`: promotion codes are taken. `movable`: prices that the portal may change to."""

    def __init__(
        self,
        client: stripe.StripeClient,
        prices: Prices,
        customers: Customers,
        *,
        tax: bool,
        codes: bool,
        movable: Callable[[], Iterable[Price]],
    ) -> None:
        self._v1 = client.v1
        self._prices = prices
        self._customers = customers
        self._tax = tax
        self._codes = codes
        self._movable = movable
        self._configurations: dict[bool, str] = {}
        self._lock = threading.Lock()

    def checkout(self, order: Order) -> Page:
        """Raises Refused and PaymentsUnavailable."""
        try:
            customer = self._customers.of(order.payer)
            params = self._asked(order, customer)
            with asking("open a checkout"):
                try:
                    found = plain(self._v1.checkout.sessions.create(params, once(order.id, "checkout")))
                except stripe.APIError:
                    # It may have been made: Stripe keeps its 500 for our key, so the page is looked for.
                    known = self._made(order, customer)
                    if known is None:
                        raise
                    found = known
        except Missing as error:
            raise Refused("The payment provider does not know who pays. Nothing was charged.") from error
        if found.get("url") is None:
            raise Refused("This page to pay on is closed already. Please order once more.")
        return Page(found["id"], found["url"], customer)

    def _made(self, order: Order, customer: str) -> dict[str, Any] | None:
        for each in self._v1.checkout.sessions.list({"customer": customer, "limit": 20}).data:
            if each.client_reference_id == str(order.id):
                return plain(each)
        return None

    def _asked(self, order: Order, customer: str) -> Any:
        ours = {ORDER: str(order.id)}
        params: dict[str, Any] = {
            "customer": customer,
            "client_reference_id": str(order.id),
            "metadata": ours,
            "line_items": [{"price": self._prices.id(order.price), "quantity": order.quantity}],
            "success_url": order.success_url,
            "cancel_url": order.cancel_url,
            "expires_at": int(order.expires_at.timestamp()),
            "locale": _locale(order.locale),
        }
        if self._codes:
            params["allow_promotion_codes"] = True
        if self._tax:
            params["automatic_tax"] = {"enabled": True}
            params["tax_id_collection"] = {"enabled": True}
            params["customer_update"] = {"address": "auto", "name": "auto"}
        return params | (
            self._once_paid(order, ours) if order.price.interval is None else _repeated(order, ours)
        )

    def _once_paid(self, order: Order, ours: dict[str, str]) -> dict[str, Any]:
        intent: dict[str, Any] = {"metadata": ours}
        if order.save_card:
            intent["setup_future_usage"] = "off_session"
        return {
            "mode": "payment",
            "payment_intent_data": intent,
            "invoice_creation": {"enabled": True, "invoice_data": {"metadata": ours}},
        }

    def expire(self, checkout: str) -> None:
        """Raises Missing and PaymentsUnavailable."""
        with asking("close a checkout"):
            if self._v1.checkout.sessions.retrieve(checkout).status != "open":
                return
            try:
                self._v1.checkout.sessions.expire(checkout)
            except stripe.InvalidRequestError:
                # Paid or expired in between: both are an end.
                if self._v1.checkout.sessions.retrieve(checkout).status == "open":
                    raise

    def portal(self, customer: str, back_url: str) -> str:
        """Raises Missing and PaymentsUnavailable."""
        try:
            configuration = self._portal(moves=self._single(customer))
            with asking("open the portal"):
                return self._v1.billing_portal.sessions.create(
                    {"customer": customer, "return_url": back_url, "configuration": configuration}
                ).url
        except Refused as error:
            raise PaymentsUnavailable("stripe does not take the portal's configuration") from error

    def _single(self, customer: str) -> bool:
        """Whether a change of plan is safe there: it keeps the quantity, and so several seats would be paid for one."""
        with asking("look at a customer's plans"):
            running = self._v1.subscriptions.list({"customer": customer, "limit": 10}).data
        return all(plain(each)["items"]["data"][0]["quantity"] == 1 for each in running)

    def _portal(self, *, moves: bool) -> str:
        """The configuration's id; made where Stripe has none that is exactly this one."""
        with self._lock:
            if moves not in self._configurations:
                features = self._features(moves=moves)
                mark = hashlib.sha256(json.dumps(features, sort_keys=True).encode()).hexdigest()[:32]
                self._configurations[moves] = self._known(mark) or self._make(features, mark)
            return self._configurations[moves]

    def _known(self, mark: str) -> str | None:
        with asking("look for the portal's configuration"):
            listed = self._v1.billing_portal.configurations.list({"active": True, "limit": 100})
            for each in listed.auto_paging_iter():
                if (plain(each).get("metadata") or {}).get(_PORTAL) == mark:
                    return each.id
        return None

    def _make(self, features: Any, mark: str) -> str:
        with asking("make the portal's configuration"):
            return self._v1.billing_portal.configurations.create(
                {"features": features, "metadata": {_PORTAL: mark}}, once(mark, "portal")
            ).id

    def _features(self, *, moves: bool) -> dict[str, Any]:
        """What a person may do there: never pause, never more or fewer seats, only plans that we named."""
        by_product = sorted(self._movable() if moves else (), key=lambda price: price.item)
        products = [
            {"product": f"packshot-{item}", "prices": sorted(self._prices.id(each) for each in prices)}
            for item, prices in groupby(by_product, key=lambda price: price.item)
        ]
        change: dict[str, Any] = {"enabled": False}
        if products:
            change = {
                "enabled": True,
                "default_allowed_updates": ["price"],
                "products": products,
                "proration_behavior": "always_invoice",
                "schedule_at_period_end": {
                    "conditions": [{"type": "decreasing_item_amount"}, {"type": "shortening_interval"}]
                },
            }
        return {
            "customer_update": {"enabled": True, "allowed_updates": ["address", "email", "name", "tax_id"]},
            "invoice_history": {"enabled": True},
            "payment_method_update": {"enabled": True},
            "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
            "subscription_pause": {"enabled": False},
            "subscription_update": change,
        }


def _repeated(order: Order, ours: dict[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {"metadata": ours, "billing_mode": {"type": "flexible"}}
    if order.trial_days:
        data["trial_period_days"] = order.trial_days
        data["trial_settings"] = {"end_behavior": {"missing_payment_method": "cancel"}}
    return {"mode": "subscription", "subscription_data": data}


def _locale(language: str) -> Any:
    short = language.lower().partition("-")[0]
    return short if short in _LOCALES else "auto"
