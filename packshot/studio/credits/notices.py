"""Below how many credits the owners and admins want to be told; the ledger posts the letter where it is crossed."""

from __future__ import annotations

from dataclasses import dataclass

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.studio.credits.queries import Balance, balance_of


@dataclass(frozen=True, slots=True)
class Watch:
    """The mark below which the organization is told, in micro-credits, and whether it is below now."""

    below: int
    low: bool


def watch(actor: Actor) -> Watch | None:
    """None where nobody asked to be told."""
    with acting_as(actor):
        return _watch()


def balance_and_watch(actor: Actor) -> tuple[Balance, Watch | None]:
    """Both, of one moment: every page asks for them."""
    with acting_as(actor):
        return balance_of(call("credits_balance_v1")), _watch()


def set_watch(actor: Actor, below: int | None) -> None:
    """Be told once whenever less than `below` micro-credits are left; None: never. Raises Forbidden and Invalid."""
    with acting_as(actor):
        call("credits_set_watch_v1", below)


def _watch() -> Watch | None:
    found = call("credits_watch_v1")
    return None if found is None else Watch(**found)
