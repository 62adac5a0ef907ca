"""`packshot plans` and `packshot billing`: what is sold, and whether all that was paid has been heard of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from packshot import installation
from packshot.errors import Problem
from packshot.ports.payments import PaymentsUnavailable

plans = typer.Typer(help="Plans and packs.", no_args_is_help=True)
billing = typer.Typer(help="Payments: what came, what did not, what is owed.", no_args_is_help=True)

Home = Annotated[Path | None, typer.Option("--home", help="The installation's folder.", metavar="DIR")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@contextmanager
def _studio(home: Path | None) -> Iterator[None]:
    """As the worker sees it; a problem is one line and exit code 2."""
    installation.configure(home=home, role="worker")
    with installation.database():
        installation.prepare_schema()
        installation.set_up_django()
        try:
            yield
        except (Problem, PaymentsUnavailable) as error:
            typer.echo(f"packshot: {error}", err=True)
            raise typer.Exit(2) from None


@plans.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="Another plans.toml than the one in use.")] = None,
    home: Home = None,
) -> None:
    """Read the plans as a whole; say what is sold, or what is wrong. Exit code 1 when it cannot be used."""
    from packshot.foundation.billing.plans import book, read

    installation.configure(home=home)
    from packshot.settings import settings

    try:
        found = book() if file is None else read(file.read_text())
    except (ValueError, OSError) as error:
        typer.echo(f"packshot: {error}", err=True)
        raise typer.Exit(1) from None
    sold = list(found.offers(settings().currency))
    for offer in sold:
        each = f"{offer.price.unit.major} {offer.price.unit.currency}"
        per = f" a {offer.price.interval}" if offer.price.interval else ""
        typer.echo(
            f"{offer.price.key:<34} {each:>14}{per}  {offer.terms['credits'] // 1_000_000:>7,} credits"
        )
    if not sold:
        typer.echo(f"packshot: nothing has a price in {settings().currency}", err=True)
        raise typer.Exit(1)


@billing.command()
def reconcile(
    days: Annotated[int, typer.Option(help="How far back messages are asked for.", min=1, max=30)] = 3,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask the provider for everything that messages may have missed, and do what follows."""
    with _studio(home):
        from packshot.foundation.billing import inbox

        found = inbox.reconcile(days)
    _print(found, as_json=as_json)


@billing.command()
def messages(
    state: Annotated[str, typer.Option(help="waiting, done, ignored, parked or dead")] = "dead",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Messages of the provider that are in this state, newest first."""
    with _studio(home):
        from packshot.db.sql import rows

        found = rows("billing_messages_v1", state, 100)
    if as_json:
        typer.echo(json.dumps(found, default=str))
    for row in [] if as_json else found:
        typer.echo(
            f"{row['id']:>8}  {row['received_at']:%Y-%m-%d %H:%M}  {row['type']}  {row['error'] or ''}"
        )


@billing.command()
def replay(
    message: Annotated[int, typer.Argument(help="A number that `packshot billing messages` shows.")],
    home: Home = None,
) -> None:
    """Work a message off once more, whatever became of it; it has its effect once all the same."""
    with _studio(home):
        from packshot.db.sql import call
        from packshot.errors import NotFound
        from packshot.foundation.billing import inbox

        if not call("billing_replay_v1", message):
            raise NotFound("There is no such message, or it is about nothing that we follow.")
        inbox.work(100)
    typer.echo("Done.")


@billing.command()
def orders(home: Home = None, as_json: AsJson = False) -> None:
    """Orders that wait for their money, oldest first."""
    with _studio(home):
        from packshot.db.sql import rows

        found = rows("billing_open_orders_v1", 500)
    if as_json:
        typer.echo(json.dumps(found, default=str))
    for row in [] if as_json else found:
        typer.echo(
            f"{row['id']}  {row['created_at']:%Y-%m-%d}  {row['price']} x {row['quantity']}  {row['organization']}"
        )


@billing.command()
def paid(
    order: Annotated[
        UUID, typer.Argument(help="An order that `packshot billing orders` shows.", metavar="ORDER")
    ],
    invoice: Annotated[str, typer.Option("--invoice", help="The number of your invoice: each counts once.")],
    tax: Annotated[int, typer.Option(help="The tax on it, in minor units.", min=0)] = 0,
    home: Home = None,
) -> None:
    """Say that an invoice written by hand was paid: the order's pack comes, or its plan's next period."""
    with _studio(home):
        from packshot.foundation.billing import commands

        commands.mark_paid(order, invoice, tax)
    typer.echo("Done.")


def _print(found: dict[str, Any], *, as_json: bool) -> None:
    typer.echo(
        json.dumps(found) if as_json else "\n".join(f"{name}: {value}" for name, value in found.items())
    )
