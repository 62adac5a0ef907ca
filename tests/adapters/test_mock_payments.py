"""The mock's books, on a clock of the test's: slow banks, and what is paid late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from packshot.adapters.mock.payments.desk import Desk
from packshot.adapters.mock.payments.provider import MockPayments
from packshot.ports.money import Money
from packshot.ports.payment_states import InvoiceState, PaymentState, SubscriptionState
from packshot.ports.payments import Order, Payer, Price

PLAN = Price("team", "team", "Team", Money(4900, "usd"), "month")
PAYER = Payer(UUID(int=1), "A", "a@example.com")


class Shop:
    def __init__(self, home: Path) -> None:
        self.at = datetime(2027, 1, 31, 10, tzinfo=UTC)
        self.mock = MockPayments(
            home, keys=(b"key",), base_url="http://till.test", now=lambda: self.at, tax_percent=0
        )
        self.desk = Desk(self.mock)

    def buy(self, card: str) -> str:
        """The customer's ref."""
        ends = self.at + timedelta(hours=1)
        page = self.mock.checkout(Order(UUID(int=2), PAYER, PLAN, 1, "", "", ends))
        self.desk.pay(page.ref, "ok")
        assert page.customer is not None
        self.desk.save_card(page.customer, card)
        return page.customer

    def forward(self, days: int) -> SubscriptionState:
        self.at += timedelta(days=days)
        (found,) = self.desk.account(f"cu_{PAYER.organization}").subscriptions
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_bank_that_never_pays_is_asked_a_few_times_and_not_for_ever(shop):
    customer = shop.buy("bank_fails")
    assert shop.forward(29).status == "active"
    assert shop.forward(3).status == "past_due"
    assert shop.forward(40).status == "cancelled"
    tries = [p for p in shop.desk.account(customer).payments if p.status == "failed"]
    assert len(tries) == 4


def test_a_bank_that_takes_its_days_renews(shop):
    customer = shop.buy("bank")
    assert shop.forward(29).status == "active"
    assert shop.forward(3).past_due_since is None
    assert [i.status for i in shop.desk.account(customer).invoices] == ["paid", "paid"]


def test_one_try_at_a_time_can_be_confirmed(shop):
    customer = shop.buy("confirm")
    shop.forward(28)
    (asked,) = (p for p in shop.desk.account(customer).payments if p.status == "action_needed")
    shop.desk.save_card(customer, "ok")
    states = {p.ref: p.status for p in shop.desk.account(customer).payments}
    assert states.pop(asked.ref) == "cancelled"
    assert set(states.values()) == {"succeeded"}


@pytest.mark.parametrize("status", ["open", "uncollectible"])
def test_what_a_bank_pays_late_is_paid(shop, status):
    customer = shop.buy("bank")
    shop.forward(29)
    with shop.mock.books() as books:
        (owed,) = (i for i in books.session.all(InvoiceState) if i.status == "open")
        books.session.put(replace(owed, status=status))
    shop.forward(4)
    assert [i.status for i in shop.desk.account(customer).invoices] == ["paid", "paid"]


def test_a_try_that_another_has_followed_gives_nothing_up(shop):
    customer = shop.buy("bank")
    shop.forward(29)
    with shop.mock.books() as books:
        (owed,) = (i for i in books.session.all(InvoiceState) if i.status == "open")
        (tried,) = (p for p in books.session.all(PaymentState) if p.ref == owed.payment)
        older = replace(tried, ref="pay_older")
        books.session.put(older)
        books.failed(older)
    assert shop.desk.invoice(owed.ref).next_attempt_at is None
    assert shop.desk.account(customer).subscriptions[0].status == "active"
