"""What months include: kept a while when what is paid for ends, and reopened when other terms ended them too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

START, END = datetime(2027, 1, 31, 10, tzinfo=UTC), datetime(2027, 2, 28, 10, tzinfo=UTC)
NEXT = datetime(2027, 3, 31, 10, tzinfo=UTC)
KEPT = END + timedelta(days=7)
DAY = timedelta(days=1)


class Wallet:
    """Of an organization whose plan includes 90 a month from START on."""

    def __init__(self, ledger: Any, kept: datetime | None = KEPT) -> None:
        self.ledger = ledger
        self.id: UUID = ledger.open(START)
        self.terms(START, "paid", END, kept)

    def terms(self, at: datetime, key: str, until: datetime, kept: datetime | None, amount: int = 90) -> Any:
        body = {"kind": "terms", "amount": amount, "anchor": START.isoformat(), "until": until.isoformat()}
        return self.send(at, key, body | ({} if kept is None else {"kept": kept.isoformat()}))

    def send(self, at: datetime, key: str, body: dict[str, Any]) -> Any:
        return self.ledger.apply(at, body | {"wallet": str(self.id), "key": key})[0]

    def spend(self, at: datetime, amount: int) -> None:
        body = {"kind": "adjust", "amount": -amount, "note": {}}
        assert self.send(at, f"spent {at}", body)["ok"]

    def at(self, moment: datetime) -> int:
        found: int = self.ledger.balance(self.id, moment)["available"]
        return found


@pytest.mark.parametrize("booked", [False, True])
def test_what_is_left_of_the_last_month_is_kept_a_while(ledger, booked):
    wallet = Wallet(ledger)
    wallet.spend(START + DAY, 20)
    for moment, left in ((END - DAY, 70), (END, 70), (KEPT - DAY, 70), (KEPT, 0), (NEXT, 0)):
        assert wallet.at(moment) == left
        if booked:
            ledger.one("select credits_tidy_at_v1(100000, %s)", moment)


def test_without_a_while_it_ends_with_what_is_paid(ledger):
    assert Wallet(ledger, None).at(END) == 0
    assert Wallet(ledger, END).at(END) == 0


def test_the_renewal_takes_the_place_of_what_was_kept(ledger):
    wallet = Wallet(ledger)
    wallet.spend(START + DAY, 20)
    wallet.terms(END + DAY, "renewed", NEXT, NEXT + timedelta(days=7))
    assert wallet.at(END + DAY) == 90
    assert wallet.at(KEPT) == 90


def test_a_renewal_that_fails_ends_what_was_kept(ledger):
    wallet = Wallet(ledger)
    wallet.terms(END + DAY, "failed", END, END)
    assert wallet.at(END + DAY) == 0
    wallet.terms(END + 2 * DAY, "paid after all", NEXT, NEXT)
    assert wallet.at(END + 2 * DAY) == 90


def test_the_months_of_a_plan_that_is_paid_ahead_are_not_kept(ledger):
    wallet = Wallet(ledger)
    wallet.terms(START + DAY, "ahead", NEXT, NEXT + timedelta(days=7))
    assert wallet.at(END) == 90
    assert wallet.at(END + DAY) == 90


def test_what_was_ended_too_early_is_reopened_as_it_was_left(ledger):
    wallet = Wallet(ledger)
    wallet.spend(START + DAY, 20)
    other = {"kind": "terms", "amount": 5, "anchor": (START + 2 * DAY).isoformat()}
    assert wallet.send(START + 2 * DAY, "other", other)["available"] == 5
    again = wallet.terms(START + 3 * DAY, "again", END, None)
    assert (again["lot"], again["available"]) == (None, 0)
    (lot,) = ledger.rows("select id::text from credits_lot where wallet_id = %s and granted = 90", wallet.id)
    body = {"kind": "reopen", "lot": lot["id"], "expires_at": END.isoformat()}
    found = wallet.send(START + 3 * DAY, "reopened", body)
    assert (found["reopened"], found["available"]) == (70, 70)
    twice = wallet.send(START + 4 * DAY, "twice", body)
    assert (twice["ok"], twice["code"]) == (False, "invalid")
    assert wallet.at(END) == 0
