"""What follows from states, on dates of the test's own; and packs that nobody pays money for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from packshot import wiring
from packshot.adapters.mock.payments.store import Customer
from packshot.foundation.billing import commands, projector
from packshot.foundation.billing.facts import PeriodPaid, PlanChanged
from packshot.foundation.billing.plans import offers
from packshot.foundation.billing.projecting import _body
from packshot.foundation.billing.projector import Known, Told
from packshot.ports.money import Money
from packshot.ports.payment_states import InvoiceLine, InvoiceState, State, SubscriptionState
from packshot.studio.credits.queries import balance
from tests.conformance.shops import CREDIT, price
from tests.foundation.billing.conftest import client_of
from tests.foundation.billing.test_pages import buy, pay

NOTHING = Money(0, "usd")
ANCHOR = datetime(2027, 1, 31, 10, tzinfo=UTC)
FEBRUARY, MARCH = datetime(2027, 2, 28, 10, tzinfo=UTC), datetime(2027, 3, 31, 10, tzinfo=UTC)
SMALL, LARGE = price("store-100"), price("store-500")
SUBSCRIPTION = SubscriptionState(
    "sub", "cu", None, "active", SMALL, 1, ANCHOR, ANCHOR, FEBRUARY, None, None, None, None, None, None
)  # fmt: skip


def line(key: str, start: datetime, end: datetime, *, proration: bool = False) -> InvoiceLine:
    return InvoiceLine("", NOTHING, 1, key, start, end, proration)


def invoice(ref: str, reason: Any, at: datetime, *lines: InvoiceLine) -> InvoiceState:
    return InvoiceState(
        ref, "cu", "sub", None, None, "paid", reason, NOTHING, NOTHING, NOTHING, at, at, at, None, None, lines,
        None, None,
    )  # fmt: skip


START = invoice("in_1", "start", ANCHOR, line(SMALL, ANCHOR, FEBRUARY))
CYCLE = invoice("in_2", "cycle", FEBRUARY, line(SMALL, FEBRUARY, MARCH))


def known(now: datetime, *states: State) -> Known:
    prices = {
        key: offer.terms | {"item": offer.price.item, "interval": offer.price.interval}
        for key, offer in offers().items()
    }
    return Known(UUID(int=1), now, states, {}, prices, (), frozenset(), {"credits": 500 * CREDIT})


def told(found: Known) -> list[Any]:
    """Every fact that is due, one after the other."""
    facts = []
    while (fact := projector.due(found)) is not None:
        facts.append(fact)
        found = replace(found, told=(*found.told, Told(fact.ref, _body(fact))))
    return facts


def test_a_difference_is_counted_from_the_anchor_of_its_time():
    """It is heard after a restart has moved the subscription's anchor."""
    at, restart = MARCH - timedelta(days=20), MARCH - timedelta(days=15)
    change = invoice(
        "in_3", "change", at, line(SMALL, at, MARCH, proration=True), line(LARGE, at, MARCH, proration=True)
    )
    moved = replace(SUBSCRIPTION, anchor=restart, period_start=restart, period_end=restart.replace(year=2028))
    (found,) = (
        f
        for f in told(known(restart + timedelta(days=1), moved, START, CYCLE, change))
        if isinstance(f, PlanChanged)
    )
    assert found.anchor == ANCHOR


@pytest.mark.parametrize(
    ("standing", "days"),
    [
        ({}, 7),
        ({"status": "past_due", "past_due_since": FEBRUARY}, 0),
        ({"status": "unpaid"}, 0),
        ({"cancel_at": FEBRUARY}, 0),
        ({"cancel_at": MARCH}, 7),
    ],
)
def test_the_last_month_stays_for_who_is_in_good_standing(standing, days):
    subscription = replace(SUBSCRIPTION, **standing)
    (found,) = told(known(ANCHOR + timedelta(days=1), subscription, START))
    assert isinstance(found, PeriodPaid)
    assert (found.until, found.kept_until) == (FEBRUARY, FEBRUARY + timedelta(days=days))


def test_a_pack_that_the_customers_credit_pays_for_comes(sold, tenant, hear):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "pack-1000", None)))
    hear()
    with wiring.mock_payments().books() as books:
        (customer,) = books.session.all(Customer)
        books.session.put(replace(customer, credit=100_000))
    found = commands.charge(tenant.organization_id, uuid4(), price("pack-1000", None))
    assert found.status == "paid"
    assert balance(tenant.actor).available == 2500 * CREDIT
    hear()
    assert balance(tenant.actor).available == 2500 * CREDIT
