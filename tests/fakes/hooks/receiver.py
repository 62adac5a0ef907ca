"""The receiver: answers by a plan, and writes down what came."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["_Handler"], None]


@dataclass(frozen=True)
class Received:
    """One request as it arrived; `number` counts all of the receiver's."""

    number: int
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def type(self) -> str:
        return str(self.said["type"])

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def verified(received: Received, secret: str, *, now: float, tolerance_s: float = 300) -> bool:
    """Whether a receiver that holds this secret believes it: the specification, read once more."""
    assert secret.startswith("whsec_")
    key = base64.b64decode(secret[len("whsec_") :], validate=True)
    assert 24 <= len(key) <= 64
    at = received.headers["webhook-timestamp"]
    if abs(int(at) - now) > tolerance_s:
        return False
    signed = b".".join([received.id.encode(), at.encode(), received.body])
    expected = hmac.digest(key, signed, hashlib.sha256)
    versions = [each.split(",", 1) for each in received.headers["webhook-signature"].split(" ")]
    return any(
        version == "v1" and hmac.compare_digest(base64.b64decode(value, validate=True), expected)
        for version, value in versions
    )


class Receiver:
    """`answers` by path, else 200. Use as a context."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.got: list[Received] = []
        self.open = threading.Event()
        """What `slow` waits for."""
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.receiver = self  # type: ignore[attr-defined]  # the handler's way to it
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def place(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def url(self, path: str = "/") -> str:
        return f"http://{self.place}{path}"

    def at(self, path: str) -> list[Received]:
        with self._lock:
            return [each for each in self.got if each.path == path]

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        with self._lock:
            self.got.append(Received(len(self.got), path, headers, body))

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # Weather.

    def says(self, status: int, body: bytes = b"", **headers: str) -> Answer:
        return lambda to: to.answer(status, body, headers)

    def slow(self, to: _Handler) -> None:
        """Not before somebody opens."""
        self.open.wait()
        to.answer(200, b"", {})

    def closes(self, to: _Handler) -> None:
        """With a reset, in the middle of everything."""
        to.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        to.connection.close()

    def endless(self, to: _Handler) -> None:
        """Far more than anybody reads, until the other side has enough."""
        to.send_response(200)
        to.send_header("Content-Length", str(10**9))
        to.end_headers()
        try:
            while True:
                to.wfile.write(b"x" * 65536)
        except OSError:
            return


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]  # set by it
        receiver.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        with contextlib.suppress(ConnectionError):  # who was kept waiting has gone
            receiver.answers.get(self.path, receiver.says(200))(self)

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base's own name)
        """Nothing: what came is in `got`."""
