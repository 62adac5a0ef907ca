"""The composition root: the one place where a port meets an adapter and a fact its listener."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from packshot.adapters.disk import DiskBlobs
from packshot.facts import subscribe
from packshot.ports.generation import Generator
from packshot.settings import settings

if TYPE_CHECKING:
    from packshot.adapters.local.pool import ImagingPool


def connect() -> None:
    """Connect facts to listeners and rooms to ports. Runs once a process, when Django is ready."""
    from packshot.foundation.organizations.facts import OrganizationOpened
    from packshot.studio.assets import storage
    from packshot.studio.credits.commands import open_wallet
    from packshot.studio.generation import providers

    subscribe(OrganizationOpened, open_wallet)
    storage.connect(disk_blobs())
    providers.connect(_receivers)


@cache
def disk_blobs() -> DiskBlobs:
    """The blobs below the home folder; their addresses are paths of this site, answered by web/blobs.py."""
    sign_key = hmac.new(settings().secret().encode(), b"blobs", hashlib.sha256).digest()
    return DiskBlobs(settings().home / "blobs", sign_key=sign_key, base_url="", now=time.time)


def imaging_processes() -> int:
    """Processes for work on pixels in one worker: one a core, at most four, unless it is set."""
    return settings().worker_cpus or min(4, os.cpu_count() or 1)


def imaging_pool() -> ImagingPool:
    """A pool of its own for the caller's event loop, who closes it. No process starts before it is needed."""
    from packshot.adapters.local.pool import ImagingPool

    return ImagingPool(imaging_processes())


def generators(pool: ImagingPool) -> dict[str, Generator]:
    """Every provider by its name, for the event loop that the pool belongs to.

    Imported here, because what they import is much: a page needs none of it.
    """
    from packshot.adapters.local.generator import LocalGenerator

    found: dict[str, Generator] = {"local": LocalGenerator(pool)}
    if settings().mock_provider:
        from packshot.adapters.mock.generator import MockGenerator

        key = hmac.new(settings().secret().encode(), b"mock", hashlib.sha256).digest()
        found["mock"] = MockGenerator(settings().home / "mock", key=key, now=time.time, post=_post)
    return found


@cache
def _receivers() -> dict[str, Generator]:
    """The same, for a process that only reads their callbacks: nothing of it starts."""
    return generators(imaging_pool())


async def _post(address: str, headers: Mapping[str, str], body: bytes) -> None:
    """Deliver a callback of the mock, which plays its provider's part on this machine."""
    import httpx

    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        await client.post(address, headers=dict(headers), content=body)
