"""Faults of our own making, in what listens to billing: the oracle must find them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from packshot import facts
from packshot.foundation.billing.facts import PackPurchased, PaymentRefunded, PeriodPaid
from packshot.studio.credits import billing


@contextmanager
def _instead(fact: type[Any], listener: Callable[[Any], None]) -> Iterator[None]:
    """`listener` hears of these facts, and nobody else."""
    before = facts._listeners[fact]
    facts._listeners[fact] = [listener]
    try:
        yield
    finally:
        facts._listeners[fact] = before


def lost_grant() -> Any:
    """Packs bring nothing."""
    return _instead(PackPurchased, lambda _: None)


def doubled_claw() -> Any:
    """Refunds take twice as much."""
    return _instead(
        PaymentRefunded,
        lambda fact: billing.take_back(replace(fact, returned=min(2 * fact.returned, fact.paid))),
    )


def doubled_grant() -> Any:
    """Each message of a pack could bring it again, under a name of its own."""

    def twice(fact: PackPurchased) -> None:
        billing.add_pack(fact)
        billing.add_pack(replace(fact, ref=f"{fact.ref}-again"))

    return _instead(PackPurchased, twice)


def wrong_months() -> Any:
    """Months are counted from the day we heard, and not from the subscription's own."""
    return _instead(PeriodPaid, lambda fact: billing.set_allowance(replace(fact, anchor=None)))


SABOTAGE: dict[str, tuple[Callable[[], Any], str]] = {
    "lost grant": (lost_grant, "stands without its effect"),
    "doubled claw": (doubled_claw, "was taken back"),
    "doubled grant": (doubled_grant, "is unpaid and brought credits"),
    "wrong months": (wrong_months, "its months include"),
}
"""What is broken, and the sentence by which it is found."""
