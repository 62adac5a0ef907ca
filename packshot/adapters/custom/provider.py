"""A bridge of the operator's own, asked over HTTP: the port behind the contract of docs/payments.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from packshot.adapters.custom import wire
from packshot.ports.payment_states import Kind, Notice, Seen
from packshot.ports.payments import (
    Ability,
    Change,
    Charge,
    Missing,
    Order,
    Page,
    PaymentsUnavailable,
    Preview,
    Refused,
)

_TIMEOUT_S = 30.0


class CustomPayments:
    """`keys` sign both ways, the first new requests; `url` is the bridge's."""

    name = "custom"
    account: str | None = None
    version: str | None = None

    def __init__(
        self,
        url: str,
        *,
        keys: Sequence[bytes],
        abilities: frozenset[Ability],
        livemode: bool,
        now: Callable[[], datetime],
    ) -> None:
        self.abilities = abilities
        self.livemode = livemode
        self._url = url.rstrip("/")
        self._keys = tuple(keys)
        self._now = now
        self._client = httpx.Client(timeout=_TIMEOUT_S, trust_env=False)

    def checkout(self, order: Order) -> Page:
        found: Page = wire.load(Page, self._ask("POST", "checkouts", wire.dump(order)))
        return found

    def expire(self, checkout: str) -> None:
        self._ask("POST", f"checkouts/{quote(checkout, safe='')}/expire", {})

    def portal(self, customer: str, back_url: str) -> str:
        self._need(Ability.PORTAL)
        answer = self._ask("POST", "portal", {"customer": customer, "back_url": back_url})
        return str(answer["url"])

    def preview(self, change: Change) -> Preview:
        self._need(Ability.CHANGE)
        found: Preview = wire.load(Preview, self._ask("POST", "previews", wire.dump(change)))
        return found

    def change(self, change: Change) -> Seen:
        self._need(Ability.CHANGE)
        return wire.load_seen(self._ask("POST", "changes", wire.dump(change)))

    def cancel(self, subscription: str, act: UUID, *, at_once: bool = False) -> Seen:
        self._need(Ability.CANCEL)
        body = {"act": str(act), "at_once": at_once}
        return wire.load_seen(self._ask("POST", f"subscriptions/{quote(subscription, safe='')}/cancel", body))

    def resume(self, subscription: str, act: UUID) -> Seen:
        self._need(Ability.CANCEL)
        path = f"subscriptions/{quote(subscription, safe='')}/resume"
        return wire.load_seen(self._ask("POST", path, {"act": str(act)}))

    def charge(self, charge: Charge) -> Seen:
        self._need(Ability.CHARGE)
        return wire.load_seen(self._ask("POST", "charges", wire.dump(charge)))

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        wire.check(self._keys, headers, body, now)
        return wire.read(body)

    def fetch(self, kind: Kind, ref: str) -> Seen:
        return wire.load_seen(self._ask("GET", f"objects/{kind.value}/{quote(ref, safe='')}"))

    def since(self, moment: datetime) -> Iterable[Notice]:
        answer = self._ask("GET", f"messages?since={quote(moment.isoformat())}")
        return [wire.load_notice(each) for each in answer["messages"]]

    def _need(self, ability: Ability) -> None:
        if ability not in self.abilities:
            raise Refused("The payment provider cannot do this.", "not_offered")

    def _ask(self, method: str, path: str, said: Mapping[str, Any] | None = None) -> Any:
        """The bridge's answer. A request carries its signature; the connection's TLS vouches for the answer."""
        body = b"" if said is None else json.dumps(said).encode()
        headers = wire.signed(self._keys[0], body, self._now()) | {"content-type": "application/json"}
        try:
            answer = self._client.request(method, f"{self._url}/{path}", content=body, headers=headers)
        except httpx.HTTPError as error:
            raise PaymentsUnavailable(f"the bridge does not answer: {type(error).__name__}") from error
        if answer.status_code == 404:
            raise Missing(path)
        if answer.status_code in (402, 409, 422):
            raise _refusal(answer)
        if answer.status_code not in (200, 201, 204):
            raise PaymentsUnavailable(f"the bridge answers {answer.status_code}")
        try:
            return answer.json() if answer.content else {}
        except ValueError as error:
            raise PaymentsUnavailable("the bridge's answer is no JSON") from error


def _refusal(answer: httpx.Response) -> Refused:
    code = "declined" if answer.status_code == 402 else "invalid"
    try:
        said = answer.json()
        return Refused(str(said["message"]), str(said.get("code", code)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Refused("The payment provider refused it.", code)
