"""Every write on assets that a person can cause."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path
from uuid import UUID

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.imaging.decode import MAX_BYTES, sniff
from packshot.studio.assets import storage
from packshot.studio.assets.errors import TooLarge, UnsupportedPicture
from packshot.studio.assets.models import Asset
from packshot.studio.assets.queries import AssetView, view_of

_HEAD = 512
_NAME_LENGTH = 200


def upload(actor: Actor, *, data: Path | bytes, filename: str, board_id: UUID | None = None) -> AssetView:
    """Keep a file of the actor's and have it looked at by a worker; must be called outside `acting_as`.

    Here only the size and the first bytes are judged. The answer's state is `new`, or `ready` when the
    organization has the same bytes already. Raises TooLarge, UnsupportedPicture, NotFound (no such board) and
    Forbidden (not a member). The bytes are stored before the row: a failure in between leaves no trace that
    anybody could see, and the same upload finds them again.
    """
    size, head, sha256 = _facts(data)
    media_type = _judge(size, head)
    key = storage.key(actor.organization_id, sha256)
    if isinstance(data, bytes):
        storage.blobs().put(key, data)
    else:
        storage.blobs().put_file(key, data)
    row = {
        "sha256": sha256,
        "bytes": size,
        "media_type": media_type,
        "name": clean_name(filename),
        "board_id": None if board_id is None else str(board_id),
    }
    with acting_as(actor):
        asset_id = call("assets_upload_v1", row)
        stored = Asset.objects.get(id=asset_id)
    return view_of(stored)


def clean_name(filename: str) -> str:
    """What a person called a file, without its folders and without signs that cannot be seen."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    seen = (sign for sign in unicodedata.normalize("NFC", last) if unicodedata.category(sign)[0] != "C")
    return "".join(seen).strip()[:_NAME_LENGTH] or "picture"


def _judge(size: int, head: bytes) -> str:
    if size == 0:
        raise UnsupportedPicture("The file is empty.")
    if size > MAX_BYTES:
        limit = MAX_BYTES // 1024**2
        raise TooLarge(f"The file is larger than {limit} MB. Save a smaller copy and try again.")
    media_type = sniff(head)
    if media_type is None:
        raise UnsupportedPicture("This is not a JPEG, PNG, WebP or AVIF picture.")
    return media_type


def _facts(data: Path | bytes) -> tuple[int, bytes, str]:
    """Size, first bytes and hash. A file that is too large for us is not read to its end."""
    if isinstance(data, bytes):
        return len(data), data[:_HEAD], hashlib.sha256(data).hexdigest()
    with data.open("rb") as file:
        head = file.read(_HEAD)
        size = file.seek(0, 2)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest() if size <= MAX_BYTES else ""
    return size, head, digest
