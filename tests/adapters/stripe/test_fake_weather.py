"""The fake's messages, sent over real HTTP to somebody who checks them."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from tests.adapters.stripe.conftest import Shop
from tests.fakes.stripe import Chaos


class Ear(ThreadingHTTPServer):
    """Takes what is genuine, and refuses the first `busy` messages."""

    daemon_threads = True
    secret = ""
    busy = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[str] = []
        self.forged = 0


class _Handler(BaseHTTPRequestHandler):
    server: Ear

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        status = 204
        try:
            stripe.Webhook.construct_event(body, self.headers["stripe-signature"], self.server.secret)
        except stripe.SignatureVerificationError:
            self.server.forged += 1
            status = 401
        else:
            if self.server.busy:
                self.server.busy -= 1
                status = 503
            else:
                self.server.heard.append(json.loads(body)["id"])
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def ear(shop: Shop) -> Iterator[Ear]:
    made = Ear()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    endpoint = shop.fake.endpoint(f"http://127.0.0.1:{made.server_port}/hook")
    made.secret = endpoint.secret
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def said(shop: Shop) -> list[str]:
    """What has happened since somebody listened."""
    before = len(shop.fake.events())
    shop.subscribed()
    return [each["id"] for each in shop.fake.events()[before:]]


def test_in_fair_weather_everything_comes_once_and_in_order(shop: Shop, ear: Ear) -> None:
    happened = said(shop)
    assert shop.fake.deliver() == len(happened)
    assert ear.heard == happened
    assert shop.fake.deliver() == 0


def test_what_was_not_taken_comes_again(shop: Shop, ear: Ear) -> None:
    happened = said(shop)
    ear.busy = 3
    assert shop.fake.deliver() == len(happened) - 3
    assert shop.fake.deliver() == 3
    assert sorted(ear.heard) == sorted(happened)


@pytest.mark.parametrize(
    ("chaos", "check"),
    [
        (Chaos(1, duplicate=0.5), lambda found, ear: max(found.values()) == 2),
        (Chaos(1, drop=0.5), lambda found, ear: 0 < len(found) < 10),
        (Chaos(1, forge=0.5), lambda found, ear: ear.forged > 0 and set(found.values()) == {1}),
        (Chaos(1, delay=0.5), lambda found, ear: set(found.values()) == {1}),
        (Chaos(1, reorder=True), lambda found, ear: ear.heard != sorted(ear.heard)),
    ],
)
def test_each_kind_of_bad_weather(shop: Shop, ear: Ear, chaos: Chaos, check) -> None:
    happened = said(shop)
    shop.fake.sender.chaos = chaos
    for _ in range(30):
        shop.fake.deliver()
    found = Counter(ear.heard)
    assert set(found) <= set(happened)
    if not chaos.drop:
        assert set(found) == set(happened)
    assert check(found, ear)
