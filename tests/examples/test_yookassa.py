"""The example bridge as a process, between Packshot and a provider of our own making."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from packshot.adapters.custom.provider import CustomPayments
from packshot.foundation.billing import commands, inbox, providers
from packshot.ports.payments import Ability, Missing, Refused
from packshot.studio.credits.queries import balance
from tests.conformance.shops import CREDIT, price

SECRET = "a secret of more than thirty-two characters"
BRIDGE = Path(__file__).parents[2] / "examples" / "yookassa" / "bridge.py"


class World:
    """The provider, and the studio's hook: both on one small server."""

    def __init__(self) -> None:
        world = self
        self.payments: dict[str, dict[str, Any]] = {}
        self.hooked: list[tuple[dict[str, str], bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.path.startswith("/hooks/"):
                    world.hooked.append(({k.lower(): v for k, v in self.headers.items()}, body))
                    self._say(204, None)
                else:
                    self._say(200, world.pay(json.loads(body), self.headers["Idempotence-Key"]))

            def do_GET(self) -> None:
                name = self.path.partition("?")[0].rpartition("/")[2]
                if name == "payments":
                    self._say(200, {"items": list(world.payments.values())})
                else:
                    found = world.payments.get(name)
                    self._say(404 if found is None else 200, found)

            def _say(self, status: int, said: Any) -> None:
                data = b"" if said is None else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pay(self, said: dict[str, Any], key: str) -> dict[str, Any]:
        ref = f"2d{key}"
        fresh = {
            "id": ref,
            "status": "pending",
            "created_at": "2026-11-21T10:00:00.000Z",
            "amount": said["amount"],
            "metadata": said["metadata"],
            "confirmation": {"type": "redirect", "confirmation_url": f"https://pay.example/{ref}"},
        }
        return self.payments.setdefault(ref, fresh)


@pytest.fixture
def world() -> Iterator[World]:
    found = World()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def bridge(own_database, world) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "YOOKASSA_API": world.url,
        "PACKSHOT_URL": world.url,
        "BRIDGE_SECRET": SECRET,
        "BRIDGE_PORT": str(port),
        "YOOKASSA_LIVE": "false",
    }
    process = subprocess.Popen(
        [sys.executable, str(BRIDGE)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Bridge:")
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            assert time.monotonic() < deadline
    custom = CustomPayments(
        url, keys=[SECRET.encode()], abilities=frozenset({Ability.PACK}), livemode=False, now=inbox.now
    )
    providers.connect("custom", lambda: custom)
    yield url
    providers.connect(None, lambda: custom)
    process.terminate()
    process.wait(10)


def notify(bridge: str, said: dict[str, Any]) -> int:
    request = urllib.request.Request(f"{bridge}/notifications", data=json.dumps(said).encode())
    with urllib.request.urlopen(request) as answer:
        return int(answer.status)


def hear(world: World) -> None:
    for headers, body in world.hooked:
        inbox.receive("custom", headers, body)
    while inbox.work():
        pass


def test_a_pack_is_paid_told_twice_and_refunded_in_part(bridge, world, tenant):
    order = commands.buy(tenant.actor, uuid4(), price("pack-1000", None), 1, "/")
    assert order.url == f"https://pay.example/{order.ref}"
    payment = world.payments[str(order.ref)]
    assert payment["amount"] == {"value": "12.00", "currency": "USD"}
    payment["status"] = "succeeded"
    for _ in range(2):
        notify(bridge, {"event": "payment.succeeded", "object": {"id": order.ref}})
    hear(world)
    assert balance(tenant.actor).available == 1500 * CREDIT
    payment["refunded_amount"] = {"value": "6.00", "currency": "USD"}
    notify(bridge, {"event": "refund.succeeded", "object": {"id": "r1", "payment_id": order.ref}})
    hear(world)
    assert balance(tenant.actor).available == 1000 * CREDIT


def test_the_success_page_and_reconcile_need_no_notification(bridge, world, tenant):
    first = commands.buy(tenant.actor, uuid4(), price("pack-1000", None), 1, "/")
    second = commands.buy(tenant.actor, uuid4(), price("pack-5000", None), 1, "/")
    for payment in world.payments.values():
        payment["status"] = "succeeded"
    assert commands.fulfil(tenant.actor, first.id).status == "paid"
    assert balance(tenant.actor).available == 1500 * CREDIT
    assert inbox.reconcile()["missed"] == 2
    assert commands.fulfil(tenant.actor, second.id).status == "paid"
    assert balance(tenant.actor).available == 6500 * CREDIT


def test_a_notification_that_lies_changes_nothing(bridge, world, tenant):
    order = commands.buy(tenant.actor, uuid4(), price("pack-1000", None), 1, "/")
    notify(bridge, {"event": "payment.succeeded", "object": {"id": order.ref, "status": "succeeded"}})
    hear(world)
    assert balance(tenant.actor).available == 500 * CREDIT


def test_what_is_not_signed_is_not_answered(bridge, world):
    stranger = CustomPayments(
        bridge, keys=[b"x" * 40], abilities=frozenset({Ability.PACK}), livemode=False, now=inbox.now
    )
    with pytest.raises(OSError):
        list(stranger.since(inbox.now() - timedelta(days=1)))
    assert world.hooked == []


def test_what_it_does_not_sell(bridge, tenant):
    from packshot.foundation.billing.plans import offers
    from packshot.ports.payment_states import Kind
    from packshot.ports.payments import Order, Payer

    offer = offers()[price("team")]
    payer = Payer(tenant.organization_id, "A", "a@example.com")
    order = Order(uuid4(), payer, offer.price, 1, "http://x/", "http://x/", inbox.now())
    with pytest.raises(Refused):
        providers.provider().checkout(order)
    with pytest.raises(Missing):
        providers.provider().fetch(Kind.CHECKOUT, "none")
