"""An internet of one machine: names with addresses of the test's choice, and a server behind all of them, over TLS.

The fetcher resolves, judges and dials as it does outside; only the last step, the dialled public address, ends at a
server on loopback. What was dialled is written down.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpcore
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PUBLIC = "93.184.215.14"


@dataclass
class Asked:
    """One request as it arrived."""

    host: str
    path: str
    headers: dict[str, str]


Page = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Internet:
    """`names` are the resolver's answers, each list used once until only one is left; `pages` by path."""

    port: int
    tls: ssl.SSLContext
    names: dict[str, list[list[str]]] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    dialled: list[tuple[str, int]] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)

    async def resolve(self, host: str, port: int) -> list[str]:
        answers = self.names.get(host, [[PUBLIC]])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    @property
    def wire(self) -> httpcore.AsyncNetworkBackend:
        return _Wire(self)


class _Wire(httpcore.AsyncNetworkBackend):
    def __init__(self, internet: Internet) -> None:
        self._internet = internet
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, *rest: Any, **more: Any) -> Any:
        ipaddress.ip_address(host)  # a name here would be resolved a second time
        self._internet.dialled.append((host, port))
        if host in self._internet.unreachable:
            raise httpcore.ConnectError("no route")
        return await self._real.connect_tcp("127.0.0.1", self._internet.port, *rest, **more)


@contextlib.asynccontextmanager
async def internet(folder: Path, names: Iterable[str]) -> AsyncIterator[Internet]:
    """A server whose certificate is for these names."""
    files = certificate(folder, names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.chain, files.key)
    async with serving(context) as (found, port):
        found.port, found.tls = port, ssl.create_default_context(cafile=str(files.authority))
        yield found


@contextlib.asynccontextmanager
async def serving(context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Internet, int]]:
    found = Internet(0, ssl.create_default_context())
    open_writers: set[asyncio.StreamWriter] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
            one = Asked(headers["host"], first.split(" ")[1], headers)
            found.asked.append(one)
            await found.pages[one.path](one, writer)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield found, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in open_writers:
            writer.transport.abort()
        await server.wait_closed()


def says(status: int, body: bytes = b"", length: int | None = None, **headers: str) -> Page:
    """A page of a whole answer; `length` is what it claims."""

    async def page(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} So", f"content-length: {len(body) if length is None else length}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return page


@dataclass(frozen=True)
class Certificate:
    authority: Path
    chain: Path
    key: Path


def certificate(folder: Path, names: Iterable[str]) -> Certificate:
    """An authority of our own, and a certificate by it for `names`."""
    now = dt.datetime.now(dt.UTC)

    def build(subject: str, issuer: x509.Name, public: Any) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
        )

    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])
    root = (
        build("an authority", issuer, authority.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False)
        .sign(authority, hashes.SHA256())
    )
    leaf = (
        build("a server", issuer, own.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False
        )
        .sign(authority, hashes.SHA256())
    )
    files = Certificate(folder / "ca.pem", folder / "chain.pem", folder / "key.pem")
    files.authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    files.chain.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files
