"""The command: options in, files and one honest account of the credits out."""

from __future__ import annotations

import json
import logging
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from packshot import installation
from packshot.errors import Problem
from packshot.settings import settings
from packshot.shoot.request import OPERATIONS, Mistake, Request, read_photo, ready_folder
from packshot.studio.credits.money import MICRO, format_credits

if TYPE_CHECKING:
    from packshot.db.guard import Guard
    from packshot.shoot.road import Finished, Road
    from packshot.studio.generation.contracts import BatchView, Order

DONE, FAILED, MISTAKEN, INTERRUPTED = 0, 1, 2, 130


def shoot(
    photo: Annotated[
        Path | None,
        typer.Argument(help="A JPEG, PNG, WebP or AVIF; some models need none.", metavar="[PHOTO]"),
    ] = None,
    prompt: Annotated[str, typer.Option("--prompt", "-m", help="What you want to see around it.")] = "",
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the pictures.", metavar="DIR")
    ] = Path(),
    op: Annotated[str, typer.Option("--op", help=" | ".join(OPERATIONS))] = "generate",
    model: Annotated[
        str | None, typer.Option(help="Which model; it says what is done.", show_default="the first for --op")
    ] = None,
    variants: Annotated[
        int | None, typer.Option(help="How many.", show_default="4 for generate, else 1")
    ] = None,
    ratio: Annotated[str | None, typer.Option(help="Shape, e.g. 4:5.", show_default="1:1")] = None,
    size: Annotated[int | None, typer.Option(help="Long side in pixels.", show_default="1024")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same pictures.")] = None,
    factor: Annotated[int | None, typer.Option(help="How much larger upscale makes it: 2 or 4.")] = None,
    home: Annotated[
        Path | None, typer.Option("--home", help="The installation's folder.", metavar="DIR")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Make pictures from a photo without a browser. Starts the database and a worker where none run.

    Files are called <photo>-1.jpg and so on; a file that is there is never overwritten.
    """
    code = run(
        photo, prompt=prompt, out=out, op=op, model=model, variants=variants, ratio=ratio, size=size, seed=seed,
        factor=factor, home=home, as_json=as_json,
    )  # fmt: skip
    raise typer.Exit(code)


def run(
    photo: Path | None,
    *,
    prompt: str = "",
    out: Path = Path(),
    op: str = "generate",
    model: str | None = None,
    variants: int | None = None,
    ratio: str | None = None,
    size: int | None = None,
    seed: int | None = None,
    factor: int | None = None,
    home: Path | None = None,
    as_json: bool = False,
) -> int:
    """The exit code: 0 all made, 1 some or none made, 2 the person's mistake, 130 interrupted."""
    import psycopg
    from django.db import DatabaseError

    from packshot.db.server import ServerError

    started = time.monotonic()
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        if op not in OPERATIONS:
            raise Mistake(f"--op {op} is not known: choose one of {', '.join(OPERATIONS)}.")
        count = variants if variants is not None else 4 if op == "generate" and model is None else 1
        data, name = (read_photo(photo), photo.name) if photo is not None else (None, "picture")
        request = Request(data, name, op, prompt, ready_folder(out), count, ratio, size, seed, factor, model)
        installation.configure(home=home, role="web")
        with installation.database() as guard:
            installation.prepare_schema()
            installation.set_up_django()
            # From here on only what we say ourselves is for the person; the worker has its own log.
            logging.getLogger().setLevel(logging.CRITICAL)
            return _Shoot(request, guard, Path(name).stem, as_json=as_json).run(started)
    except Mistake as mistake:
        return _refused(str(mistake), "mistake", MISTAKEN, as_json=as_json)
    except Problem as problem:
        code = MISTAKEN if problem.status < 500 else FAILED
        return _refused(problem.message, problem.code, code, as_json=as_json)
    except (ServerError, OSError, psycopg.Error, DatabaseError) as error:
        return _refused(str(error), "unavailable", FAILED, as_json=as_json)
    except KeyboardInterrupt:
        return _refused("Interrupted.", "interrupted", INTERRUPTED, as_json=as_json)
    finally:
        signal.signal(signal.SIGTERM, before)


class _Shoot:
    """One run with a database at hand."""

    def __init__(self, request: Request, guard: Guard, stem: str, *, as_json: bool) -> None:
        self._request = request
        self._guard = guard
        self._stem = stem
        self._as_json = as_json

    def run(self, started: float) -> int:
        from packshot.shoot import road
        from packshot.shoot.events import Bell
        from packshot.shoot.worker import Worker, WorkerLost

        order = road.draft(self._request)
        actor = road.person()
        url = settings().database_url
        assert url is not None
        with (
            Bell(url, actor.organization_id) as bell,
            Worker(self._guard, settings().home) as worker,
        ):
            way = road.Road(actor, bell, worker)
            try:
                batch, interrupted = self._order(way, order)
            except WorkerLost as lost:
                return _refused(str(lost), "worker_lost", FAILED, as_json=self._as_json)
            code = self._tell(batch, way.collect(batch), way.balance(), started)
            return INTERRUPTED if interrupted else code

    def _order(self, way: Road, order: Order) -> tuple[BatchView, bool]:
        """The batch when all of it is final, and whether that is because the person did not want to wait."""
        from packshot.shoot.progress import shown
        from packshot.shoot.road import with_photo

        with shown() as show:
            photo = self._request.photo is not None
            way.afford(order, photo=photo)
            if photo:
                show.stage("Looking at the photo")
                order = with_photo(order, way.bring(self._request))
            show.stage("Ordering")
            try:
                return way.follow(way.send(order), show.batch), False
            except KeyboardInterrupt:
                show.stage("Cancelling")
                # Sent again under its key: an order that was on its way is found, and none is made twice.
                return way.cancel(way.send(order)), True

    def _tell(self, batch: BatchView, made: list[Finished], balance: int, started: float) -> int:
        from packshot.shoot.files import write_new

        paths = [
            write_new(self._request.out, self._stem, one.data, one.view.media_type)
            for one in sorted(made, key=lambda one: one.index)
        ]
        seconds = time.monotonic() - started
        if self._as_json:
            print(json.dumps(_document(batch, made, paths, balance, seconds), indent=2))
        else:
            _print_account(batch, made, paths, balance, seconds)
        return DONE if len(made) == len(batch.tiles) else FAILED


def _print_account(
    batch: BatchView, made: list[Finished], paths: list[Path], balance: int, seconds: float
) -> None:
    for one, path in zip(made, paths, strict=True):
        print(f"{path}  {one.view.width} x {one.view.height}")
    for note in dict.fromkeys(one.view.note for one in made if one.view.note):
        print(f"Note: {note}")
    for tile in batch.tiles:
        if tile.asset_id is None:
            why = tile.error_message or "It was cancelled."
            back = f"{format_credits(tile.returned)} credits came back."
            print(f"Picture {tile.index + 1}: {why} {back}", file=sys.stderr)
    print(
        f"Charged {format_credits(batch.cost_charged)} credits, {format_credits(balance)} are left. {seconds:.1f} s."
    )


def _document(
    batch: BatchView, made: list[Finished], paths: list[Path], balance: int, seconds: float
) -> dict[str, Any]:
    return {
        "batch": str(batch.id),
        "state": str(batch.state),
        "files": [
            {
                "path": str(path),
                "variant": one.index + 1,
                "sha256": one.sha256,
                "media_type": one.view.media_type,
                "bytes": one.view.bytes,
                "width": one.view.width,
                "height": one.view.height,
                "source_type": one.view.source_type,
                "confidence": one.view.confidence,
                "seed": one.view.seed,
                "note": one.view.note,
            }
            for one, path in zip(made, paths, strict=True)
        ],
        "failed": [
            {
                "variant": tile.index + 1,
                "state": str(tile.state),
                "code": tile.error_code,
                "message": tile.error_message,
                "returned": tile.returned / MICRO,
            }
            for tile in batch.tiles
            if tile.asset_id is None
        ],
        "seed": batch.seed,
        "charged": batch.cost_charged / MICRO,
        "returned": batch.cost_returned / MICRO,
        "balance": balance / MICRO,
        "seconds": round(seconds, 2),
    }


def _refused(sentence: str, code: str, exit_code: int, *, as_json: bool) -> int:
    """One line for the person; for a program the same as a document."""
    line = " ".join(sentence.split())
    print(f"packshot: {line}", file=sys.stderr)
    if as_json:
        print(json.dumps({"files": [], "error": {"code": code, "message": line}}, indent=2))
    return exit_code


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
