"""Messages to endpoints: signed, sent, sent again; and the weather that they travel through."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.fakes.stripe.shapes import shaped
from tests.fakes.stripe.world import Object


@dataclass
class Chaos:
    """Shares between 0 and 1, of a seed's own dice."""

    seed: int = 0
    duplicate: float = 0
    """A message comes twice."""
    reorder: bool = False
    """The messages of a round come in any order."""
    delay: float = 0
    """A message waits for the next round."""
    drop: float = 0
    """A message never comes."""
    forge: float = 0
    """A message comes with a wrong signature first."""
    broken: float = 0
    """A write is done and answered with 500."""
    cut: float = 0
    """A write is done and not answered."""
    stale: float = 0
    """A read shows the object as it was before its last change."""
    dice: random.Random = field(init=False)
    struck: int = field(default=0, init=False)
    """How often anything of it happened."""

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def strikes(self, share: float) -> bool:
        hit = share > 0 and self.dice.random() < share
        self.struck += hit
        return hit


@dataclass
class Endpoint:
    url: str
    secret: str = field(default_factory=lambda: f"whsec_{secrets.token_hex(16)}")
    events: frozenset[str] | None = None
    """None: all."""
    old_secret: str | None = None
    """While a rotation lasts, both sign."""

    def rotate(self) -> str:
        """A new secret; the old one signs as well until `old_secret` is set to None."""
        self.old_secret, self.secret = self.secret, f"whsec_{secrets.token_hex(16)}"
        return self.secret


class Sender:
    """Every event to every endpoint, until it is taken."""

    def __init__(self, chaos: Chaos, now: Callable[[], int]) -> None:
        self.chaos = chaos
        self._now = now
        self.endpoints: list[Endpoint] = []
        self.pending: list[tuple[Endpoint, Object]] = []
        self.answers: list[tuple[str, int]] = []
        """Type of the event and status of the answer, of every delivery."""
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._news = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, event: Object) -> None:
        with self._lock:
            for each in self.endpoints:
                if each.events is None or event["type"] in each.events:
                    self.pending.append((each, event))
        self._news.set()

    def begin(self) -> None:
        """Send by itself from now on, as soon as something happens."""
        self._thread = threading.Thread(target=self._run, name="stripe-webhooks", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._closing.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(15)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.wait()
            self._news.clear()
            while self.pending and not self._closing.is_set():
                self.round()
                if self.pending:
                    self._closing.wait(0.05)

    def round(self) -> int:
        """Everything that waits is sent once; what was not taken waits again. How many were taken."""
        with self._sending:
            with self._lock:
                batch, self.pending = self.pending, []
            if self.chaos.reorder:
                self.chaos.dice.shuffle(batch)
            return sum(self._one(endpoint, event) for endpoint, event in batch)

    def _one(self, endpoint: Endpoint, event: Object) -> bool:
        if self.chaos.strikes(self.chaos.drop):
            return False
        if self.chaos.strikes(self.chaos.delay):
            self._again(endpoint, event)
            return False
        if self.chaos.strikes(self.chaos.forge):
            self.post(endpoint, event, secret="whsec_wrong")
        times = 2 if self.chaos.strikes(self.chaos.duplicate) else 1
        taken = [200 <= self.post(endpoint, event) < 300 for _ in range(times)]
        if not any(taken):
            self._again(endpoint, event)
        return any(taken)

    def _again(self, endpoint: Endpoint, event: Object) -> None:
        with self._lock:
            self.pending.append((endpoint, event))

    def post(self, endpoint: Endpoint, event: Object, *, secret: str | None = None) -> int:
        """One delivery, and what it was answered; 0 for nothing."""
        body = message(event)
        headers = {
            "Content-Type": "application/json",
            **signed(body, endpoint, secret=secret, at=self._now()),
        }
        try:
            with httpx.Client(trust_env=False, timeout=15) as client:
                status = client.post(endpoint.url, content=body, headers=headers).status_code
        except httpx.HTTPError:
            status = 0
        self.answers.append((event["type"], status))
        return status


def message(event: Object, **changes: Any) -> bytes:
    """The body of a delivery."""
    return json.dumps(shaped(event) | changes, indent=2).encode()


def signed(
    body: bytes, endpoint: Endpoint, *, secret: str | None = None, at: float | None = None
) -> dict[str, str]:
    """The header that Stripe signs with; one `v1` for each secret that is valid."""
    stamp = int(time.time() if at is None else at)
    secrets_ = [secret] if secret else [each for each in (endpoint.secret, endpoint.old_secret) if each]
    marks = [
        hmac.new(each.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest() for each in secrets_
    ]
    return {"Stripe-Signature": ",".join([f"t={stamp}", *(f"v1={mark}" for mark in marks)])}
