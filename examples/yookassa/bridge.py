"""A bridge between Packshot and a provider in the style of YooKassa: packs, one payment each, refunds.

Standard library only, and nothing of Packshot is imported: this is what the contract of docs/payments.md asks for,
to be read and rewritten in any language. It keeps nothing: the provider's payment carries our ids in its metadata,
and every answer is made of the payment as it is now.

    PACKSHOT_URL=https://studio.example.com BRIDGE_SECRET=... YOOKASSA_SHOP=... YOOKASSA_KEY=... python bridge.py

Packshot asks at /checkouts, /objects and /messages; the provider's notifications come to /notifications.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

API = os.environ.get("YOOKASSA_API", "https://api.yookassa.ru/v3")
STUDIO = os.environ.get("PACKSHOT_URL", "http://127.0.0.1:8730")
SECRET = os.environ.get("BRIDGE_SECRET", "").encode()
LOGIN = f"{os.environ.get('YOOKASSA_SHOP', '')}:{os.environ.get('YOOKASSA_KEY', '')}"
LIVE = os.environ.get("YOOKASSA_LIVE", "true") == "true"
TOLERANCE_S = 300


class NotOurs(Exception):
    """An answer with this status and these words, instead of a result."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


# The signature, both ways: HMAC-SHA256 over the time, a dot and the body.


