"""The fake itself: an account in memory behind a threaded HTTP server, and what tests do to it."""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.stripe import (  # noqa: F401  (each registers its routes)
    ageing,
    billing,
    catalogue,
    changes,
    checkout,
    customers,
    forms,
    happenings,
    invoices,
    pages,
    payments,
    portal,
    reversals,
    routes,
    schedules,
    subscriptions,
)
from tests.fakes.stripe.errors import StripeError, invalid
from tests.fakes.stripe.shapes import shaped
from tests.fakes.stripe.webhooks import Chaos, Endpoint, Sender
from tests.fakes.stripe.world import VERSION, Object, World, wall


@dataclass
class Kept:
    """What an idempotency key was used for, and how that was answered; None while it is under way."""

    asked: tuple[str, str]
    answer: tuple[int, bytes] | None = None


@dataclass(frozen=True)
class Seen:
    """One request, as it arrived."""

    method: str
    path: str
    body: str
    key: str | None
    headers: dict[str, str]
    replayed: bool = False


class Stripe:
    """`with Stripe() as stripe:` serves at `stripe.url`; `stripe.world` is the account.

    With `sends=True` webhooks are delivered as things happen; else `deliver()` sends what waits, once.
    """

    def __init__(self, chaos: Chaos | None = None, *, sends: bool = False) -> None:
        self.key = f"sk_test_{secrets.token_hex(12)}"
        self.account = f"acct_{secrets.token_hex(8)}"
        self.chaos = chaos or Chaos()
        self.world = World(lambda: self.url, wall)
        self.sender = Sender(self.chaos, self.world.now)
        self.world.listeners.append(self.sender.take)
        self.world.listeners.append(self._remember)
        self.requests: list[Seen] = []
        self.troubles: list[str] = []
        """For the next writes: `broken` (done, answered 500), `cut` (done, no answer), `refused` (429), `down`
        (not done, no answer)."""
        self.mistakes: list[str] = []
        """Where the fake itself was wrong; the test that met it fails at its end."""
        self.keys: dict[str, Kept] = {}
        self.gate = threading.Event()
        """Cleared, writes wait before they are done: what else comes with the same key meets a request in flight."""
        self.gate.set()
        self.waiting = threading.Semaphore(0)
        """Released by each write that waits at the gate."""
        self._before: dict[str, tuple[Object | None, Object]] = {}
        self._sends = sends
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.stripe = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._serving = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="stripe", daemon=True
        )

    def __enter__(self) -> Stripe:
        self._serving.start()
        if self._sends:
            self.sender.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self.sender.end()
        self._server.shutdown()
        self._server.server_close()
        self._serving.join()
        assert not self.mistakes, self.mistakes

    # --- What tests do to it -----------------------------------------------------------------------------

    def endpoint(self, url: str, *events: str) -> Endpoint:
        """Send webhooks there from now on, of these types or of all."""
        found = Endpoint(url, events=frozenset(events) or None)
        self.sender.endpoints.append(found)
        return found

    def deliver(self) -> int:
        """Send what waits, once; how many messages were taken."""
        return self.sender.round()

    def events(self, kind: str | None = None) -> list[Object]:
        """What happened, oldest first."""
        return [each for each in self.world.events if kind is None or each["type"] == kind]

    def advance(self, seconds: int) -> None:
        """The account's clock goes on, and everything that is due happens. Test clocks stand still."""
        self.advance_to(self.world.now() + seconds)

    def advance_to(self, at: int) -> None:
        """The same, to a moment in seconds."""
        with self.world.lock:
            ageing.advance(self.world, at)

    def pay(self, session: str, number: str = "4242424242424242", **form: Any) -> Object | None:
        """The person fills in the page and presses the button; the intent if the bank still asks."""
        with self.world.lock:
            return checkout.complete(self.world, self.world.get("checkout.session", session), number, **form)

    def authenticate(self, intent: str, *, passed: bool = True) -> None:
        """The person answers the bank."""
        with self.world.lock:
            payments.authenticated(self.world, self.world.get("payment_intent", intent), passed=passed)

    def clear(self, intent: str) -> None:
        """Days later a delayed payment comes, or fails, as its number says."""
        with self.world.lock:
            payments.cleared(self.world, self.world.get("payment_intent", intent))

    def clear_all(self) -> None:
        """Every delayed payment that is on its way arrives, or fails, as its number says."""
        with self.world.lock:
            for each in self.world.all("payment_intent", status="processing"):
                payments.cleared(self.world, each)

    def coupon(self, name: str, **params: Any) -> Object:
        """The merchant makes a coupon; its id is the code."""
        with self.world.lock:
            return catalogue.create_coupon(self.world, {"id": name, **params})

    def settle_refund(self, refund: str, status: str) -> None:
        with self.world.lock:
            reversals.finish(self.world, self.world.get("refund", refund), status)

    def dispute(self, intent: str, *, inquiry: bool = False, amount: int | None = None) -> Object:
        """The person complains to the bank."""
        with self.world.lock:
            charge = self.world.objects[self.world.get("payment_intent", intent)["latest_charge"]]
            return reversals.dispute(self.world, charge, inquiry=inquiry, amount=amount)

    def close_dispute(self, dispute: str, *, won: bool) -> None:
        with self.world.lock:
            reversals.close(self.world, self.world.get("dispute", dispute), won=won)

    def reinstate(self, dispute: str) -> None:
        """The money of a lost dispute comes back after all."""
        with self.world.lock:
            reversals.reinstate(self.world, self.world.get("dispute", dispute))

    def escalate(self, dispute: str) -> None:
        """An inquiry becomes a dispute."""
        with self.world.lock:
            reversals.escalate(self.world, self.world.get("dispute", dispute))

    def use_card(self, customer: str, number: str, *, collect: bool = False) -> None:
        """The customer is charged with another card from now on; with `collect`, for what is owed at once."""
        with self.world.lock:
            portal.use_card(self.world, customer, number, collect=collect)

    def refund(self, intent: str, amount: int | None = None, status: str = "succeeded") -> Object:
        """Somebody refunds in the dashboard."""
        with self.world.lock:
            self.world.next_refunds.append(status)
            return reversals.create(
                self.world, {"payment_intent": intent, **({} if amount is None else {"amount": amount})}
            )

    def pause(self, subscription: str) -> None:
        with self.world.lock:
            ageing.pause(self.world, self.world.get("subscription", subscription), "pause_requested")

    def unpause(self, subscription: str) -> None:
        with self.world.lock:
            ageing.unpause(self.world, self.world.get("subscription", subscription))

    def portal(self, session: str, action: str, **form: str) -> None:
        """The person presses a button in the portal."""
        with self.world.lock:
            portal.act(self.world, self.world.get("billing_portal.session", session), action, **form)

    # --- What it does ------------------------------------------------------------------------------------

    def answer(self, seen: Seen, query: str) -> tuple[int, bytes, dict[str, str]] | None:
        """Status, body, headers; None for no answer at all."""
        trouble = self.troubles.pop(0) if self.troubles and seen.method != "GET" else None
        if trouble == "down":
            return None
        if trouble == "refused":
            return *_told(
                StripeError(429, "invalid_request_error", "Too many requests.", code="rate_limit")
            ), {}
        kept = None
        if seen.method == "POST" and seen.key:
            try:
                kept = self._claim(seen)
            except StripeError as error:
                return *_told(error), {}
            if kept.answer is not None:
                return None if trouble == "cut" else (*kept.answer, {"Idempotent-Replayed": "true"})
        status, body, begun = self._act(seen, query)
        if trouble == "broken" or (seen.method != "GET" and self.chaos.strikes(self.chaos.broken)):
            status, body = _told(StripeError(500, "api_error", "Something went wrong on our end."))
        if kept is not None and seen.key:
            if begun:
                kept.answer = (status, body)
            else:
                del self.keys[seen.key]
        if trouble == "cut" or (seen.method != "GET" and self.chaos.strikes(self.chaos.cut)):
            return None
        return status, body, {}

    def _claim(self, seen: Seen) -> Kept:
        asked = (f"{seen.method} {seen.path}", seen.body)
        assert seen.key
        with self.world.lock:
            kept = self.keys.get(seen.key)
            if kept is None:
                kept = self.keys[seen.key] = Kept(asked)
                return kept
        if kept.asked != asked:
            raise StripeError(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            )
        if kept.answer is None:
            raise StripeError(
                409,
                "idempotency_error",
                "There is currently another in-progress request using this Idempotent Key.",
                code="idempotency_key_in_use",
            )
        return kept

    def _act(self, seen: Seen, query: str) -> tuple[int, bytes, bool]:
        """Do it. Whether it was begun: what was refused before is not kept for its key."""
        begun = False
        if seen.method == "POST" and not self.gate.is_set():
            self.waiting.release()
            self.gate.wait()
        try:
            found = routes.find(seen.method, seen.path)
            if found is None:
                raise StripeError(404, "invalid_request_error", f"Unrecognized request URL ({seen.path})")
            route, names = found
            params = forms.read(route.form, query if seen.method in ("GET", "DELETE") else seen.body)
            with self.world.lock:
                begun = True
                self.world.request_id = (f"req_{secrets.token_hex(7)}", seen.key)
                try:
                    made = route.answer(self.world, *names, params)
                finally:
                    self.world.request_id = (None, None)
                if seen.method == "GET" and self.chaos.strikes(self.chaos.stale):
                    made = self._stale(made)
                out = shaped(routes.expanded(self.world, made, params.get("expand", [])))
            return 200, json.dumps(out).encode(), begun
        except StripeError as error:
            return *_told(error), begun
        except Exception as error:  # noqa: BLE001  (told at the end)
            self.mistakes.append(f"{seen.method} {seen.path}: {type(error).__name__}: {error}")
            return *_told(StripeError(500, "api_error", "The fake is wrong.")), begun

    def _remember(self, event: Object) -> None:
        found = event["data"]["object"]
        if "id" in found:
            self._before[found["id"]] = (self._before.get(found["id"], (None, found))[1], found)

    def _stale(self, made: Object) -> Object:
        before = self._before.get(made.get("id", ""), (None, made))[0]
        return before if before is not None and "deleted" not in made else made


