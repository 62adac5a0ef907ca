"""Every write on assets that a person can cause."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path
from uuid import UUID

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Invalid
from packshot.imaging.decode import MAX_BYTES, sniff
from packshot.imaging.errors import BadPicture
from packshot.imaging.mark import CannotMark, mark
from packshot.ports.blobs import BlobMissing
from packshot.studio.assets import storage
from packshot.studio.assets.errors import TooLarge, UnsupportedPicture
from packshot.studio.assets.models import Asset
from packshot.studio.assets.queries import AssetView, Original, original, view_of

FORMS = ("jpeg", "png", "webp", "avif")
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


def export(actor: Actor, asset_id: UUID, *, form: str = "original") -> str:
    """The address at which a browser downloads a picture, as `original` or as the form it is stored in.

    `original` is the stored bytes. With `jpeg`, `png` or `webp` the file says where its picture comes from:
    what we made does so from the start, a copy of an upload is marked when it is first asked for, without
    touching a pixel. Raises NotFound, and Invalid for what cannot be had.
    """
    found = original(actor, asset_id)
    stored_as = found.media_type.removeprefix("image/")
    if form not in ("original", *FORMS):
        raise Invalid(f"The form is one of original, {', '.join(FORMS)}.")
    if form not in ("original", stored_as):
        raise Invalid(f"This picture is a {stored_as.upper()}; it is not converted to another form yet.")
    key = found.key
    if form != "original" and found.origin == "upload":
        key = _marked(found)
    return storage.blobs().url(key, filename=found.name, attachment=True)


def _marked(found: Original) -> str:
    """The key of the original's marked copy."""
    key = f"{found.key}.marked"
    try:
        storage.blobs().info(key)
    except BlobMissing:
        try:
            storage.blobs().put(key, mark(storage.blobs().get(found.key), found.source_type))
        except (CannotMark, BadPicture) as error:
            raise Invalid(str(error)) from error
    return key


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
