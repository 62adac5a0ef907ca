"""Everything from one store into another: what is missing there is copied and proven; begun again, it goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from packshot.ports.blobs import BlobInfo, BlobMissing, BlobStore, parts

_AT_ONCE = 8


@dataclass(slots=True)
class Copied:
    """How it went. `damaged`: keys whose bytes are not what their name says, or arrived otherwise; not copied."""

    files: int = 0
    bytes: int = 0
    damaged: list[str] = field(default_factory=list)


def missing(source: BlobStore, target: BlobStore) -> Iterator[BlobInfo]:
    """What `source` has and `target` has not, or not of the same size; both are walked once, side by side."""
    theirs = target.walk()
    there = next(theirs, None)
    for here in source.walk():
        while there is not None and there.key < here.key:
            there = next(theirs, None)
        if there is None or there.key != here.key or there.size != here.size:
            yield here


def copy(
    source: BlobStore, target: BlobStore, *, told: Callable[[BlobInfo], object], folder: Path | None = None
) -> Copied:
    """Copy what is missing, eight files at a time; `told` hears of each when it is done.

    Killed at any moment it loses nothing: run again it finds what is still missing. What is deleted in `source`
    meanwhile is passed over. Raises OSError when one of the stores is away.
    """
    report = Copied()
    with TemporaryDirectory(dir=folder) as drafts, ThreadPoolExecutor(_AT_ONCE) as threads:
        running: dict[Future[bool | None], BlobInfo] = {}
        for number, info in enumerate(missing(source, target)):
            draft = Path(drafts) / str(number)
            running[threads.submit(_one, source, target, info, draft)] = info
            if len(running) >= 2 * _AT_ONCE:
                _gather(running, report, told)
        while running:
            _gather(running, report, told)
    return report


def proven(store: BlobStore, info: BlobInfo, draft: Path) -> bool:
    """Write the bytes to `draft`; whether they are as many as were told, and an original's are those of its name."""
    digest, size = hashlib.sha256(), 0
    with draft.open("wb") as file:
        for chunk in store.open_range(info.key):
            digest.update(chunk)
            size += file.write(chunk)
    name = parts(info.key)[1]
    return size == info.size and ("." in name or digest.hexdigest() == name)


def _one(source: BlobStore, target: BlobStore, info: BlobInfo, draft: Path) -> bool | None:
    """True: copied; False: damaged; None: it is gone."""
    try:
        if not proven(source, info, draft):
            return False
        if not target.put_file(info.key, draft) and target.info(info.key).size != info.size:
            # What a broken disk or another hand has left there: ours is proven.
            target.delete(info.key)
            target.put_file(info.key, draft)
        return target.info(info.key).size == info.size
    except BlobMissing:
        return None
    finally:
        draft.unlink(missing_ok=True)


def _gather(
    running: dict[Future[bool | None], BlobInfo], report: Copied, told: Callable[[BlobInfo], object]
) -> None:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        info = running.pop(future)
        went = future.result()
        if went:
            report.files, report.bytes = report.files + 1, report.bytes + info.size
        elif went is False:
            report.damaged.append(info.key)
        told(info)
