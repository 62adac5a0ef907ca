"""Everything that an account holds: objects by id, events, clocks. One lock: the fake does one thing at a time."""

from __future__ import annotations

import copy
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.fakes.stripe.errors import invalid, missing
from tests.fakes.stripe.shapes import shaped

VERSION = "2026-10-28.endive"
PREFIXES = {
    "customer": "cus",
    "product": "prod",
    "price": "price",
    "coupon": "coup",
    "discount": "di",
    "payment_method": "pm",
    "payment_intent": "pi",
    "charge": "ch",
    "refund": "re",
    "dispute": "du",
    "subscription": "sub",
    "subscription_item": "si",
    "subscription_schedule": "sub_sched",
    "invoice": "in",
    "invoiceitem": "ii",
    "line_item": "il",
    "invoice_payment": "inpay",
    "checkout.session": "cs_test",
    "billing_portal.session": "bps",
    "billing_portal.configuration": "bpc",
    "test_helpers.test_clock": "clock",
    "event": "evt",
    "balance_transaction": "txn",
}
Object = dict[str, Any]


class World:
    """Names that begin with `_` are the fake's own and never leave it."""

    def __init__(self, url: Callable[[], str], now: Callable[[], int]) -> None:
        self.url = url
        self.lock = threading.RLock()
        self.objects: dict[str, Object] = {}
        self.events: list[Object] = []
        self.listeners: list[Callable[[Object], None]] = []
        self.offset = 0
        self.after_dunning = "canceled"
        """What becomes of a subscription when no retry worked: canceled, unpaid or past_due."""
        self.retries = (3, 5, 7)
        """Days between attempts."""
        self.next_refunds: list[str] = []
        """How the next refunds begin, if not with `succeeded`."""
        self._wall = now
        self._frozen: int | None = None
        self._serial = 0
        self.request_id: tuple[str | None, str | None] = (None, None)

    # --- time

    def now(self, customer: str | None = None) -> int:
        """The time for a customer: its test clock's, or the account's."""
        clock = self.objects[customer].get("test_clock") if customer in self.objects else None
        if clock is not None:
            return int(self.objects[clock]["frozen_time"])
        return self._frozen if self._frozen is not None else self._wall() + self.offset

    def set_time(self, clock: str | None, at: int | None) -> None:
        """Within an advance: the moment of what happens next. None ends it for the account's clock."""
        if clock is not None:
            assert at is not None
            self.objects[clock]["frozen_time"] = at
        elif at is None:
            self._frozen = None
        else:
            self._frozen = at

    def settle_time(self, at: int) -> None:
        """The account's clock goes on from a moment."""
        self.offset, self._frozen = at - self._wall(), None

    # --- objects

    def add(self, kind: str, **values: Any) -> Object:
        self._serial += 1
        name = values.pop("id", None) or f"{PREFIXES[kind]}_{self._serial:06d}{secrets.token_hex(6)}"
        found: Object = {"id": name, "object": kind, **values}
        if name in self.objects:
            raise invalid(f"{kind} already exists.", "resource_already_exists", "id")
        self.objects[name] = found
        return found

    def get(self, kind: str, name: Any) -> Object:
        found = self.objects.get(name)
        if found is None or found["object"] != kind:
            raise missing(kind, name)
        return found

    def all(self, kind: str, **wanted: Any) -> Iterator[Object]:
        for each in list(self.objects.values()):
            if each["object"] == kind and all(each.get(name) == value for name, value in wanted.items()):
                yield each

    # --- events

    def emit(self, kind: str, found: Object, previous: Object | None = None) -> Object:
        """Something happened: told with the object as it is at this moment."""
        customer = (
            found["id"] if found["object"] == "customer" else found.get("customer") or found.get("_customer")
        )
        data: Object = {"object": shaped(copy.deepcopy(found))}
        if previous is not None:
            data["previous_attributes"] = previous
        self._serial += 1
        event = {
            "id": f"evt_{self._serial:06d}{secrets.token_hex(6)}",
            "object": "event",
            "api_version": VERSION,
            "created": self.now(customer),
            "data": data,
            "livemode": False,
            "pending_webhooks": len(self.listeners),
            "request": {"id": self.request_id[0], "idempotency_key": self.request_id[1]},
            "type": kind,
        }
        self.objects[event["id"]] = event
        self.events.append(event)
        for listener in self.listeners:
            listener(event)
        return event


def listed(data: list[Object], url: str) -> Object:
    return {"object": "list", "data": data, "has_more": False, "url": url}


def wall() -> int:
    return int(time.time())
