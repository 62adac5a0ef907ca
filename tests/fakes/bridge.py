"""A bridge as an operator would write one, over real HTTP: the contract of docs/payments.md on the mock's books."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from packshot.adapters.custom import wire
from packshot.adapters.mock.payments.provider import MockPayments
from packshot.ports.payment_states import Kind
from packshot.ports.payments import Change, Charge, Forged, Missing, Order, Refused


class Bridge:
    def __init__(self, books: MockPayments, keys: tuple[bytes, ...]) -> None:
        self.books, self.keys = books, keys
        bridge = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                bridge.answer(self, b"")

            def do_POST(self) -> None:
                bridge.answer(self, self.rfile.read(int(self.headers.get("content-length", 0))))

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        status, said = 200, {}
        try:
            headers = {name.lower(): value for name, value in handler.headers.items()}
            wire.check(self.keys, headers, body, self.books.now())
            said = self._do(handler.command, handler.path, json.loads(body) if body else {})
        except Forged:
            status = 401
        except Missing:
            status = 404
        except Refused as error:
            status, said = (
                (402 if error.code == "declined" else 422),
                {"code": error.code, "message": str(error)},
            )
        data = json.dumps(said).encode()
        handler.send_response(status)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _do(self, method: str, address: str, said: dict[str, Any]) -> dict[str, Any]:  # noqa: C901  (a table)
        path = urlsplit(address)
        match [method, *map(unquote, path.path.strip("/").split("/"))]:
            case ["POST", "checkouts"]:
                return wire.dump(self.books.checkout(wire.load(Order, said)))
            case ["POST", "checkouts", ref, "expire"]:
                self.books.expire(ref)
                return {}
            case ["POST", "portal"]:
                return {"url": self.books.portal(said["customer"], said["back_url"])}
            case ["POST", "previews"]:
                return wire.dump(self.books.preview(wire.load(Change, said)))
            case ["POST", "changes"]:
                return wire.dump_seen(self.books.change(wire.load(Change, said)))
            case ["POST", "subscriptions", ref, "cancel"]:
                return wire.dump_seen(self.books.cancel(ref, UUID(said["act"]), at_once=said["at_once"]))
            case ["POST", "subscriptions", ref, "resume"]:
                return wire.dump_seen(self.books.resume(ref, UUID(said["act"])))
            case ["POST", "charges"]:
                return wire.dump_seen(self.books.charge(wire.load(Charge, said)))
            case ["GET", "objects", kind, ref]:
                return wire.dump_seen(self.books.fetch(Kind(kind), ref))
            case ["GET", "messages"]:
                since = datetime.fromisoformat(parse_qs(path.query)["since"][0])
                return {"messages": [self.message(notice) for notice in self.books.since(since)]}
            case _:
                raise Missing(address)

    def message(self, notice: Any) -> dict[str, Any]:
        """A message as the contract has it: with the states themselves."""
        seen = self.books.fetch(notice.kind, notice.ref)
        return {
            "id": notice.id,
            "type": notice.type,
            "created_at": notice.created_at.isoformat(),
            "livemode": False,
            "seen": wire.dump_seen(seen),
        }
