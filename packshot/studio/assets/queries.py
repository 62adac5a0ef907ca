"""Every read on assets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from packshot.db.sql import call, rows
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import NotFound
from packshot.ports.blobs import BlobMissing
from packshot.studio.assets import storage
from packshot.studio.assets.contracts import (
    ChangeView,
    Count,
    ExportSpec,
    ExportView,
    Facets,
    Kind,
    Person,
    SavedView,
    Search,
    Selection,
    Stream,
)
from packshot.studio.assets.exporting import Names, checked, files_of, item_of, whole_name, zipped
from packshot.studio.assets.models import Asset, Change, Export, View
from packshot.studio.assets.notes import noted
from packshot.studio.assets.search import described, selected
from packshot.words import told

TRASH_DAYS = 30
PAGE = 60
COUNT_CAP = 1000
STREAMED_PICTURES = 50
STREAMED_BYTES = 100 * 1024 * 1024


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
    created_by: UUID | None
    kind: Kind
    model: str | None
    title: str
    alt: str
    tags: tuple[str, ...]
    product: str
    favourite: bool
    pinned_at: datetime | None
    review: Literal["approved", "rejected"] | None
    review_by: UUID | None
    review_at: datetime | None
    colours: tuple[str, ...]
    duration_s: float | None
    """Of a video."""
    deleted_at: datetime | None
    """When it was put into the trash; it is erased TRASH_DAYS later."""


@dataclass(frozen=True, slots=True)
class Relative:
    """A picture in another's descent. `picture.parent_id` leads to the one it was made of."""

    picture: AssetView
    depth: int
    """Steps down from the picture that was asked about; negative upwards, 0 for that one."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Pictures that look alike; at least two."""

    group: UUID
    pictures: tuple[AssetView, ...]


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
        found = Asset.objects.filter(board_id=board_id, deleted_at=None)
        if before is not None:
            found = found.filter(id__lt=before)
        return [view_of(row) for row in found.order_by("-id")[:limit]]


def covers(actor: Actor, board_ids: Iterable[UUID]) -> dict[UUID, AssetView]:
    """The newest picture on each of these boards, a made one before an uploaded one."""
    with acting_as(actor):
        ready = Asset.objects.filter(board_id__in=list(board_ids), state="ready", deleted_at=None)
        # 'generated' comes before 'upload' in the alphabet.
        found = list(ready.order_by("board_id", "origin", "-id").distinct("board_id"))
    return {row.board_id: view_of(row) for row in found if row.board_id is not None}


def page(actor: Actor, search: Search, after: UUID | None = None, limit: int = PAGE) -> list[AssetView]:
    """The next pictures that a search finds, behind the one with the id `after` in the search's order.

    Uploads that are still looked at are among them, rejected ones are not. Raises NotFound when `search.like` is no
    picture that the actor sees.
    """
    with acting_as(actor):
        ids = [row["id"] for row in rows("assets_page_v1", described(search), after, limit)]
        return _in_order(ids)


def count(actor: Actor, search: Search, cap: int | None = COUNT_CAP) -> Count:
    """How many a search finds; counted up to `cap`, which takes no time, or all of them, which may take a second."""
    with acting_as(actor):
        number = call("assets_count_v1", described(search), None if cap is None else cap + 1)
    return Count(number if cap is None else min(number, cap), cap is not None and number > cap)


def count_selected(actor: Actor, selection: Selection, cap: int | None = COUNT_CAP) -> Count:
    """How many pictures are picked; as `count` does."""
    with acting_as(actor):
        number = call("assets_selection_count_v1", selected(selection), None if cap is None else cap + 1)
    return Count(number if cap is None else min(number, cap), cap is not None and number > cap)


def newest(actor: Actor, search: Search) -> UUID | None:
    """The newest picture that a search finds now: `Selection.upto` for whoever picks all of it."""
    with acting_as(actor):
        found = rows("assets_page_v1", described(replace(search, order="newest")), None, 1)
    return found[0]["id"] if found else None


def pinned(actor: Actor, board_id: UUID, limit: int = PAGE) -> list[AssetView]:
    """The pictures pinned on a board, the one that was pinned last first. The board's other pages have them too."""
    with acting_as(actor):
        found = Asset.objects.filter(board_id=board_id, pinned_at__isnull=False, deleted_at=None)
        return [view_of(row) for row in found.order_by("-pinned_at", "-id")[:limit]]


def facets(actor: Actor) -> Facets:
    """What the actor's pictures can be narrowed by, all boards together."""
    with acting_as(actor):
        found = call("assets_facets_v1")
    people = tuple(Person(UUID(each["id"]), each["name"]) for each in found["people"])
    return Facets(tuple(found["tags"]), tuple(found["models"]), people)


def lineage(actor: Actor, asset_id: UUID) -> list[Relative]:
    """What a picture was made of and what was made of it, itself between: ancestors first. Raises NotFound.

    At most thirty steps up and down and two hundred pictures; what lies in the trash is left out.
    """
    with acting_as(actor):
        found = rows("assets_lineage_v1", asset_id)
        views = {view.id: view for view in _in_order([row["id"] for row in found]) if view.deleted_at is None}
    if asset_id not in {row["id"] for row in found}:
        raise NotFound("There is no such picture.")
    return [Relative(views[row["id"]], row["depth"]) for row in found if row["id"] in views]


