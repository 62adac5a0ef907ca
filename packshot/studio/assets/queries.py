"""Every read on assets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Q

from packshot.db.tenancy import Actor, acting_as
from packshot.errors import NotFound
from packshot.studio.assets import storage
from packshot.studio.assets.models import Asset


@dataclass(frozen=True, slots=True)
class AssetView:
    """One picture as a page or the API shows it.

    Until its state is `ready` a picture has no size, no placeholder and no addresses. Addresses are good for
    about an hour; ask again for fresh ones.
    """

    id: UUID
    state: Literal["new", "ready", "rejected"]
    reject_reason: str | None
    """Why the upload is no picture we can use: one sentence for the person."""
    name: str
    media_type: str
    bytes: int
    width: int | None
    height: int | None
    url: str | None
    thumb_256: str | None
    thumb_512: str | None
    placeholder: str | None
    """A blurred miniature as a data URI."""
    source_type: str | None
    """Last path segment of the IPTC digital source type."""
    confidence: float | None
    """How sure the engine is of its cut-out, 0 to 1."""
    note: str | None
    prompt: str | None
    seed: int | None
    operation: str | None
    parent_id: UUID | None
    job_id: UUID | None
    board_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Original:
    """Where a picture's own bytes lie in the store, and what they are called."""

    key: str
    sha256: str
    media_type: str
    name: str
    origin: str
    """`upload` or `generated`."""
    source_type: str


def asset(actor: Actor, asset_id: UUID) -> AssetView:
    """One picture of the actor's organization; raises NotFound, for another's too."""
    found = assets(actor, [asset_id])
    if not found:
        raise NotFound("There is no such picture.")
    return found[0]


def assets(actor: Actor, asset_ids: Iterable[UUID]) -> list[AssetView]:
    """Those of these pictures that exist in the actor's organization, in the order asked for."""
    wanted = list(asset_ids)
    with acting_as(actor):
        found = {row.id: row for row in Asset.objects.filter(id__in=wanted, deleted_at=None)}
    return [view_of(found[asset_id]) for asset_id in wanted if asset_id in found]


def original(actor: Actor, asset_id: UUID) -> Original:
    """The bytes of a picture that is ready; raises NotFound for every other."""
    with acting_as(actor):
        row = Asset.objects.filter(id=asset_id, state="ready", deleted_at=None).first()
    if row is None:
        raise NotFound("There is no such picture.")
    assert row.source_type is not None
    key = storage.key(row.organization_id, row.sha256)
    return Original(key, row.sha256, row.media_type, row.name, row.origin, row.source_type)


def on_board(actor: Actor, board_id: UUID, limit: int = 60, before: UUID | None = None) -> list[AssetView]:
    """A board's pictures, newest first; `before` is the last id of the page before this one."""
    with acting_as(actor):
        rows = Asset.objects.filter(board_id=board_id, deleted_at=None)
        if before is not None:
            rows = rows.filter(id__lt=before)
        page = list(rows.order_by("-id")[:limit])
    return [view_of(row) for row in page]


def named(actor: Actor, text: str, limit: int) -> list[AssetView]:
    """Pictures with all these words in prompt or file name, newest first."""
    with acting_as(actor):
        rows = Asset.objects.filter(state="ready", deleted_at=None)
        for word in text.split():
            rows = rows.filter(Q(name__icontains=word) | Q(prompt__icontains=word))
        return [view_of(row) for row in rows.order_by("-id")[:limit]]


def covers(actor: Actor, board_ids: Iterable[UUID]) -> dict[UUID, AssetView]:
    """The newest picture on each of these boards, a made one before an uploaded one."""
    with acting_as(actor):
        rows = Asset.objects.filter(board_id__in=list(board_ids), state="ready", deleted_at=None)
        # 'generated' comes before 'upload' in the alphabet.
        found = list(rows.order_by("board_id", "origin", "-id").distinct("board_id"))
    return {row.board_id: view_of(row) for row in found if row.board_id is not None}


def view_of(row: Asset) -> AssetView:
    """The row with its addresses, for this room's own use."""
    url = thumb_256 = thumb_512 = None
    if row.state == "ready":
        store, owner = storage.blobs(), row.organization_id
        url = store.url(storage.key(owner, row.sha256), filename=row.name)
        thumb_256 = store.url(storage.thumb_key(owner, row.sha256, 256))
        thumb_512 = store.url(storage.thumb_key(owner, row.sha256, 512))
    return AssetView(
        id=row.id,
        state=row.state,  # type: ignore[arg-type]  # the table's check says so
        reject_reason=row.reject_reason,
        name=row.name,
        media_type=row.media_type,
        bytes=row.bytes,
        width=row.width,
        height=row.height,
        url=url,
        thumb_256=thumb_256,
        thumb_512=thumb_512,
        placeholder=row.placeholder,
        source_type=row.source_type,
        confidence=row.confidence,
        note=row.note,
        prompt=row.prompt,
        seed=row.seed,
        operation=row.operation,
        parent_id=row.parent_id,
        job_id=row.job_id,
        board_id=row.board_id,
        created_at=row.created_at,
    )
