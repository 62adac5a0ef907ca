"""Bytes in the store that no row speaks of: what an upload or a job left that died in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Literal
from uuid import UUID

from django.db import connection, transaction

from packshot.db.sql import call, rows
from packshot.ports.blobs import BlobInfo, BlobMissing, BlobStore, parts
from packshot.studio.assets import storage

GRACE = timedelta(hours=24)
"""Bytes come before their row: nothing younger than this is looked at, by the database's clock."""
_BATCH = 500

Kind = Literal["content", "export", "incoming"]


@dataclass(slots=True)
class Report:
    """What a walk has seen. Files and bytes; `foreign` are those of organizations that are not of this installation,
    which are never touched."""

    files: int = 0
    bytes: int = 0
    young: int = 0
    foreign: int = 0
    foreign_bytes: int = 0
    orphans: int = 0
    orphan_bytes: int = 0
    deleted: int = 0
    deleted_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Group:
    """What lies under one name: some content and what was made of it, or one file in passing."""

    organization_id: UUID
    kind: Kind
    name: str
    files: tuple[BlobInfo, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def collect(
    store: BlobStore,
    *,
    delete: bool,
    grace: timedelta = GRACE,
    stopped: Callable[[], bool] = lambda: False,
) -> Report:
    """Walk the store and count, or delete, what belongs to nothing; until `stopped` says so.

    Each deletion is proven once more, under the locks that the eraser takes (sql/erase.sql): an upload of the same
    bytes that comes at that moment waits, and stores them again. Must be called as the worker's login and outside of a
    transaction. Raises OSError when the store is away; what was deleted by then was right.
    """
    report = Report()
    before: datetime = call("pg_catalog.now") - grace
    walk = _groups(store)
    while (batch := list(islice(walk, _BATCH))) and not stopped():
        old = [group for group in batch if _count(report, group, before)]
        for group in _unclaimed(report, old):
            report.orphans += len(group.files)
            report.orphan_bytes += group.size
            if delete and _delete(store, group, before):
                report.deleted += len(group.files)
                report.deleted_bytes += group.size
    connection.close()
    return report


def _groups(store: BlobStore) -> Iterator[_Group]:
    """A walk goes in the order of keys, so what was made of some content follows it."""
    for (organization, name), found in groupby(store.walk(), _name):
        files = tuple(found)
        suffix = parts(files[0].key)[1].rpartition(".")[2]
        kind: Kind = suffix if suffix in ("export", "incoming") else "content"  # type: ignore[assignment]  # narrowed
        yield _Group(UUID(organization), kind, name, files)


def _name(file: BlobInfo) -> tuple[str, str]:
    organization, name = parts(file.key)
    return organization, name.partition(".")[0]


def _count(report: Report, group: _Group, before: datetime) -> bool:
    """Whether all of it is old enough to be asked about."""
    report.files += len(group.files)
    report.bytes += group.size
    old = all(file.modified < before for file in group.files)
    report.young += 0 if old else len(group.files)
    return old


def _unclaimed(report: Report, groups: list[_Group]) -> list[_Group]:
    """Those that nobody has a claim to; another installation's are counted and let be."""
    asked = [
        {"organization_id": str(group.organization_id), "kind": group.kind, "name": group.name}
        for group in groups
    ]
    found = {
        (row["organization_id"], row["kind"], row["name"]): row["ours"]
        for row in rows("assets_unclaimed_v1", asked)
    }
    ours = []
    for group in groups:
        mine = found.get((group.organization_id, group.kind, group.name))
        if mine:
            ours.append(group)
        elif mine is False:
            report.foreign += len(group.files)
            report.foreign_bytes += group.size
    return ours


def _delete(store: BlobStore, group: _Group, before: datetime) -> bool:
    with transaction.atomic(durable=True):
        mine = group.kind != "content" or call("assets_give_up_orphan_v1", group.organization_id, group.name)
        if not mine or _is_fresh(store, group, before):
            transaction.set_rollback(True)
            return False
        keys = {file.key for file in group.files}
        if group.kind == "content":
            keys |= set(storage.made_of(group.organization_id, group.name))
        for key in sorted(keys):
            store.delete(key)
    return True


def _is_fresh(store: BlobStore, group: _Group, before: datetime) -> bool:
    """Whether somebody has written one of them since the walk came by."""
    for file in group.files:
        try:
            if store.info(file.key).modified >= before:
                return True
        except BlobMissing:
            continue
    return False
