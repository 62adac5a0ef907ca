"""Every write on assets that a person can cause."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

from django.http import QueryDict
from uuid_utils.compat import uuid7

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Invalid
from packshot.imaging.decode import MAX_BYTES, sniff
from packshot.imaging.errors import BadPicture
from packshot.imaging.mark import CannotMark, mark
from packshot.ports.blobs import BlobMissing
from packshot.studio.assets import queries, storage
from packshot.studio.assets.contracts import (
    Action,
    ChangeView,
    Described,
    ExportSpec,
    ExportView,
    SavedView,
    Selection,
)
from packshot.studio.assets.errors import TooLarge, UnsupportedPicture
from packshot.studio.assets.exporting import checked
from packshot.studio.assets.models import Asset
from packshot.studio.assets.queries import AssetView, Original, original, view_of
from packshot.studio.assets.search import from_query, selected, to_query

FORMS = ("jpeg", "png", "webp", "avif")
PENDING_NAME = "pictures.zip"
"""Of an export until its worker knows what it makes."""
_HEAD = 512
_NAME_LENGTH = 200


def upload(
    actor: Actor,
    *,
    data: Path | bytes,
    filename: str,
    board_id: UUID | None = None,
    asset_id: UUID | None = None,
) -> AssetView:
    """Keep a file of the actor's and have it looked at by a worker; must be called outside `acting_as`.

    Here only the size and the first bytes are judged. The answer's state is `new`, or `ready` when the
    organization has the same bytes already. Raises TooLarge, UnsupportedPicture, NotFound (no such board) and
    Forbidden (not a member). The bytes are stored before the row: a failure in between leaves no trace that
    anybody could see, and the same upload finds them again. The same file under the same `asset_id` is one picture;
    another file under it is a Conflict.
    """
    size, head, sha256 = _facts(data)
    media_type = _judge(size, head)
    key = storage.key(actor.organization_id, sha256)
    _store(key, data)
    row = {
        "sha256": sha256,
        "bytes": size,
        "media_type": media_type,
        "name": clean_name(filename),
        "board_id": None if board_id is None else str(board_id),
        "id": None if asset_id is None else str(asset_id),
    }
    with acting_as(actor):
        asset_id = call("assets_upload_v1", row)
        # From here on nobody erases these bytes. Who erased them between our storing and this waited for no one.
        if not _is_stored(key):
            _store(key, data)
        stored = Asset.objects.get(id=asset_id)
    return view_of(stored)


def download(actor: Actor, asset_id: UUID, *, form: str = "original") -> str:
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


def describe(
    actor: Actor,
    asset_id: UUID,
    *,
    title: str | None = None,
    alt: str | None = None,
    tags: Sequence[str] | None = None,
    product: str | None = None,
) -> Described:
    """Give a picture its words; None lets one be. Returns what they were, to be given again by whoever undoes it.

    Raises NotFound, Forbidden (no editor of its board), and Invalid for what is too long.
    """
    asked = {"title": title, "alt": alt, "tags": None if tags is None else list(tags), "product": product}
    words = {name: value for name, value in asked.items() if value is not None}
    with acting_as(actor):
        before = call("assets_describe_v1", asset_id, words)
    if "tags" in before:
        before["tags"] = tuple(before["tags"])
    return Described(**before)


def change(
    actor: Actor,
    selection: Selection,
    action: Action,
    value: str | None = None,
    *,
    change_id: UUID | None = None,
) -> ChangeView:
    """Do one thing to all pictures of a selection. `value` is the board's id for `move` and `copy`, a tag for `tag`
    and `untag`.

    Up to a thousand pictures are changed when it returns; more by a worker, whose progress comes as `change` events.
    The same `change_id` again is the same change. Raises NotFound and Forbidden when one of the pictures that were
    picked by id, or the board they go to, is not there or not the actor's to change; Invalid.
    """
    return _change(actor, selection, action, value, change_id)


def erase(actor: Actor, selection: Selection, *, change_id: UUID | None = None) -> ChangeView:
    """Delete pictures of the trash for good, now. As `change`, but that nothing undoes it."""
    return _change(actor, selection, "erase", None, change_id)


def undo(actor: Actor, change_id: UUID) -> ChangeView:
    """Take a change of the actor's back, where nobody has changed the same since: the answer's `kept` says how often
    somebody had. Raises NotFound, and Conflict while it is under way or when it was `erase`."""
    with acting_as(actor):
        call("assets_undo_v1", change_id)
    return queries.change(actor, change_id)


def cancel_change(actor: Actor, change_id: UUID) -> ChangeView:
    """Stop a change that is under way; what it has done stays until it is undone. Raises NotFound."""
    with acting_as(actor):
        call("assets_cancel_change_v1", change_id)
    return queries.change(actor, change_id)


def export(
    actor: Actor, selection: Selection, spec: ExportSpec, *, export_id: UUID | None = None
) -> ExportView:
    """Have a file made of a selection, or a ZIP where it is more than one picture; kept for a day.

    Raises NotFound where there is no picture, and Invalid for a spec that means nothing and for more than 5,000
    pictures or 4 GB.
    """
    checked(spec)
    new_id = export_id or uuid7()
    order = {"id": str(new_id), "selection": selected(selection), "spec": asdict(spec), "name": PENDING_NAME}
    with acting_as(actor):
        call("assets_export_v1", order)
    return queries.export(actor, new_id)


def cancel_export(actor: Actor, export_id: UUID) -> ExportView:
    """Stop making a file that nobody waits for. Raises NotFound."""
    with acting_as(actor):
        call("assets_cancel_export_v1", export_id)
    return queries.export(actor, export_id)


def save_view(actor: Actor, name: str, query: str, *, view_id: UUID | None = None) -> UUID:
    """Keep a search under a name for the organization; returns its id. Raises Invalid, Conflict when there are 100."""
    said = to_query(from_query(QueryDict(query)))
    with acting_as(actor):
        saved: UUID = call(
            "assets_save_view_v1", {"id": str(view_id or uuid7()), "name": name, "query": said}
        )
    return saved


def rename_view(actor: Actor, view_id: UUID, name: str) -> str:
    """Give a saved view another name; returns the one before. Raises NotFound, Invalid."""
    with acting_as(actor):
        before: str = call("assets_rename_view_v1", view_id, name)
    return before


def delete_view(actor: Actor, view_id: UUID) -> SavedView:
    """Drop a saved view; returns it, for `restore_view`. Raises NotFound."""
    with acting_as(actor):
        found = call("assets_drop_view_v1", view_id)
    return SavedView(UUID(found["id"]), found["name"], found["query"], actor.user_id, found["position"])


def restore_view(actor: Actor, view: SavedView) -> UUID:
    """Bring a dropped view back to its place."""
    row = {"id": str(view.id), "name": view.name, "query": view.query, "position": view.position}
    with acting_as(actor):
        restored: UUID = call("assets_save_view_v1", row)
    return restored


def _change(
    actor: Actor, selection: Selection, action: str, value: str | None, change_id: UUID | None
) -> ChangeView:
    new_id = change_id or uuid7()
    asked = {"id": str(new_id), "action": action, "value": value, "selection": selected(selection)}
    with acting_as(actor):
        call("assets_change_v1", asked)
    return queries.change(actor, new_id)


def _marked(found: Original) -> str:
    """The key of the original's marked copy."""
    key = f"{found.key}.marked"
    if not _is_stored(key):
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


def _store(key: str, data: Path | bytes) -> None:
    if isinstance(data, bytes):
        storage.blobs().put(key, data)
    else:
        storage.blobs().put_file(key, data)


def _is_stored(key: str) -> bool:
    try:
        storage.blobs().info(key)
    except BlobMissing:
        return False
    return True


def check_size(size: int) -> None:
    """Raises UnsupportedPicture for nothing, and TooLarge."""
    if size <= 0:
        raise UnsupportedPicture("The file is empty.")
    if size > MAX_BYTES:
        limit = MAX_BYTES // 1024**2
        raise TooLarge(f"The file is larger than {limit} MB. Save a smaller copy and try again.")


def _judge(size: int, head: bytes) -> str:
    check_size(size)
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
