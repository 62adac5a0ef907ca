"""The fake itself: a queue in memory behind a threaded HTTP server, and what signs and delivers its callbacks."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.fakes.fal import media
from tests.fakes.fal.plan import ERRORS, Plan

USER = "github|4711"
_TRIES = 31
_REQUIRED = {
    "fal-ai/nano-banana-2": ("prompt",),
    "fal-ai/nano-banana-2/edit": ("prompt", "image_urls"),
    "fal-ai/nano-banana-pro": ("prompt",),
    "fal-ai/nano-banana-pro/edit": ("prompt", "image_urls"),
    "fal-ai/flux/dev": ("prompt",),
    "fal-ai/flux-pro/kontext": ("prompt", "image_url"),
    "fal-ai/birefnet/v2": ("image_url",),
    "fal-ai/clarity-upscaler": ("image_url",),
    "fal-ai/kling-video/v2.5-turbo/pro/image-to-video": ("prompt", "image_url"),
}


@dataclass
class Request:
    """One accepted request."""

    name: str
    path: str
    arguments: dict[str, Any]
    headers: dict[str, str]
    webhook: str | None
    plan: Plan
    done: bool = False
    cancelled: bool = False
    forgotten: bool = False
    looks: int = 0
    """How often its status was asked for."""
    delivered: list[int] = field(default_factory=list)
    """What our callbacks were answered."""
    gateway: int = 0

    @property
    def app(self) -> str:
        return "/".join(self.path.split("/")[:2])

    @property
    def error(self) -> str | None:
        if self.cancelled:
            return "client_cancelled"
        missing = any(name not in self.arguments for name in _REQUIRED[self.path])
        return "missing" if missing else self.plan.error


class Fal:
    """`with Fal() as fal:` serves at `fal.url`. `plan` is for every request, `plans` for the next ones first."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.key = f"{uuid4()}:{uuid4().hex}"
        self.user = USER
        self.plan = plan or Plan()
        self.plans: deque[Plan] = deque()
        self.requests: dict[str, Request] = {}
        self.posts: Counter[str] = Counter()
        """Submits by what they ask for, counted before anything else happens."""
        self.key_fetches = 0
        self.keys_broken = False
        self.signing_key = Ed25519PrivateKey.generate()
        self.published = [self.signing_key]
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fal = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.jwks_url = f"{self.url}/.well-known/jwks.json"
        self._serving = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="fal")

    def __enter__(self) -> Fal:
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._serving.join()
        for thread in self._threads:
            thread.join()

    # --- What tests do to it -----------------------------------------------------------------------------

    def only(self) -> Request:
        """The one request there is."""
        (found,) = self.requests.values()
        return found

    def finish(self, request: Request) -> None:
        """Let a held request be done, without a word."""
        with self._lock:
            request.done = True

    def forget(self, request: Request) -> None:
        """Its result is not kept any longer."""
        request.forgotten = True

    def rotate(self) -> None:
        """Sign with a new key; the old one is not published any more."""
        self.signing_key = Ed25519PrivateKey.generate()
        self.published = [self.signing_key]

    def message(self, request: Request, **changes: Any) -> bytes:
        """The body of a callback about a request."""
        error = ERRORS.get(request.error or "")
        body: dict[str, Any] = {
            "request_id": request.name,
            "gateway_request_id": request.name,
            "status": "ERROR" if error else "OK",
            "payload": error.body if error else self.result(request),
        }
        if error:
            body["error"] = f"Invalid status code: {error.status}"
        return json.dumps(body | changes).encode()

    def signed(
        self,
        body: bytes,
        name: str,
        *,
        key: Ed25519PrivateKey | None = None,
        user: str | None = None,
        at: float | None = None,
    ) -> dict[str, str]:
        """The headers of a callback, signed as fal signs."""
        at_text = str(int(time.time() if at is None else at))
        user = self.user if user is None else user
        text = "\n".join((name, user, at_text, hashlib.sha256(body).hexdigest())).encode()
        return {
            "Content-Type": "application/json",
            "X-Fal-Webhook-Request-Id": name,
            "X-Fal-Webhook-User-Id": user,
            "X-Fal-Webhook-Timestamp": at_text,
            "X-Fal-Webhook-Signature": (key or self.signing_key).sign(text).hex(),
        }

    def call_back(self, request: Request, *, address: str | None = None, **flaws: Any) -> int:
        """One delivery, and what it was answered; `flaws` as of `signed`."""
        body = flaws.pop("body", None) or self.message(request)
        headers = self.signed(body, request.name, **flaws)
        with httpx.Client(trust_env=False, timeout=15) as client:
            answer = client.post(address or str(request.webhook), content=body, headers=headers)
        request.delivered.append(answer.status_code)
        return answer.status_code

    # --- What it does ------------------------------------------------------------------------------------

    def result(self, request: Request) -> dict[str, Any]:
        kind = "mp4" if "video" in request.app else "png"
        url = f"{self.url}/files/{request.name}.{kind}"
        if request.plan.file == "inline":
            url = "data:image/png;base64,AAAA"
        file = {
            "url": url,
            "content_type": f"{'video' if kind == 'mp4' else 'image'}/{kind}",
            "file_name": "out",
        }
        if request.plan.file == "none":
            return {"seed": 1}
        if "video" in request.app:
            return {"video": file}
        if request.app in ("fal-ai/birefnet", "fal-ai/clarity-upscaler"):
            return {"image": file}
        return {"images": [file], "seed": 1, "has_nsfw_concepts": [request.plan.hidden]}

    def take(self, path: str, query: dict[str, list[str]], headers: dict[str, str], body: bytes) -> Request:
        arguments = json.loads(body)
        with self._lock:
            plan = self.plans.popleft() if self.plans else self.plan
            request = Request(
                str(uuid4()),
                path,
                arguments,
                headers,
                query.get("fal_webhook", [None])[0],
                plan,
                done=not plan.hold,
            )
            request.gateway = plan.gateway
            self.posts[str(arguments.get("prompt", path))] += 1
            if plan.submit in ("taken", "dropped", "evil", "long"):
                self.requests[request.name] = request
        if request.name in self.requests and request.done and request.webhook and plan.callback != "never":
            if plan.callback == "before":
                self._deliver(request)
            else:
                self._threads.append(threading.Thread(target=self._deliver, args=(request,)))
                self._threads[-1].start()
        return request

    def _deliver(self, request: Request) -> None:
        for _ in range(_TRIES):
            try:
                status = self.call_back(request)
            except httpx.HTTPError:
                status = 0
            if 200 <= status < 400 or self._closing.wait(0.05):
                return


