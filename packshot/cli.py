"""The command line: `packshot up` and everything beside it."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from packshot import installation
from packshot.settings import settings
from packshot.shoot import shoot
from packshot.studio.credits.cli import app as ledger

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
        serve(settings())


@app.command()
def worker(home: Home = None) -> None:
    """Work off the queue only. Any number of machines, one database (DATABASE_URL)."""
    installation.configure(home=home, role="worker")
    with installation.database():
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
