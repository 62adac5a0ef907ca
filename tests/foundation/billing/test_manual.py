"""Invoices by hand: an order waits until an operator says that its invoice was paid, and each number counts once."""

from __future__ import annotations

from uuid import uuid4

import pytest

from packshot.errors import NotFound
from packshot.foundation.billing import commands, inbox
from packshot.foundation.billing.errors import NotPossible, NotSold
from packshot.foundation.billing.queries import standing
from packshot.studio.credits.queries import balance
from tests.conformance.shops import CREDIT, price
from tests.foundation.billing.conftest import client_of

pytestmark = pytest.mark.usefixtures("by_hand")


def order(tenant, item: str, interval: str | None = "month", quantity: int = 1):
    return commands.buy(tenant.actor, uuid4(), price(item, interval), quantity, "/billing")


def test_a_pack_comes_when_its_invoice_is_paid_and_once(tenant):
    found = order(tenant, "pack-1000", None)
    assert b"Waiting for the payment" in client_of(tenant).get(f"/billing/orders/{found.id}").content
    for _ in range(2):
        commands.mark_paid(found.id, "2027-001", tax=200)
    assert balance(tenant.actor).available == 1500 * CREDIT
    assert b"it is paid" in client_of(tenant).get(f"/billing/orders/{found.id}").content


def test_each_invoice_of_a_plan_pays_its_next_period(tenant, admin):
    found = order(tenant, "team", quantity=3)
    commands.mark_paid(found.id, "2027-001")
    assert balance(tenant.actor).available == 30_000 * CREDIT
    assert standing(tenant.actor).entitlement.seats == 3
    first = standing(tenant.actor).subscription
    commands.mark_paid(found.id, "2027-002")
    commands.mark_paid(found.id, "2027-002")
    second = standing(tenant.actor).subscription
    assert second.period_start == first.period_end
    admin.execute("select billing_advance_clock_v1('32 days')")
    assert balance(tenant.actor).available == 30_000 * CREDIT
    admin.execute("select billing_advance_clock_v1('31 days')")
    assert standing(tenant.actor).entitlement.plan == "team"  # seven days of grace, also for what is left
    assert balance(tenant.actor).available == 30_000 * CREDIT
    admin.execute("select billing_advance_clock_v1('8 days')")
    assert standing(tenant.actor).entitlement.plan == "free"
    assert balance(tenant.actor).available == 0


def test_what_only_a_machine_can_is_not_offered(tenant):
    commands.mark_paid(order(tenant, "team").id, "1")
    page = client_of(tenant).get("/billing").content
    assert b"Cancel the plan" not in page
    assert b"Cards and addresses" not in page
    with pytest.raises(NotSold):
        commands.cancel(tenant.actor, uuid4())
    with pytest.raises((NotSold, NotPossible)):
        commands.preview(tenant.actor, price("store-500"), 1)


def test_an_order_that_is_none(tenant):
    with pytest.raises(NotFound):
        commands.mark_paid(uuid4(), "1")
    assert inbox.reconcile()["missed"] == 0
