"""`packshot blobs`: does the store work, is all of it there, what of it belongs to nothing; and from one to another."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, NoReturn
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from packshot import installation
from packshot.ports.blobs import BlobInfo, BlobStore
from packshot.settings import settings

app = typer.Typer(
    help="Check, clean and move what the pictures are stored in.", no_args_is_help=True, rich_markup_mode=None
)

Place = Literal["disk", "s3"]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Home = Annotated[Path | None, typer.Option("--home", help="The installation's folder.", metavar="DIR")]

_PAGE = 1000


@contextmanager
def _studio(home: Path | None) -> Iterator[None]:
    """Database, schema and Django, as a worker has them. The embedded server is started where none runs."""
    installation.configure(home=home, role="worker")
    with installation.database():
        installation.prepare_schema()
        installation.set_up_django()
        yield


@app.command()
def check(
    home: Home = None,
    hashes: Annotated[
        bool, typer.Option("--hashes", help="Read every original and prove its bytes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write and read a small file, and look for every original that the database speaks of. Exit code 1 on any gap."""
    from packshot import wiring

    with _studio(home):
        try:
            wiring.blobs().check()
            found = _compare(wiring.blobs(), hashes=hashes)
        except OSError as error:
            _give_up(f"the store is away: {error}")
    gaps = found["missing"] + found["damaged"]
    if as_json:
        typer.echo(json.dumps(found | {"complete": not gaps}))
    else:
        typer.echo(
            f"{found['originals']} originals; {len(found['missing'])} missing, {len(found['damaged'])} damaged."
        )
        for key in gaps:
            typer.echo(f"  {key}")
    raise typer.Exit(1 if gaps else 0)


@app.command()
def orphans(
    home: Home = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete them; without it they are counted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find what lies in the store and belongs to nothing for a day. A worker deletes it daily."""
    from packshot import wiring

    with _studio(home):
        from packshot.studio.assets.orphans import collect

        try:
            report = collect(wiring.blobs(), delete=delete)
        except OSError as error:
            _give_up(f"the store is away: {error}")
    if as_json:
        typer.echo(json.dumps(asdict(report)))
        return
    typer.echo(f"{report.files} files, {_size(report.bytes)}; {report.young} younger than a day.")
    typer.echo(f"{report.orphans} belong to nothing, {_size(report.orphan_bytes)}.")
    if report.foreign:
        typer.echo(
            f"{report.foreign} are another installation's, {_size(report.foreign_bytes)}: not touched."
        )
    if delete:
        typer.echo(f"{report.deleted} deleted, {_size(report.deleted_bytes)}.")


@app.command()
def migrate(
    source: Annotated[Place, typer.Argument(help="Where the pictures lay until now: disk or s3.")],
    target: Annotated[Place, typer.Argument(help="Where they shall lie: disk or s3.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Copy every picture from one store to the other while the studio runs. Broken off, it is simply run again.

    The studio must run with PACKSHOT_BLOBS=<target> and PACKSHOT_BLOBS_FROM=<source>: it writes to the new store and
    reads from both. Nothing is deleted at the source.
    """
    from packshot import wiring
    from packshot.adapters.copying import copy, missing

    installation.configure(home=home)
    found = settings()
    if (found.blobs, found.blobs_from) != (target, source):
        _give_up(
            f"set PACKSHOT_BLOBS={target} and PACKSHOT_BLOBS_FROM={source} for the studio and here, and start it again:"
            " otherwise new pictures would still go to the old store. Nothing was copied.",
            code=2,
        )
    old, new = wiring.blobs_at(source), wiring.blobs_at(target)
    try:
        new.check()
        todo = [0, 0]
        for info in missing(old, new):
            todo = [todo[0] + 1, todo[1] + info.size]
        with _progress(todo[1], shown=not as_json) as told, tempfile.TemporaryDirectory() as folder:
            report = copy(old, new, told=told, folder=Path(folder))
        left = sum(1 for _ in missing(old, new))
    except OSError as error:
        _give_up(f"{error}. What was copied stays; run the same command again.")
    if as_json:
        typer.echo(json.dumps(asdict(report) | {"left": left}))
    else:
        typer.echo(f"{report.files} files copied and proven, {_size(report.bytes)}; {left} left.")
        for key in report.damaged:
            typer.echo(f"  damaged at the source, not copied: {key}")
        if not left:
            typer.echo(
                "Unset PACKSHOT_BLOBS_FROM and start the studio again; the old store is not needed then."
            )
    raise typer.Exit(1 if left else 0)


def _compare(store: BlobStore, *, hashes: bool) -> dict[str, list[str]]:
    """The database's originals beside the store's, both in the order of their keys."""
    found: dict[str, list[str]] = {"missing": [], "damaged": []}
    number, walk = 0, store.walk()
    here = next(walk, None)
    with tempfile.TemporaryDirectory() as folder:
        for key, size in _originals():
            number += 1
            while here is not None and here.key < key:
                here = next(walk, None)
            if here is None or here.key != key:
                found["missing"].append(key)
            elif here.size != size or (hashes and not _proven(store, here, Path(folder) / "one")):
                found["damaged"].append(key)
    return {"originals": number, **found}  # type: ignore[dict-item]  # one number, for JSON


def _proven(store: BlobStore, info: BlobInfo, draft: Path) -> bool:
    from packshot.adapters.copying import proven

    return proven(store, info, draft)


def _originals() -> Iterator[tuple[str, int]]:
    from packshot.db.sql import rows

    last = (UUID(int=0), "")
    while page := rows("assets_stored_v1", *last, _PAGE):
        for row in page:
            yield f"{row['organization_id']}/{row['sha256']}", row["size"]
        last = page[-1]["organization_id"], page[-1]["sha256"]


@contextmanager
def _progress(total: int, *, shown: bool) -> Iterator[Callable[[BlobInfo], object]]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as progress:
        bar = progress.add_task("Pictures", total=total)
        yield lambda info: progress.advance(bar, info.size)


def _size(number: int) -> str:
    return f"{number / 1e9:.2f} GB" if number >= 1e8 else f"{number / 1e6:.1f} MB"


def _give_up(message: str, code: int = 1) -> NoReturn:
    typer.echo(f"packshot: {message}", err=True)
    raise typer.Exit(code)
