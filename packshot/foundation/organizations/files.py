"""Where the ZIP of a takeout lies: its key, and the store, which the wiring brings."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from packshot.ports.blobs import BlobStore

_connected: list[BlobStore] = []


def connect(store: BlobStore) -> None:
    """Use this store from now on. Called by the wiring, once a process, and by tests with their own."""
    _connected[:] = [store]


def store() -> BlobStore:
    """The store of this process."""
    if not _connected:
        raise RuntimeError("No blob store is connected: packshot.wiring.connect() has not run.")
    return _connected[0]


def key(organization_id: UUID, takeout_id: UUID) -> str:
    """A name like an export's of pictures, by which the daily cleaning knows what may lie there."""
    return f"{organization_id}/{hashlib.sha256(f'export:{takeout_id}'.encode()).hexdigest()}.export"


def address(organization_id: UUID, takeout_id: UUID, made_at: datetime) -> str:
    """Where a browser fetches it, for a while."""
    name = f"workspace-{made_at:%Y-%m-%d}.zip"
    return store().url(key(organization_id, takeout_id), filename=name, attachment=True)
