"""`packshot ledger`: is the ledger right, and why is a balance what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import psycopg
import typer

from packshot import installation
from packshot.errors import NotFound
from packshot.studio.credits.explain import Explanation
from packshot.studio.credits.explain import explain as explain_at
from packshot.studio.credits.money import format_credits
from packshot.studio.credits.verify import Report, reading
from packshot.studio.credits.verify import verify as verify_all

app = typer.Typer(help="Check the credit ledger, and explain a balance.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Home = Annotated[Path | None, typer.Option("--home", help="The installation's folder.", metavar="DIR")]


@contextmanager
def _ledger(home: Path | None) -> Iterator[psycopg.Connection[Any]]:
    """The ledger of an installation, whose embedded server is started where none runs."""
    installation.configure(home=home)
    with installation.database():
        installation.prepare_schema()
        with reading() as connection:
            yield connection


@app.command()
def verify(home: Home = None, as_json: AsJson = False) -> None:
    """Fold the whole log and compare it with every wallet, lot and hold. Exit code 1 on any difference."""
    with _ledger(home) as connection:
        report = verify_all(connection)
    typer.echo(
        json.dumps(asdict(report) | {"clean": report.clean}, default=str) if as_json else _report(report)
    )
    raise typer.Exit(0 if report.clean else 1)


@app.command()
def explain(
    organization: Annotated[UUID, typer.Argument(help="The organization's id.", metavar="ORG")],
    at: Annotated[
        str | None, typer.Option(help="An ISO 8601 time; without it, now. No zone means UTC.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Why an organization's balance is what it is, now or at an earlier time."""
    try:
        moment = datetime.now(UTC) if at is None else datetime.fromisoformat(at)
    except ValueError:
        raise typer.BadParameter(f"not a time: {at}", param_hint="--at") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        with _ledger(home) as connection:
            found = explain_at(connection, organization, moment)
    except NotFound as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(2) from None
    typer.echo(json.dumps(_document(found), default=str) if as_json else _explanation(found))


def grant(
    organization: Annotated[UUID, typer.Argument(help="The organization's id.", metavar="ORG")],
    amount: Annotated[str, typer.Argument(help="Credits, e.g. 500 or 2.5.", metavar="N")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the organization's history.")],
    key: Annotated[
        str | None,
        typer.Option("--key", help="A name for this grant: given again, nothing is granted again."),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Give an organization credits that never run out. Exit code 2 when something about it is not right."""
    installation.configure(home=home)
    with installation.database():
        installation.prepare_schema()
        installation.set_up_django()
        from packshot.errors import Problem
        from packshot.studio.credits import operator

        try:
            given = operator.grant(organization, amount, reason, key)
        except Problem as problem:
            typer.echo(f"packshot: {problem.message}", err=True)
            raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(asdict(given), default=str))
        return
    now = f"{format_credits(given.available)} credits are available"
    typer.echo(f"{format_credits(given.amount)} credits granted to {given.organization}; {now} now.")


def _report(report: Report) -> str:
    has = f"{format_credits(report.available)} credits available, {format_credits(report.held)} held"
    lines = [
        f"{report.wallets} wallets, {report.entries} entries: {has}, {format_credits(report.debt)} owed."
    ]
    lines += [f"wallet {found.wallet_id}: {found.what}." for found in report.differences]
    count = len(report.differences)
    lines.append("The ledger is right." if report.clean else f"{count} difference{'s' if count > 1 else ''}.")
    return "\n".join(lines)


def _document(found: Explanation) -> dict[str, object]:
    return asdict(found) | {"open_holds": {str(hold): amount for hold, amount in found.open_holds.items()}}


def _explanation(found: Explanation) -> str:
    has = f"{format_credits(found.available)} credits available, {format_credits(found.held)} held"
    lines = [
        f"Wallet {found.wallet_id} at {found.at.isoformat(timespec='seconds')}:",
        f"{has}, {format_credits(found.debt)} owed, after {found.entries} entries.",
        "",
        "What happened, summed by kind:",
    ]
    lines += [f"  {kind:<14}{format_credits(amount):>18}" for kind, amount in sorted(found.by_kind.items())]
    lines += ["", "Where the credits came from, and where they are:"]
    for lot in found.lots:
        ends = "" if lot.expires_at is None else f", until {lot.expires_at.isoformat(timespec='seconds')}"
        lines.append(f"  {lot.source} lot {lot.id}{ends}{'' if lot.ref is None else f' ({lot.ref})'}")
        parts = [f"{word} {format_credits(amount)}" for word, amount in asdict(lot.parts).items() if amount]
        lines.append(f"    {', '.join(parts)}")
    if found.open_holds:
        lines += ["", "Held for work under way:"]
        lines += [f"  hold {hold}: {format_credits(amount)}" for hold, amount in found.open_holds.items()]
    if found.pending:
        lines += ["", "Decided by time, booked with the next command:"]
        lines += [
            f"  {step.at.isoformat(timespec='seconds')} {step.kind} {format_credits(step.amount)}"
            for step in found.pending
        ]
    return "\n".join(lines)