def duplicates(actor: Actor, after: UUID | None = None, limit: int = 20) -> list[Alike]:
    """Groups of pictures that look alike, behind the group `after`; each newest first, and at most a hundred of it."""
    with acting_as(actor):
        found = rows("assets_duplicates_v1", after, limit)
        views = {view.id: view for view in _in_order([row["id"] for row in found])}
    groups: dict[UUID, list[AssetView]] = {}
    for row in found:
        if row["id"] in views:
            groups.setdefault(row["likeness"], []).append(views[row["id"]])
    return [Alike(group, tuple(pictures)) for group, pictures in groups.items()]


def views(actor: Actor) -> list[SavedView]:
    """The organization's saved views, in their order."""
    with acting_as(actor):
        return [
            SavedView(row.id, row.name, row.query, row.created_by, row.position)
            for row in View.objects.order_by("position", "id")
        ]


def change(actor: Actor, change_id: UUID) -> ChangeView:
    """How far a change of the actor's is. Raises NotFound."""
    with acting_as(actor):
        row = Change.objects.filter(id=change_id).first()
    if row is None:
        raise NotFound("There is no such change.")
    return ChangeView(
        id=row.id,
        action=row.action,  # type: ignore[arg-type]  # the function that writes it says so
        value=row.value,
        state=row.state,  # type: ignore[arg-type]  # the table's check says so
        done=row.done,
        total=row.total,
        created_at=row.created_at,
        kept=row.kept,
    )


def export(actor: Actor, export_id: UUID) -> ExportView:
    """How far an export of the actor's is, and where its file is. Raises NotFound."""
    with acting_as(actor):
        row = Export.objects.filter(id=export_id).first()
    if row is None:
        raise NotFound("There is no such export.")
    return _export_view(row)


def exports(actor: Actor, limit: int = 20) -> list[ExportView]:
    """The actor's exports that are being made or are still there, the latest first."""
    with acting_as(actor):
        found = Export.objects.filter(state__in=("working", "ready")).order_by("-id")
        return [_export_view(row) for row in found[:limit]]


def stream_zip(actor: Actor, selection: Selection, spec: ExportSpec) -> Stream | None:
    """The ZIP of a few pictures as they are stored, to be sent at once; None where `commands.export` has to make it:
    more than 50 pictures or 100 MB, another form, or bytes that are gone.

    Raises NotFound where there is no picture, and Invalid.
    """
    if checked(spec).form != "original":
        return None
    with acting_as(actor):
        found = call("assets_packed_v1", selected(selection), STREAMED_PICTURES)
    if found is None:
        return None
    items = [item_of(each) for each in found]
    if not items:
        raise NotFound("There is no picture to export.")
    if sum(item.bytes for item in items) > STREAMED_BYTES:
        return None
    keys = {item.id: storage.key(actor.organization_id, item.sha256) for item in items}
    store = storage.blobs()
    try:
        for key in keys.values():
            store.info(key)
    except BlobMissing:
        return None  # the worker says which are left out; a stream could only break off
    files = files_of(spec, items, lambda item: store.open_range(keys[item.id]))
    return Stream(whole_name(items, max(item.created_on for item in items)), zipped(files))


def file_names(actor: Actor, selection: Selection, spec: ExportSpec, limit: int = 3) -> list[str]:
    """How the first files of an export would be called, their sizes as they are stored. Raises Invalid."""
    names = Names(checked(spec))
    with acting_as(actor):
        found = call("assets_first_items_v1", selected(selection), limit)
    return [names.next(item_of(each)) for each in found]


def _export_view(row: Export) -> ExportView:
    url = None
    if row.state == "ready":
        key = storage.export_key(row.organization_id, row.id)
        url = storage.blobs().url(key, filename=row.name, attachment=True)
    return ExportView(
        id=row.id,
        state=row.state,  # type: ignore[arg-type]  # the table's check says so
        done=row.done,
        total=row.total,
        name=row.name,
        bytes=row.bytes,
        url=url,
        message=row.message,
        created_at=row.created_at,
    )


def _in_order(ids: list[UUID]) -> list[AssetView]:
    """These pictures as they were asked for, whether in the trash or not; inside the caller's transaction."""
    found = {row.id: row for row in Asset.objects.filter(id__in=ids)}
    return [view_of(found[each]) for each in ids if each in found]


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
        reject_reason=row.reject_reason and told(row.reject_reason),
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
        note=row.note and noted(row.note),
        prompt=row.prompt,
        seed=row.seed,
        operation=row.operation,
        parent_id=row.parent_id,
        job_id=row.job_id,
        board_id=row.board_id,
        created_at=row.created_at,
        created_by=row.created_by,
        kind=row.kind,  # type: ignore[arg-type]  # the table's check says so
        model=row.model,
        title=row.title,
        alt=row.alt,
        tags=tuple(row.tags),
        product=row.product,
        favourite=row.favourite,
        pinned_at=row.pinned_at,
        review=row.review,  # type: ignore[arg-type]  # the table's check says so
        review_by=row.review_by,
        review_at=row.review_at,
        colours=tuple(row.colours),
        duration_s=row.duration_s,
        deleted_at=row.deleted_at,
    )
