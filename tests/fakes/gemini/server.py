"""The server: who asks, what is under way, and what was told to be said next."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import urllib.parse
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import google.auth.jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.gemini import media, strict
from tests.fakes.gemini.says import (
    DROPPED,
    Said,
    bad_key,
    candidate,
    error,
    interaction_error,
    picture_part,
    said,
)

KEY = "AIza-fake-key"
TOKEN_AUDIENCE = "https://oauth2.googleapis.com/token"
"""Google's library makes its assertions out to this, wherever it sends them."""
LARGEST_REQUEST = 20 * 1024 * 1024
_MODEL = re.compile(
    r"(?:/v1/models|/v1/projects/(?P<project>[^/]+)/locations/(?P<place>[^/]+)/publishers/google/models)"
    r"/(?P<model>[^/:]+):(?P<verb>[A-Za-z]+)"
)
_INTERACTION = re.compile(r"/v1/interactions/(?P<id>[^/]+?)(?P<cancel>/cancel)?")
_DOWNLOAD = re.compile(r"/v1/files/(?P<id>[a-z0-9]+):download")


@dataclass
class Post:
    """One POST as it was accepted."""

    path: str
    body: Any
    headers: Mapping[str, str]


@dataclass
class Work:
    """An interaction or an operation. `looks` more times it is found under way."""

    body: Any
    looks: int
    video: bytes
    status: str = "in_progress"
    ends: Any = None
    """What its end says instead of the video: a whole interaction's or operation's fields."""