def sign(body: bytes) -> dict[str, str]:
    stamp = str(int(time.time()))
    mark = hmac.new(SECRET, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {
        "packshot-timestamp": stamp,
        "packshot-signature": f"v1={mark}",
        "content-type": "application/json",
    }


def check(headers: Any, body: bytes) -> None:
    stamp, given = headers.get("packshot-timestamp", ""), headers.get("packshot-signature", "")
    mark = hmac.new(SECRET, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    marks = [part[3:] for part in given.split(",") if part.startswith("v1=")]
    fresh = stamp.isdigit() and abs(time.time() - int(stamp)) <= TOLERANCE_S
    if not SECRET or not fresh or not any(hmac.compare_digest(mark, each) for each in marks):
        raise NotOurs(401, "forged or stale")


# The provider.


def provider(
    method: str, path: str, body: dict[str, Any] | None = None, key: str | None = None
) -> dict[str, Any]:
    request = urllib.request.Request(f"{API}/{path}", method=method)  # noqa: S310  (an address of our own)
    request.add_header("Authorization", "Basic " + base64.b64encode(LOGIN.encode()).decode())
    if key is not None:
        request.add_header("Idempotence-Key", key)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  (the same)
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        raise NotOurs(404 if error.code == 404 else 503, f"the provider answers {error.code}") from error


def start(order: dict[str, Any]) -> dict[str, Any]:
    """An order becomes a payment; the order's id is the idempotence key, so the same order is the same payment."""
    if order["price"]["interval"] is not None:
        raise NotOurs(422, "Only packs are sold over this bridge.")
    unit = order["price"]["unit"]
    value = (Decimal(unit["amount"]) * order["quantity"]).scaleb(-2)
    payment = provider(
        "POST",
        "payments",
        {
            "amount": {"value": f"{value:.2f}", "currency": unit["currency"].upper()},
            "capture": True,
            "confirmation": {"type": "redirect", "return_url": order["success_url"]},
            "description": order["price"]["name"][:128],
            "metadata": {"order": order["id"], "organization": order["payer"]["organization"]},
        },
        key=order["id"],
    )
    return {
        "ref": payment["id"],
        "url": payment["confirmation"]["confirmation_url"],
        "customer": f"organization-{order['payer']['organization']}",
    }


# What the provider says of a payment, in the contract's words: whole states, never what has happened.


def minor(amount: dict[str, str]) -> dict[str, Any]:
    return {"amount": int(Decimal(amount["value"]).scaleb(2)), "currency": amount["currency"].lower()}


def seen(ref: str) -> dict[str, Any]:
    """The payment as it is now, as a checkout and a payment."""
    at = datetime.now(UTC).isoformat()  # taken before it is asked: who asked later knows better
    payment = provider("GET", f"payments/{urllib.parse.quote(ref, safe='')}")
    metadata, amount = payment.get("metadata", {}), minor(payment["amount"])
    customer = f"organization-{metadata['organization']}" if "organization" in metadata else None
    paid, gone = payment["status"] == "succeeded", payment["status"] == "canceled"
    refunded = minor(payment["refunded_amount"])["amount"] if "refunded_amount" in payment else 0
    checkout = {
        "ref": ref,
        "order": metadata.get("order"),
        "status": "complete" if paid else "expired" if gone else "open",
        "payment_status": "paid" if paid else "failed" if gone else "unpaid",
        "customer": customer,
        "subscription": None,
        "payment": ref,
        "invoice": None,
        "total": amount,
        "tax": {"amount": 0, "currency": amount["currency"]},
    }
    state = {
        "ref": ref,
        "customer": customer,
        "order": metadata.get("order"),
        "invoice": None,
        "status": "succeeded" if paid else "cancelled" if gone else "pending",
        "amount": amount,
        "refunded": refunded,
        "created_at": payment["created_at"],
        "failure": "other" if gone else None,
        "action_url": None,
    }
    return {
        "at": at,
        "states": [{"kind": "checkout", "state": checkout}, {"kind": "payment", "state": state}],
    }


def message(ref: str) -> dict[str, Any]:
    """The same as a message. Its id is made of what it says: told twice, it is known, and nothing follows."""
    found = seen(ref)
    state = found["states"][1]["state"]
    return {
        "id": f"{ref}:{state['status']}:{state['refunded']}",
        "type": f"payment.{state['status']}",
        "created_at": found["at"],
        "livemode": LIVE,
        "seen": found,
    }


def notified(notification: dict[str, Any]) -> None:
    """The provider's notification is not signed: only the id in it is used, and the payment is asked for."""
    thing = notification.get("object", {})
    ref = thing.get("payment_id") or thing.get("id")
    if not isinstance(ref, str):
        raise NotOurs(400, "no id")
    body = json.dumps(message(ref)).encode()
    request = urllib.request.Request(f"{STUDIO}/hooks/payments/custom/", data=body, headers=sign(body))  # noqa: S310  (the same)
    try:
        with urllib.request.urlopen(request, timeout=20):  # noqa: S310  (the same)
            pass
    except urllib.error.HTTPError as error:
        raise NotOurs(503, f"the studio answers {error.code}") from error  # so the provider tries again


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("content-length", 0)), 1_000_000))
        self._answer(lambda: self._post(body))

    def do_GET(self) -> None:
        self._answer(self._get)

    def _post(self, body: bytes) -> dict[str, Any]:
        if self.path == "/notifications":
            notified(json.loads(body))
            return {}
        check(self.headers, body)
        if self.path == "/checkouts":
            return start(json.loads(body))
        if self.path.startswith("/checkouts/") and self.path.endswith("/expire"):
            return {}  # an unpaid payment ends by itself
        raise NotOurs(404, "no such address")

    def _get(self) -> dict[str, Any]:
        check(self.headers, b"")
        address = urllib.parse.urlsplit(self.path)
        parts = address.path.strip("/").split("/")
        if parts[0] == "objects" and parts[1] in ("checkout", "payment") and len(parts) == 3:
            return seen(urllib.parse.unquote(parts[2]))
        if parts == ["messages"]:
            since = urllib.parse.parse_qs(address.query)["since"][0]
            found = provider(
                "GET", "payments?" + urllib.parse.urlencode({"created_at.gte": since, "limit": 100})
            )
            return {"messages": [message(each["id"]) for each in found["items"]]}
        raise NotOurs(404, "no such address")

    def _answer(self, work: Any) -> None:
        try:
            status, said = 200, work()
        except NotOurs as error:
            status, said = error.status, {"code": "invalid", "message": str(error)}
        except (ValueError, KeyError):
            status, said = 400, {"code": "invalid", "message": "unreadable"}
        except OSError as error:
            status, said = 503, {"code": "unavailable", "message": type(error).__name__}
        data = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Addresses hold ids: the provider's own pages log enough."""


def main() -> None:
    if len(SECRET) < 32:
        raise SystemExit("BRIDGE_SECRET has at least 32 characters: the studio's PACKSHOT_CUSTOM_SECRET")
    address = ("127.0.0.1", int(os.environ.get("BRIDGE_PORT", "8731")))
    print(f"Bridge: http://{address[0]}:{address[1]}", flush=True)
    ThreadingHTTPServer(address, Handler).serve_forever()


if __name__ == "__main__":
    main()