def _told(error: StripeError) -> tuple[int, bytes]:
    return error.status, json.dumps(error.body).encode()


class _Server(ThreadingHTTPServer):
    stripe: Stripe
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        if not parts.path.startswith("/v1/"):
            self._show(parts.path, body)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, parts.path, body, headers.get("idempotency-key"), headers)
        self.server.stripe.requests.append(seen)
        refusal = self._refusal(headers)
        answer = (*_told(refusal), {}) if refusal else self.server.stripe.answer(seen, parts.query)
        if answer is None:
            self.close_connection = True
            return
        status, data, more = answer
        self._send(status, data, "application/json", {"Request-Id": f"req_{secrets.token_hex(7)}", **more})

    def _refusal(self, headers: dict[str, str]) -> StripeError | None:
        if headers.get("authorization") != f"Bearer {self.server.stripe.key}":
            return StripeError(401, "invalid_request_error", "Invalid API Key provided.")
        if headers.get("stripe-version") != VERSION:
            return invalid(f"The fake speaks {VERSION} only, not {headers.get('stripe-version')}.")
        return None

    def _show(self, path: str, body: str) -> None:
        form = dict(parse_qsl(body)) if self.command == "POST" else None
        with self.server.stripe.world.lock:
            shown = pages.show(self.server.stripe.world, path, form)
        more = {"Location": shown.location} if shown.location else {}
        self._send(shown.status, shown.body, shown.media_type, more)

    def _send(self, status: int, data: bytes, media_type: str, more: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
