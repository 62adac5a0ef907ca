"""Our prices at Stripe: found by their lookup keys, read back by their metadata, made and checked by one command."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any

import stripe
import structlog

from packshot.adapters.stripe.client import asking, once, plain
from packshot.adapters.stripe.money import sent
from packshot.ports.payments import Price, Refused

log = structlog.get_logger(__name__)

KEY = "packshot_price"
"""Where in a price's metadata our key stands: a lookup key can move to another price, this cannot."""


def lookup_key(price: Price) -> str:
    return f"packshot:{price.key}"


def key_of(found: dict[str, Any]) -> str:
    """Our key of a price; of one that is not ours its id, which no plan has."""
    own = (found.get("metadata") or {}).get(KEY)
    return str(own or found["id"])


class Prices:
    """What never changes is asked once a process: a price's id and its key."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._v1 = client.v1
        self._ids: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._lock = threading.Lock()

    def id(self, price: Price) -> str:
        """Raises Refused with `not_offered` where Stripe has none, or one that costs something else."""
        with self._lock:
            known = self._ids.get(price.key)
        if known is not None:
            return known
        found = self._found(price)
        wrong = "is not at Stripe" if found is None else _difference(price, found)
        if found is None or wrong:
            log.error("price not usable: run `packshot plans sync stripe`", price=price.key, why=wrong)
            raise Refused("This is not sold at the moment.", "not_offered")
        with self._lock:
            self._ids[price.key] = found["id"]
            self._keys[found["id"]] = price.key
        return str(found["id"])

    def key(self, price: str) -> str:
        """Our key of a price's id."""
        with self._lock:
            known = self._keys.get(price)
        if known is None:
            with asking("read a price"):
                known = key_of(plain(self._v1.prices.retrieve(price)))
            with self._lock:
                self._keys[price] = known
        return known

    def product(self, price: Price) -> str:
        return f"packshot-{price.item}"

    def sync(self, prices: Iterable[Price], *, tax_code: str | None, write: bool) -> Iterator[str]:
        """Make what is missing (with `write`) and tell, a line each, what was made or is wrong.

        A price at Stripe is never changed: one that costs something else is told and stays. Raises PaymentsUnavailable.
        """
        for price in prices:
            yield from self._sync_product(price, tax_code, write)
            found = self._found(price)
            if found is None:
                yield f"{'made' if write else 'missing'}: price {price.key}"
                if write:
                    self._make(price)
            elif wrong := _difference(price, found):
                yield f"wrong: price {price.key} {wrong}"

    def _found(self, price: Price) -> dict[str, Any] | None:
        with asking("look a price up"):
            found = self._v1.prices.list({"lookup_keys": [lookup_key(price)], "active": True, "limit": 1})
        return plain(found.data[0]) if found.data else None

    def _sync_product(self, price: Price, tax_code: str | None, write: bool) -> Iterator[str]:
        name = self.product(price)
        with asking("look a product up"):
            found = self._v1.products.list({"ids": [name], "limit": 1}).data
        if not found:
            yield f"{'made' if write else 'missing'}: product {name}"
            if write:
                params: Any = {"id": name, "name": price.name, "metadata": {"packshot_item": price.item}}
                with asking("make a product"):
                    self._v1.products.create(params | ({"tax_code": tax_code} if tax_code else {}))
        elif (wanted := _stale(plain(found[0]), price, tax_code)) and write:
            yield f"renewed: product {name} ({', '.join(wanted)})"
            with asking("renew a product"):
                self._v1.products.update(name, wanted)
        elif wanted:
            yield f"stale: product {name} ({', '.join(wanted)})"

    def _make(self, price: Price) -> None:
        params: Any = {
            "product": self.product(price),
            "currency": price.unit.currency,
            "unit_amount": sent(price.unit),
            "lookup_key": lookup_key(price),
            "tax_behavior": "exclusive",
            "metadata": {KEY: price.key},
        }
        if price.interval is not None:
            params["recurring"] = {"interval": price.interval}
        with asking("make a price"):
            self._v1.prices.create(params, once(price.key, "price"))


def _difference(price: Price, found: dict[str, Any]) -> str | None:
    """What Stripe's price says other than ours."""
    recurring = found.get("recurring") or {}
    theirs = (
        found["currency"],
        found["unit_amount"],
        recurring.get("interval"),
        recurring.get("interval_count", 1),
    )
    ours = (price.unit.currency, sent(price.unit), price.interval, 1)
    if theirs != ours:
        return f"is {theirs} at Stripe and {ours} here"
    if key_of(found) != price.key:
        return "does not carry our key"
    return None


def _stale(found: dict[str, Any], price: Price, tax_code: str | None) -> Any:
    wanted: dict[str, Any] = {}
    if found["name"] != price.name:
        wanted["name"] = price.name
    if tax_code and found.get("tax_code") != tax_code:
        wanted["tax_code"] = tax_code
    if not found["active"]:
        wanted["active"] = True
    return wanted
