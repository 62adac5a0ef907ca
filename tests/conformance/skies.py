"""The providers that call back, each with a hand on its weather: what the suite of callbacks is run on.

A further provider is one more class here and its name in SKIES. All of it is real: the site is a process of
`packshot web`, messages travel to it over HTTP, and a worker works the jobs off.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from packshot import wiring
from packshot.adapters.mock import signing
from packshot.settings import settings
from packshot.studio.generation import callbacks, providers
from packshot.studio.generation.contracts import Order
from tests.fakes.fal import Fal, Plan
from tests.worker.support import order, polled, wait_for

_FAR = 600.0


@dataclass(frozen=True)
class Message:
    """A callback as it travels."""

    headers: dict[str, str]
    body: bytes


class Sky(ABC):
    """One provider. Its jobs are done at once, and unless it is said its callbacks are sent by hand."""

    name: str

    @abstractmethod
    def order(self, *, early: bool = False, lost: bool = False, working: bool = False) -> Order:
        """An order of one variant. `early`: the callback comes before the submit is answered. `lost`: the submit is
        never answered. `working`: it is not done before `finish`."""

    @abstractmethod
    def named(self, job_id: UUID, ref: str | None) -> str:
        """The provider's name for a job; for one whose submit was lost we know none, and the provider does."""

    @abstractmethod
    def finish(self, name: str) -> None:
        """Let it be done."""

    @abstractmethod
    def message(self, name: str, *, forged: bool = False, age_s: float = 0, failed: bool = False) -> Message:
        """What the provider says when it is done."""

    @abstractmethod
    def submits(self, job_id: UUID) -> int:
        """How often the provider was asked to do this job."""


class MockSky(Sky):
    name = "mock"

    def order(self, *, early: bool = False, lost: bool = False, working: bool = False) -> Order:
        script = polled(
            poll_after_s=_FAR,
            delay_s=_FAR if working else 0.0,
            callback={"times": int(early), "early": early},
            lost=lost,
            cancel="unknown",
        )
        return order(model="mock-remote", script=script)

    def named(self, job_id: UUID, ref: str | None) -> str:
        if ref is not None:
            return ref
        works = (settings().home / "mock").glob("mock-*.json")
        return next(path.stem for path in works if json.loads(path.read_text())["job_id"] == str(job_id))

    def finish(self, name: str) -> None:
        path = settings().home / "mock" / f"{name}.json"
        draft = path.with_suffix(".changed")
        draft.write_text(json.dumps(json.loads(path.read_text()) | {"started": 0}))
        draft.replace(path)

    def message(self, name: str, *, forged: bool = False, age_s: float = 0, failed: bool = False) -> Message:
        body = json.dumps({"ref": name, "event": f"{name}-{'failed' if failed else 'done'}"}).encode()
        key = b"of somebody else" if forged else _mock()._key
        return Message(signing.signed(key, body, time.time() - age_s), body)

    def submits(self, job_id: UUID) -> int:
        return _mock().provider.submits(job_id)


def _mock() -> Any:
    return wiring._receivers()["mock"]


class FalSky(Sky):
    name = "fal"

    def __init__(self, fal: Fal) -> None:
        self._fal = fal

    def order(self, *, early: bool = False, lost: bool = False, working: bool = False) -> Order:
        self._fal.plans.append(
            Plan(
                callback="before" if early else "never",
                submit="dropped" if lost else "taken",
                hold=working,
                stubborn=True,
            )
        )
        return order(model="flux", prompt="a bottle on a stone")

    def named(self, job_id: UUID, ref: str | None) -> str:
        if ref is not None:
            return ref.split(" ")[0]
        return next(name for name, each in self._fal.requests.items() if str(job_id) in str(each.webhook))

    def finish(self, name: str) -> None:
        self._fal.finish(self._fal.requests[name])

    def message(self, name: str, *, forged: bool = False, age_s: float = 0, failed: bool = False) -> Message:
        changes = {"status": "ERROR", "payload": {"detail": []}} if failed else {}
        body = self._fal.message(self._fal.requests[name], **changes)
        key = Ed25519PrivateKey.generate() if forged else None
        return Message(self._fal.signed(body, name, key=key, at=time.time() - age_s), body)

    def submits(self, job_id: UUID) -> int:
        return sum(str(job_id) in str(each.webhook) for each in self._fal.requests.values())


SKIES = ("mock", "fal")


@dataclass
class World:
    """The site, and every provider's sky over it."""

    url: str
    skies: dict[str, Sky]

    def post(self, sky: Sky, message: Message, address: str | None = None) -> int:
        """Deliver; without an address, to one that names no job."""
        url = address or f"{self.url}/hooks/{sky.name}/"
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.post(url, content=message.body, headers=message.headers).status_code


def address(sky: Sky, organization_id: UUID, job_id: UUID) -> str:
    found = callbacks.address(sky.name, organization_id, job_id)
    assert found is not None
    return found


@contextmanager
def world() -> Iterator[World]:
    """The site in a process of its own, the providers, and this process's settings as a worker's that knows them."""
    port = _free_port()
    with ExitStack() as stack:
        fal = stack.enter_context(Fal())
        stack.callback(_connect)  # when the settings are again what they were
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        changes: dict[str, Any] = {
            "public_url": f"http://127.0.0.1:{port}",
            "fal_key": SecretStr(fal.key),
            "fal_user": fal.user,
            "fal_queue_url": fal.url,
            "fal_jwks_url": fal.jwks_url,
            "fetch_trusted": [urlsplit(fal.url).netloc],
        }
        for name, value in changes.items():
            patch.setattr(settings(), name, value)
        _connect()
        shown = {f"PACKSHOT_{name.upper()}": _shown(value) for name, value in changes.items()}
        stack.enter_context(_site(port, shown))
        yield World(str(changes["public_url"]), {"mock": MockSky(), "fal": FalSky(fal)})


def _connect() -> None:
    """Know the providers that the settings of this moment name."""
    wiring._receivers.cache_clear()
    providers.connect(wiring._receivers, wiring.known_providers())


def _shown(value: object) -> str:
    """A setting as it stands in the environment."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return json.dumps(value) if isinstance(value, list) else str(value)


@contextmanager
def _site(port: int, environment: dict[str, str]) -> Iterator[None]:
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "packshot", "web", "--port", str(port)],
            env={**os.environ, "PACKSHOT_ROLE": "web", **environment},
            stdout=said,
            stderr=said,
        )
        try:
            wait_for(lambda: process.poll() is not None or _answers(port), bool, 150)
            assert process.poll() is None, said.seek(0) or said.read()
            yield
        finally:
            process.terminate()
            process.wait(30)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
