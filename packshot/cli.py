"""The command line: `packshot up` and everything beside it."""

from __future__ import annotations

import os
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from packshot import installation
from packshot.blobs import app as blobs
from packshot.foundation.billing.cli import billing, plans
from packshot.selling import sync
from packshot.settings import settings
from packshot.shoot import shoot
from packshot.studio.credits.cli import app as ledger
from packshot.studio.credits.cli import grant
from packshot.studio.generation.cli import models, organizations

app = typer.Typer(
    name="packshot",
    help="A self-hosted studio that sells AI work by the credit.\n\nStart with: packshot up",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        help="The installation's folder. Also PACKSHOT_HOME.",
        show_default=".packshot",
        metavar="DIR",
    ),
]


def fail(message: str, code: int = 2) -> typer.Exit:
    """One line for the person, and the exit code: 2 is the caller's mistake, 1 is ours or the machine's."""
    print(f"packshot: {message}", file=sys.stderr)
    return typer.Exit(code)


@app.command()
def up(
    home: Home = None,
    port: Annotated[
        int | None, typer.Option("--port", "-p", help="0 takes a free one.", min=0, max=65535)
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="0.0.0.0 serves other machines too.")] = None,
) -> None:
    """Start the whole studio here: database, web and worker. Ctrl-C stops it."""
    from packshot.db.server import ServerError
    from packshot.supervisor import StartError, Supervisor

    installation.configure(home=home, host=host, port=port)
    found = settings()
    chosen = _free_port(found.host, found.port)
    installation.configure(port=chosen)
    try:
        with installation.database() as guard:
            _expose_metrics()
            installation.prepare_schema()
            Supervisor(guard, dict(os.environ), host=found.host, port=chosen).run(found.home)
    except (ServerError, StartError) as error:
        raise fail(str(error), 1) from error


@app.command()
def web(home: Home = None, port: Annotated[int | None, typer.Option("--port", "-p")] = None) -> None:
    """Serve the pages only. Any number of machines, one database (DATABASE_URL)."""
    from packshot.web.server import serve

    installation.configure(home=home, role="web", port=port)
    with installation.database():
        _expose_metrics()
        serve(settings())


@app.command()
def api(home: Home = None, port: Annotated[int | None, typer.Option("--port", "-p")] = None) -> None:
    """Serve the API only, at /v1. Any number of machines, one database (DATABASE_URL)."""
    from packshot.web.server import serve

    installation.configure(home=home, role="web", api_port=port, api_only=True)
    with installation.database():
        _expose_metrics()
        serve(settings())


@app.command()
def worker(
    home: Home = None,
    most: Annotated[
        int, typer.Option("--max", help="Grow to so many processes while the queue ages.", min=1, max=64)
    ] = 1,
) -> None:
    """Work off the queue only. Any number of machines, one database (DATABASE_URL)."""
    installation.configure(home=home, role="worker")
    with installation.database() as guard:
        _expose_metrics()
        if most > 1:
            from packshot import logs
            from packshot.growing import Grower, Rule
            from packshot.studio.generation import queue

            logs.configure()
            Grower(guard, most, partial(queue.age_s, installation.database_url()), Rule()).run()
            return
        installation.set_up_django()
        from packshot.worker.main import run

        run()


@app.command()
def migrate(home: Home = None) -> None:
    """Bring the database's roles and schema up to date; once for each release, before web and worker."""
    installation.configure(home=home)
    with installation.database():
        installation.prepare_schema()
    print("The database is up to date.")


@app.command()
def doctor(
    home: Home = None, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """Say what is there, what is missing, and how to mend it."""
    from packshot.doctor import examine, show

    installation.configure(home=home)
    findings = examine()
    show(findings, as_json=as_json)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


app.command()(shoot)
app.add_typer(ledger, name="ledger")
app.add_typer(blobs, name="blobs")
plans.command("sync")(sync)
app.add_typer(plans, name="plans")
app.add_typer(billing, name="billing")
app.add_typer(models, name="models")
organizations.command("grant")(grant)
app.add_typer(organizations, name="org")


def _expose_metrics() -> None:
    """Before the first import of what counts, and before any child: both learn here where they count."""
    found = settings()
    if found.metrics_port is None:
        return
    from packshot.studio.generation import queue
    from packshot.telemetry import exposition

    read_queue = partial(queue.look, installation.database_url())
    try:
        port = exposition.serve(found.home, found.metrics_host, found.metrics_port, read_queue)
    except OSError as error:
        raise fail(
            f"port {found.metrics_port} on {found.metrics_host} cannot be used for metrics ({error.strerror})."
            " Choose another with PACKSHOT_METRICS_PORT."
        ) from error
    if port is not None:
        print(f"Metrics: http://{found.metrics_host}:{port}/metrics", file=sys.stderr, flush=True)


def _free_port(host: str, port: int) -> int:
    """The port itself, or a free one for 0; a port that is taken is told at once."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise fail(
                f"port {port} on {host} cannot be used ({error.strerror}). Choose another with --port, e.g. --port 0."
            ) from error
        number: int = probe.getsockname()[1]
        return number


def main() -> None:
    """The entry point. A mistake of the person's is one line and exit code 2, never a stack trace."""
    app()
