"""The world outside: a provider that answers late or not at all, and a post that loses, doubles and forges."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from packshot.adapters.mock.payments.provider import MockPayments
from packshot.foundation.billing import inbox
from packshot.foundation.billing.errors import NoticeForged
from packshot.ports.payments import PaymentsUnavailable
from tests.simulation.tasks import current

_ACTS = frozenset(
    {"checkout", "expire", "portal", "preview", "change", "cancel", "resume", "charge", "fetch", "since"}
)


class Far:
    """The provider behind a network: every call may hand over to others, before and after; or be lost."""

    def __init__(self, real: MockPayments, rng: random.Random) -> None:
        self._real, self._rng = real, rng
        self.calm = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        return self._over_the_net(found) if name in _ACTS else found

    def _over_the_net(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*args: Any, **named: Any) -> Any:
            if connection.in_atomic_block:
                raise AssertionError("a provider was asked inside a transaction")
            if self.calm:
                return act(*args, **named)
            self._wait()
            if self._rng.random() < 0.05:
                raise PaymentsUnavailable("it was not reached")
            found = act(*args, **named)
            if self._rng.random() < 0.05:
                raise PaymentsUnavailable("its answer was lost")
            self._wait()
            return found

        return asked

    def _wait(self) -> None:
        task = current()
        if task is not None and self._rng.random() < 0.3:
            task.hand_over()


@dataclass
class Post:
    """Messages between the provider's door and ours. They are signed when they are brought, as a retry is."""

    mock: MockPayments
    rng: random.Random
    air: list[dict[str, Any]] = field(default_factory=list)
    ever: list[dict[str, Any]] = field(default_factory=list)
    lost_since: datetime | None = None
    """When the oldest message was lost that no reconcile has looked for yet."""

    def collect(self, now: datetime, *, lossy: bool = True) -> None:
        """What the provider has sent meanwhile; only what a nightly reconcile still finds is lost."""
        for _, body in self.mock.unsent():
            said = json.loads(body)
            self.ever.append(said)
            at = datetime.fromisoformat(said["created_at"])
            if lossy and self.rng.random() < 0.15 and now - at < timedelta(days=1):
                self.lost_since = min(self.lost_since or at, at)
            else:
                self.air += [said] * (self.rng.choice((1, 1, 2, 3)) if lossy else 1)

    def bring_one(self) -> str:
        """Any of those in the air."""
        said = self.air.pop(self.rng.randrange(len(self.air)))
        self.bring(said, self.rng.choice(self.mock.keys))
        return f"{said['type']} {said['ref']}"

    def bring(self, said: dict[str, Any], key: bytes) -> None:
        headers, body = self.mock.signed(said, key=key)
        inbox.receive("mock", headers, body)

    def bring_forged(self) -> str:
        """A message of nobody's, about an object that there is; it must be refused, or stored and not believed."""
        said = self.rng.choice(self.ever) | {"id": f"ev_forged{self.rng.randrange(10**6)}"}
        kind = self.rng.choice(("key", "old", "cut", "live", "version", "account"))
        odd: dict[str, dict[str, Any]] = {
            "live": {"livemode": True},
            "version": {"version": "0"},
            "account": {"account": "x"},
        }
        headers, body = self.mock.signed(
            said | odd.get(kind, {}),
            key=b"nobody's" if kind == "key" else None,
            at=self.mock.now() - timedelta(minutes=6) if kind == "old" else None,
        )
        try:
            inbox.receive("mock", headers, body[:-1] if kind == "cut" else body)
        except NoticeForged:
            believed = False
        else:
            believed = kind in ("key", "old", "cut")
        if believed:
            raise AssertionError(f"a forged message ({kind}) was taken")
        return kind
