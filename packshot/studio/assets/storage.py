"""Where the room's bytes lie: the keys, which are chosen here, and the store, which the wiring brings."""

from __future__ import annotations

import hashlib
from typing import Literal
from uuid import UUID

from packshot.ports.blobs import BlobStore

_connected: list[BlobStore] = []


def connect(store: BlobStore) -> None:
    """Use this store from now on. Called by the wiring, once a process, and by tests with their own."""
    _connected[:] = [store]


def blobs() -> BlobStore:
    """The store of this process."""
    if not _connected:
        raise RuntimeError("No blob store is connected: packshot.wiring.connect() has not run.")
    return _connected[0]


def key(organization_id: UUID, sha256: str) -> str:
    """Of an original or an output."""
    return f"{organization_id}/{sha256}"


def thumb_key(organization_id: UUID, sha256: str, side: Literal[256, 512]) -> str:
    """Of the WebP thumbnail whose longer side is at most `side` pixels."""
    return f"{organization_id}/{sha256}.{side}.webp"


def made_of(organization_id: UUID, sha256: str) -> list[str]:
    """The keys of everything that may have been made of these bytes, the bytes themselves last."""
    own = key(organization_id, sha256)
    return [f"{own}.256.webp", f"{own}.512.webp", f"{own}.marked", own]


def export_key(organization_id: UUID, export_id: UUID) -> str:
    """Of the file that an export has made. No two exports share one, and no picture's bytes have its name."""
    return f"{organization_id}/{hashlib.sha256(f'export:{export_id}'.encode()).hexdigest()}.export"


def incoming_key(organization_id: UUID, arrival_id: UUID) -> str:
    """Where a browser puts the file of an arrival; nobody is ever shown what lies there."""
    return f"{organization_id}/{hashlib.sha256(f'incoming:{arrival_id}'.encode()).hexdigest()}.incoming"
