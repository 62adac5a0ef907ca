"""`packshot plans sync stripe`: what we sell, at whoever takes the money."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from packshot import installation

Provider = Annotated[Literal["stripe"], typer.Argument(help="Who takes the money.")]
Home = Annotated[Path | None, typer.Option("--home", help="The installation's folder.", metavar="DIR")]
Check = Annotated[
    bool, typer.Option("--check", help="Only tell what is missing; exit code 1 where something is.")
]


def sync(provider: Provider, check: Check = False, home: Home = None) -> None:
    """Make the products and prices of plans.toml at Stripe; prices that are there are compared and never changed.

    Made again it does nothing more. Needs PACKSHOT_STRIPE_KEY, and no database.
    """
    installation.configure(home=home)
    from packshot.foundation.billing.plans import offers
    from packshot.ports.payments import PaymentsUnavailable, Refused
    from packshot.wiring import stripe_payments

    assert provider == "stripe"
    found: list[str] = []
    try:
        for line in stripe_payments().sync([offer.price for offer in offers().values()], write=not check):
            typer.echo(line)
            found.append(line)
    except (PaymentsUnavailable, Refused, ValueError, OSError) as error:
        typer.echo(f"packshot: {error}", err=True)
        raise typer.Exit(2) from None
    # What costs something else at Stripe than here is never repaired by itself.
    if (check and found) or any(line.startswith("wrong") for line in found):
        raise typer.Exit(1)
    typer.echo(f"{len(offers())} prices are at Stripe as they are here.")
