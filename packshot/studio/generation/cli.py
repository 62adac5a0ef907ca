"""`packshot models`: what is offered, at which price, and why something is not; and `packshot org limit`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from packshot import installation
from packshot.errors import Problem

if TYPE_CHECKING:
    from packshot.studio.generation.reports import Line

models = typer.Typer(help="The models on offer: prices, costs, and what is missing.")
organizations = typer.Typer(help="What single organizations may.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Home = Annotated[Path | None, typer.Option("--home", help="The installation's folder.", metavar="DIR")]
CreditUsd = Annotated[
    str, typer.Option("--credit-usd", help="What a credit brings in, in US dollars: for the margin.")
]
ModelId = Annotated[str, typer.Argument(metavar="MODEL", help="A model's id, e.g. local-scene.")]


@contextmanager
def _studio(home: Path | None) -> Iterator[None]:
    """An installation with its database, started where none runs; a problem is one line and exit code 2."""
    installation.configure(home=home)
    with installation.database():
        installation.prepare_schema()
        installation.set_up_django()
        try:
            yield
        except Problem as problem:
            typer.echo(f"packshot: {problem.message}", err=True)
            raise typer.Exit(2) from None


@models.callback(invoke_without_command=True)
def offered(
    context: typer.Context, credit_usd: CreditUsd = "0.01", home: Home = None, as_json: AsJson = False
) -> None:
    """Every model: what it does, who serves it, whether it can be ordered, its price and what it costs us."""
    if context.invoked_subcommand is not None:
        return
    with _studio(home):
        from packshot.studio.generation.reports import lines

        found = lines(_dollars(credit_usd))
    _print(found, as_json=as_json)


@models.command()
def check(home: Home = None, as_json: AsJson = False) -> None:
    """Check the catalogue and what was set; say what cannot be ordered and how to enable it. Exit code 1 when
    something is wrong: what is merely not set up is not."""
    with _studio(home):
        from packshot.studio.generation.reports import checked

        found = checked()
    if as_json:
        typer.echo(json.dumps(found.document(), indent=2))
    else:
        typer.echo("\n".join(found.sentences()))
    raise typer.Exit(1 if found.wrong else 0)


@models.command()
def price(
    model: ModelId,
    size: Annotated[int | None, typer.Option(help="Long side in pixels.")] = None,
    count: Annotated[int, typer.Option(help="Variants.", min=1)] = 1,
    choices: Annotated[
        list[str] | None,
        typer.Option("--set", help="A further choice, e.g. seconds=8.", metavar="NAME=VALUE"),
    ] = None,
    credit_usd: CreditUsd = "0.01",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """What an order would cost whom orders it, and us."""
    with _studio(home):
        from packshot.studio.generation.reports import quoted

        found = quoted(model, size, count, dict(_pair(one) for one in choices or []), _dollars(credit_usd))
    typer.echo(json.dumps(found) if as_json else found["sentence"])


@models.command("set")
def set_(
    model: ModelId,
    new_price: Annotated[
        str | None,
        typer.Option("--price", help="In credits: 2, or for tiers 1024=2,2048=4.", metavar="PRICE"),
    ] = None,
    off: Annotated[bool | None, typer.Option("--off/--on", help="Sell it no more, or again.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="As the catalogue has it.")] = False,
    home: Home = None,
) -> None:
    """Change a price, or switch a model off. In two seconds every process goes by it; what was ordered stays."""
    if reset == (new_price is not None or off is not None):
        raise typer.BadParameter("give --price, --off or --on, or --reset alone")
    with _studio(home):
        from packshot.studio.generation import operator

        if reset:
            operator.reset(model)
        if new_price is not None:
            operator.set_price(model, new_price)
        if off is not None:
            operator.switch(model, off=off)
        from packshot.studio.generation.reports import said

        typer.echo(said(model))


@organizations.callback()
def _organizations() -> None:
    """What single organizations may."""


@organizations.command("limit")
def limit(
    organization: Annotated[UUID, typer.Argument(help="The organization's id.", metavar="ORG")],
    jobs: Annotated[
        int | None, typer.Argument(help="Jobs at once; none: as the setting says.", min=1, max=1000)
    ] = None,
    home: Home = None,
) -> None:
    """How many jobs an organization may have in the queue or under way at once."""
    with _studio(home):
        from packshot.studio.generation import operator

        operator.limit(organization, jobs)
    typer.echo("As the plan says." if jobs is None else f"At most {jobs} at once.")


def _dollars(words: str) -> Decimal:
    try:
        found = Decimal(words)
    except ArithmeticError:
        raise typer.BadParameter(f"not an amount: {words}", param_hint="--credit-usd") from None
    if not found.is_finite() or found <= 0:
        raise typer.BadParameter("it must be above 0", param_hint="--credit-usd")
    return found


def _pair(words: str) -> tuple[str, str]:
    name, sign, value = words.partition("=")
    if not sign:
        raise typer.BadParameter(f"NAME=VALUE is meant: {words}", param_hint="--set")
    return name, value


def _print(found: list[Line], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([line.document() for line in found], indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("model", "does", "by", "price", "costs us", "margin", ""):
        table.add_column(name, overflow="fold", no_wrap=name == "model")
    for line in found:
        table.add_row(*line.cells())
    Console().print(table)
