"""The `stripe` payments: one account, one mode, one API version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr

from packshot.adapters.stripe import events
from packshot.adapters.stripe.changing import Changing
from packshot.adapters.stripe.charging import Charging
from packshot.adapters.stripe.client import VERSION, asking, client, plain
from packshot.adapters.stripe.customers import Customers
from packshot.adapters.stripe.looking import Looking
from packshot.adapters.stripe.pages import Pages
from packshot.adapters.stripe.prices import Prices
from packshot.ports.payment_states import Kind, Notice, Seen
from packshot.ports.payments import Ability, Change, Charge, Order, Page, Preview, Price

OWN = "own"
"""Stands for the account where its id is not set: an event that names any account is then of another."""


class StripePayments:
    """Implements packshot.ports.payments.Payments.

    `key` is a secret or restricted key, `secrets` those of the webhook endpoint (two while one is changed), `account`
    the account's id. `tax`: Stripe Tax reckons. `codes`: promotion codes are taken. `movable`: the prices of plans that
    the portal may change to. `test_clock`: one of the sandbox's, for new customers.
    """

    name = "stripe"
    version: str | None = VERSION
    abilities = frozenset(Ability)

    def __init__(
        self,
        key: SecretStr,
        *,
        secrets: Sequence[SecretStr],
        now: Callable[[], datetime],
        url: str = "https://api.stripe.com",
        account: str | None = None,
        tax: bool = False,
        tax_code: str | None = None,
        codes: bool = False,
        movable: Callable[[], Iterable[Price]] = tuple,
        test_clock: str | None = None,
    ) -> None:
        self.account: str | None = account or OWN
        self.livemode = "_live_" in key.get_secret_value()[:9]
        self._secrets = tuple(secrets)
        self._tax_code = tax_code
        self._client = client(key, url)
        self._prices = Prices(self._client)
        customers = Customers(self._client, test_clock)
        self._looking = Looking(self._client, self._prices, now)
        self._pages = Pages(self._client, self._prices, customers, tax=tax, codes=codes, movable=movable)
        self._changing = Changing(self._client, self._prices, self._looking)
        self._charging = Charging(self._client, self._prices, customers, self._looking, tax=tax)

    def checkout(self, order: Order) -> Page:
        return self._pages.checkout(order)

    def expire(self, checkout: str) -> None:
        self._pages.expire(checkout)

    def portal(self, customer: str, back_url: str) -> str:
        return self._pages.portal(customer, back_url)

    def preview(self, change: Change) -> Preview:
        return self._changing.preview(change)

    def change(self, change: Change) -> Seen:
        return self._changing.change(change)

    def cancel(self, subscription: str, act: UUID, *, at_once: bool = False) -> Seen:  # noqa: ARG002  (sets a state)
        return self._changing.cancel(subscription, at_once=at_once)

    def resume(self, subscription: str, act: UUID) -> Seen:  # noqa: ARG002  (sets a state)
        return self._changing.resume(subscription)

    def charge(self, charge: Charge) -> Seen:
        return self._charging.charge(charge)

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        return events.verified(self._secrets, headers.get("stripe-signature"), body, now)

    def fetch(self, kind: Kind, ref: str) -> Seen:
        return self._looking.fetch(kind, ref)

    def since(self, moment: datetime) -> Iterator[Notice]:
        """Stripe keeps events for 30 days."""
        with asking("list events"):
            listed = self._client.v1.events.list({"created": {"gte": int(moment.timestamp())}, "limit": 100})
            # Newest first: a few thousand small notices are held, to be told the other way round.
            found = [events.notice(plain(each)) for each in listed.auto_paging_iter()]
        yield from reversed(found)

    def sync(self, prices: Iterable[Price], *, write: bool) -> Iterator[str]:
        """Compare our prices with Stripe's and, with `write`, make what is missing. A line for each finding."""
        return self._prices.sync(prices, tax_code=self._tax_code, write=write)