class _Server(ThreadingHTTPServer):
    fal: Fal
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_POST(self) -> None:
        fal, parts = self.server.fal, urlsplit(self.path)
        body = self.rfile.read(int(self.headers["content-length"]))
        path = parts.path.strip("/")
        if not self._let_in():
            return
        if path not in _REQUIRED:
            self._answer(404, {"detail": f"Application '{path}' not found"})
            return
        request = fal.take(path, parse_qs(parts.query), dict(self.headers), body)
        refused = {
            "locked": (403, {"detail": "User is locked. Reason: Exhausted balance. Top up at fal.ai."}),
            "forbidden": (403, {"detail": "Forbidden"}),
            "busy": (429, {"detail": "Too many", "error_type": "concurrent_requests_limit"}),
            "broken": (503, {"detail": "Service unavailable"}),
            "unknown_app": (404, {"detail": "Application not found"}),
        }
        submit = request.plan.submit
        if submit == "dropped":
            self.close_connection = True
            return
        if submit in refused:
            self._answer(*refused[submit], **({"Retry-After": "7"} if submit == "busy" else {}))
            return
        base = {"evil": "https://queue.fal.run.evil.example", "long": f"{fal.url}/{'x' * 300}"}.get(
            submit, fal.url
        )
        found = f"{base}/{request.app}/requests/{request.name}"
        self._answer(
            200,
            {
                "status": "IN_QUEUE",
                "request_id": request.name,
                "gateway_request_id": request.name,
                "response_url": found,
                "status_url": f"{found}/status",
                "cancel_url": f"{found}/cancel",
                "queue_position": 0,
            },
        )

    def do_GET(self) -> None:
        fal, path = self.server.fal, urlsplit(self.path).path
        if path == "/.well-known/jwks.json":
            self._keys()
            return
        if path.startswith("/files/"):
            request = fal.requests[path.removeprefix("/files/").rpartition(".")[0]]
            data, media_type = media.make(request.app, request.arguments)
            self._answer(200, data, content_type=media_type)
            return
        if not self._let_in():
            return
        request, what = self._request(path)
        if request is None:
            self._answer(404, {"status": "NOT_FOUND"})
        elif what == "status":
            self._status(request)
        else:
            self._result(request)

    def do_PUT(self) -> None:
        if not self._let_in():
            return
        request, what = self._request(urlsplit(self.path).path)
        if request is None or what != "cancel":
            self._answer(404, {"status": "NOT_FOUND"})
        elif request.done:
            self._answer(400, {"status": "ALREADY_COMPLETED"})
        else:
            if not request.plan.stubborn:
                request.cancelled = request.done = True
            self._answer(202, {"status": "CANCELLATION_REQUESTED"})

    def _keys(self) -> None:
        fal = self.server.fal
        fal.key_fetches += 1
        if fal.keys_broken:
            self._answer(500, {})
            return
        keys = [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).decode().rstrip("="),
            }
            for key in fal.published
        ]
        self._answer(200, {"keys": keys})

    def _status(self, request: Request) -> None:
        request.looks += 1
        if not request.done:
            self._answer(202, {"status": "IN_PROGRESS", "logs": None})
            return
        body: dict[str, Any] = {"status": "COMPLETED", "metrics": {"inference_time": 0.1}}
        if (error := ERRORS.get(request.error or "")) is not None:
            body["error"] = f"Invalid status code: {error.status}"
            if isinstance(error.body, dict) and "error_type" in error.body:
                body["error_type"] = error.body["error_type"]
        self._answer(200, body)

    def _result(self, request: Request) -> None:
        if not request.done:
            self._answer(400, {"detail": "Request is still in progress"})
        elif request.gateway:
            request.gateway -= 1
            self._answer(502, b"<html>Bad gateway</html>", content_type="text/html")
        elif request.forgotten:
            self._answer(404, {"detail": "Not found"})
        elif (error := ERRORS.get(request.error or "")) is not None:
            self._answer(error.status, error.body, **error.headers)
        else:
            self._answer(200, self.server.fal.result(request), **{"X-Fal-Billable-Units": "1"})

    def _request(self, path: str) -> tuple[Request | None, str]:
        """The request that an address names, under its owner and app and nowhere else."""
        app, _, rest = path.strip("/").partition("/requests/")
        name, _, what = rest.partition("/")
        found = self.server.fal.requests.get(name)
        return (found if found is not None and found.app == app else None), what

    def _let_in(self) -> bool:
        if self.headers.get("authorization") == f"Key {self.server.fal.key}":
            return True
        self._answer(401, {"detail": "Cannot access application. Authentication is required."})
        return False

    def _answer(
        self, status: int, body: Any, *, content_type: str = "application/json", **headers: str
    ) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": content_type,
            "Content-Length": str(len(data)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
