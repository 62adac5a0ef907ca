"""The composition root: the one place where a port meets an adapter and a fact its listener."""

from __future__ import annotations

import hashlib
import hmac
import time
from functools import cache

from packshot.adapters.disk import DiskBlobs
from packshot.facts import subscribe
from packshot.settings import settings


def connect() -> None:
    """Connect facts to listeners and rooms to ports. Runs once a process, when Django is ready."""
    from packshot.foundation.organizations.facts import OrganizationOpened
    from packshot.studio.assets import storage
    from packshot.studio.credits.commands import open_wallet

    subscribe(OrganizationOpened, open_wallet)
    storage.connect(disk_blobs())


@cache
def disk_blobs() -> DiskBlobs:
    """The blobs below the home folder; their addresses are paths of this site, answered by web/blobs.py."""
    sign_key = hmac.new(settings().secret().encode(), b"blobs", hashlib.sha256).digest()
    return DiskBlobs(settings().home / "blobs", sign_key=sign_key, base_url="", now=time.time)
