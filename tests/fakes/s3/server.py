"""The server itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode
from wsgiref.types import WSGIApplication

# Read when moto is imported: browsers ask the bucket's own CORS rules, not a server's that allows everything.
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"

import boto3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from pydantic import SecretStr
from werkzeug.serving import WSGIRequestHandler, make_server

from packshot.adapters.s3 import Bucket

ACCESS_KEY, SECRET_KEY, REGION = (
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "eu-central-1",
)
StartResponse = Callable[..., Any]


@dataclass
class S3:
    """A running server. `seen` is every request that came: its method and its path with the query."""

    address: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    down: bool = False
    conditional: bool = True

    @property
    def client(self) -> Any:
        """boto3's own client: to look behind the adapter's back."""
        return _client(self.address)

    def bucket(self, name: str) -> Bucket:
        """The bucket of this name, made where it is not there."""
        return bucket_at(self.address, name)

    def allow(self, name: str, origin: str) -> None:
        """Let pages of this origin put into a bucket, and those of no other."""
        rule = {"AllowedMethods": ["PUT"], "AllowedOrigins": [origin], "AllowedHeaders": ["content-type"]}
        self.client.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})


def bucket_at(address: str, name: str) -> Bucket:
    """The bucket of this name, made where it is not there; for any process."""
    client = _client(address)
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):  # another thread or process was first
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return Bucket(name, REGION, ACCESS_KEY, SecretStr(SECRET_KEY), endpoint=address, path_style=True)


@cache
def _client(address: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


class _Gate:
    def __init__(self, app: WSGIApplication, server: S3) -> None:
        self._app = app
        self._server = server
        self._writing = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
        self._server.seen.append((method, f"{environ['PATH_INFO']}?{query}"))
        if self._server.down:
            return _refuse(start, "500 Internal Server Error", "InternalError")
        # A browser asks before it puts (OPTIONS), and that is not signed.
        signed = "X-Amz-Signature" in query and method != "OPTIONS"
        if signed and (wrong := _wrong(environ, query)):
            return _refuse(start, "403 Forbidden", wrong)
        if method != "PUT":
            return self._app(environ, start)
        if "HTTP_IF_NONE_MATCH" in environ and not self._server.conditional:
            return _refuse(start, "501 Not Implemented", "NotImplemented")
        with self._writing:
            return list(self._app(environ, start))


def _wrong(environ: dict[str, Any], query: str) -> str | None:
    """What is wrong with a signed address, in S3's word; None where nothing is."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    signed_at = datetime.strptime(asked["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if not signed_at <= datetime.now(UTC) + timedelta(minutes=15):
        return "AccessDenied"
    if datetime.now(UTC) > signed_at + timedelta(seconds=int(asked["X-Amz-Expires"])):
        return "AccessDenied"
    names = asked["X-Amz-SignedHeaders"].split(";")
    headers = {name: _header(environ, name) for name in names}
    kept = [pair for pair in parse_qsl(query) if not pair[0].startswith("X-Amz-")]
    line = f"?{urlencode(kept, quote_via=quote)}" if kept else ""
    request = AWSRequest(
        environ["REQUEST_METHOD"],
        f"http://{environ['HTTP_HOST']}{quote(environ['PATH_INFO'])}{line}",
        headers,
    )
    region = asked["X-Amz-Credential"].split("/")[2]
    ours = SignerAt(Credentials(ACCESS_KEY, SECRET_KEY), "s3", region, int(asked["X-Amz-Expires"]))
    ours.sign(request, asked["X-Amz-Date"])
    again = parse_qs(request.url.partition("?")[2])["X-Amz-Signature"][0]
    return None if again == asked["X-Amz-Signature"] else "SignatureDoesNotMatch"


class SignerAt(S3SigV4QueryAuth):
    """botocore's signer, at a time of ours."""

    def sign(self, request: AWSRequest, at: str) -> None:
        """Put the signature into the request's address; `at` as the address says it."""
        request.context["timestamp"] = at
        self._modify_request_before_signing(request)
        text = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(text, request))


def _header(environ: dict[str, Any], name: str) -> str:
    plain = name.upper().replace("-", "_")
    return str(environ.get(plain if plain in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{plain}", ""))


def _refuse(start: StartResponse, status: str, code: str) -> list[bytes]:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code></Error>'.encode()
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any, **__: Any) -> None:
        """pytest shows what matters."""


@contextmanager
def running() -> Iterator[S3]:
    """A server of its own for as long as the block lasts; its buckets are this process's."""
    # Slow to import, and of no use to those processes that only ask.
    from moto.s3.models import s3_backends
    from moto.server import DomainDispatcherApplication, create_backend_app

    found = S3()
    app = _Gate(DomainDispatcherApplication(create_backend_app), found)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    found.address = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        for backends in s3_backends.values():
            for backend in backends.values():
                backend.reset()