@dataclass
class FakeGemini:
    """Google at `url`, and its storage at another port. Use as a context manager."""

    key: str = KEY
    looks: int = 1
    """How often a new work is found under way before it is done."""
    posts: list[Post] = field(default_factory=list)
    works: dict[str, Work] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    downloads: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    """Host header and headers of every request for a file's bytes."""
    token_life_s: int = 3600

    def __post_init__(self) -> None:
        self._next: deque[Said] = deque()
        self._endings: deque[Any] = deque()
        self._files: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._flowing = threading.Event()
        self._flowing.set()
        self._servers = [_server(self, _Google), _server(self, _Storage)]

    def __enter__(self) -> FakeGemini:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def storage_url(self) -> str:
        return f"http://127.0.0.1:{self._servers[1].server_port}"

    def say(self, *answers: Said) -> None:
        """Answer the next requests so, GET and POST alike, whatever they ask."""
        self._next.extend(answers)

    def end_with(self, *endings: Any) -> None:
        """End the next works so: fields of the interaction or operation instead of the video's."""
        self._endings.extend(endings)

    def hold(self) -> None:
        """Take requests and answer none of them until `release`."""
        self._flowing.clear()

    def release(self) -> None:
        self._flowing.set()

    def posts_to(self, ending: str) -> list[Post]:
        return [post for post in self.posts if post.path.endswith(ending)]

    def service_account(self, path: Path) -> Path:
        """A file of credentials as Google Cloud gives it, for which this server has tokens."""
        pem = _service_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        facts = {
            "type": "service_account",
            "project_id": "fake-project",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": "studio@fake-project.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"{self.url}/token",
        }
        path.write_text(json.dumps(facts))
        return path

    # What it answers ----------------------------------------------------------------------------------------

    def answer(self, method: str, target: str, headers: Mapping[str, str], raw: bytes) -> Said:
        path = urllib.parse.urlsplit(target).path
        self._flowing.wait()
        with self._lock:
            if path == "/token":
                return self._token(raw)
            body = json.loads(raw) if raw else None
            if method == "POST":
                self.posts.append(Post(path, body, headers))
            if self._next:
                return self._next.popleft()
            return self._admitted(path, headers) or self._route(method, path, body)

    def _admitted(self, path: str, headers: Mapping[str, str]) -> Said | None:
        if path.startswith("/v1/projects/"):
            token = headers.get("authorization", "").removeprefix("Bearer ")
            if self.tokens.get(token, 0) < time.time():
                return error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
            return None
        if "x-goog-api-key" not in headers:
            return error(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.")
        return None if headers["x-goog-api-key"] == self.key else bad_key()

    def _route(self, method: str, path: str, body: Any) -> Said:
        if method == "POST" and (found := _MODEL.fullmatch(path)):
            return self._model(found["model"], found["verb"], body, vertex=found["project"])
        if method == "POST" and path == "/v1/interactions":
            return self._begin(body)
        if found := _INTERACTION.fullmatch(path):
            return self._interaction(found["id"], cancel=found["cancel"] is not None and method == "POST")
        if found := _DOWNLOAD.fullmatch(path):
            if found["id"] not in self._files:
                return error(404, "NOT_FOUND", "The file does not exist.")
            return Said(302, b"", {"location": f"{self.storage_url}/{found['id']}"})
        return error(404, "NOT_FOUND", "Requested entity was not found.")

    def _model(self, model: str, verb: str, body: Any, vertex: str | None) -> Said:
        if verb == "generateContent" and model in strict.SIZES.keys() | strict.WRITERS:
            wrong = strict.complaint(body, strict.content_form(model))
            if wrong:
                return error(400, "INVALID_ARGUMENT", wrong)
            return _drawn(body) if model in strict.SIZES else _written(body)
        if verb == "predictLongRunning" and model in strict.VEOS and vertex:
            wrong = strict.complaint(body, strict.VEO)
            return error(400, "INVALID_ARGUMENT", wrong) if wrong else self._film(model, vertex, body)
        if verb == "fetchPredictOperation" and model in strict.VEOS and vertex:
            wrong = strict.complaint(body, strict.FETCH)
            return error(400, "INVALID_ARGUMENT", wrong) if wrong else self._operation(body["operationName"])
        return error(404, "NOT_FOUND", f"models/{model} is not found, or is not supported for {verb}.")

    def _begin(self, body: Any) -> Said:
        wrong = strict.complaint(body, strict.INTERACTION)
        if wrong:
            return interaction_error(400, "invalid_request", wrong)
        shown = {each["type"] for each in body["input"][0]["content"]}
        if body["generation_config"]["video_config"]["task"] == "image_to_video" and "image" not in shown:
            return interaction_error(400, "invalid_request", "image_to_video needs an image.")
        asked = body["response_format"]
        name = f"v1_{uuid4().hex}"
        video = _video(asked["aspect_ratio"], int(asked["duration"][:-1]))
        self.works[name] = Work(body, self.looks, video, ends=self._ending())
        return said({"id": name, "status": "in_progress", "model": body["model"], "object": "interaction"})

    def _interaction(self, name: str, *, cancel: bool) -> Said:
        work = self.works.get(name)
        if work is None:
            return interaction_error(400, "invalid_request", "Invalid interaction name.")
        if cancel and work.status == "in_progress":
            work.status = "cancelled"
        elif not cancel and work.status == "in_progress":
            if work.looks:
                work.looks -= 1
            else:
                work.status = "completed"
        known = {"id": name, "status": work.status, "model": work.body["model"], "object": "interaction"}
        if work.status != "completed":
            return said(known)
        if work.ends is not None:
            return said(known | work.ends)
        file = uuid4().hex[:12]
        self._files[file] = work.video
        uri = f"{self.url}/v1/files/{file}:download?alt=media"
        return said(known | interaction_end([{"type": "video", "uri": uri, "mime_type": "video/mp4"}], 5792))

    def _film(self, model: str, project: str, body: Any) -> Said:
        name = f"projects/{project}/locations/global/publishers/google/models/{model}/operations/{uuid4()}"
        asked = body["parameters"]
        video = _video(asked["aspectRatio"], asked["durationSeconds"])
        self.works[name] = Work(body, self.looks, video, ends=self._ending())
        return said({"name": name})

    def _operation(self, name: str) -> Said:
        work = self.works.get(name)
        if work is None:
            return error(404, "NOT_FOUND", "The operation does not exist.")
        if work.looks:
            work.looks -= 1
            return said({"name": name})
        if work.ends is not None:
            return said({"name": name, "done": True, **work.ends})
        video = {"bytesBase64Encoded": base64.b64encode(work.video).decode(), "mimeType": "video/mp4"}
        return said({"name": name, "done": True, "response": {"videos": [video]}})

    def _ending(self) -> Any:
        return self._endings.popleft() if self._endings else None

    def _token(self, raw: bytes) -> Said:
        form = dict(urllib.parse.parse_qsl(raw.decode()))
        public = (
            _service_key()
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        try:
            google.auth.jwt.decode(form["assertion"], certs=public, audience=TOKEN_AUDIENCE)
        except (KeyError, ValueError, google.auth.exceptions.GoogleAuthError):
            return said({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400)
        token = f"ya29.{uuid4().hex}"
        self.tokens[token] = time.time() + self.token_life_s
        return said({"access_token": token, "expires_in": self.token_life_s, "token_type": "Bearer"})

    def stored(self, file: str, headers: Mapping[str, str]) -> Said:
        """Storage: it knows the file by its address alone, and must never be shown a key."""
        self.downloads.append((file, headers))
        if "x-goog-api-key" in headers or "authorization" in headers:
            return Said(400, b"storage was shown a key")
        data = self._files.get(file)
        return Said(404, b"") if data is None else Said(200, data, {"content-type": "video/mp4"})


@cache
def _service_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def interaction_end(content: list[dict[str, Any]], video_tokens: int) -> dict[str, Any]:
    """Fields of a completed interaction that puts this out."""
    by_modality = [{"modality": "video", "tokens": video_tokens}] if video_tokens else []
    return {
        "steps": [
            {"type": "thought", "signature": "c2ln"},
            {"type": "model_output", "content": content},
        ],
        "usage": {"total_output_tokens": video_tokens + 20, "output_tokens_by_modality": by_modality},
    }


def _drawn(body: Any) -> Said:
    asked = body["generationConfig"].get("imageConfig", {})
    words = "".join(part.get("text", "") for part in body["contents"][-1]["parts"])
    size = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}[asked.get("imageSize", "1K")]
    width, height = media.sides(asked.get("aspectRatio", "1:1"), size)
    thought = picture_part(media.png("a draft", 64, 64), thought=True)
    drawn = picture_part(media.png(words, width, height), thoughtSignature="c2ln")
    return candidate([{"text": "Let me think.", "thought": True}, thought, {"text": "Here it is."}, drawn])


def _written(body: Any) -> Said:
    schema = body.get("generationConfig", {}).get("responseJsonSchema")
    words = "A bottle on a stone." if schema is None else json.dumps(_sample(schema, schema.get("$defs", {})))
    return candidate([{"text": "Hm.", "thought": True}, {"text": words, "thoughtSignature": "c2ln"}])


def _sample(schema: Any, definitions: Any) -> Any:
    """A value that conforms to a schema."""
    if "$ref" in schema:
        return _sample(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return _sample(schema["anyOf"][0], definitions)
    if "enum" in schema:
        return schema["enum"][0]
    named = schema.get("type")
    kind = named[0] if isinstance(named, list) else named
    if kind == "object":
        return {name: _sample(each, definitions) for name, each in schema.get("properties", {}).items()}
    if kind == "array":
        return [_sample(schema["items"], definitions)] * max(1, schema.get("minItems", 1))
    return {"string": "Glass bottle", "integer": 1, "number": 0.5, "boolean": True, None: "anything"}.get(
        kind
    )


def _video(ratio: str, seconds: int) -> bytes:
    return media.mp4(*((720, 1280) if ratio == "9:16" else (1280, 720)), seconds)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    google: FakeGemini

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""

    def send(self, answer: Said) -> None:
        if answer is DROPPED:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def lower_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}


class _Google(_Handler):
    def do_GET(self) -> None:
        self.send(self.google.answer("GET", self.path, self.lower_headers(), b""))

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        raw = self.rfile.read(length)
        if length > LARGEST_REQUEST:
            limit = f"Request payload size exceeds the limit: {LARGEST_REQUEST} bytes."
            self.send(error(400, "INVALID_ARGUMENT", limit))
            return
        self.send(self.google.answer("POST", self.path, self.lower_headers(), raw))


class _Storage(_Handler):
    def do_GET(self) -> None:
        self.send(self.google.stored(self.path.lstrip("/"), self.lower_headers()))


def _server(google_: FakeGemini, handler: type[_Handler]) -> ThreadingHTTPServer:
    bound = type(handler.__name__, (handler,), {"google": google_})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    server.daemon_threads = True
    return server
