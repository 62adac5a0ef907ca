"""T6, T7: periods from the original anchor, one allowance each; amounts at both ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.studio.credits.model import boundary, period_of

DAYS = [datetime(2027, 12, day, 23, 30, tzinfo=UTC) for day in (28, 29, 30, 31)]
DAYS += [
    datetime(2028, 1, 31, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2027, 3, 28, 1, 30, tzinfo=UTC),
]


@pytest.mark.parametrize("anchor", DAYS, ids=str)
def test_boundaries_count_from_the_original_anchor(ledger, anchor):
    ledger.connection.execute("set timezone = 'Europe/Berlin'")  # whose clocks jump; periods do not
    for k in range(-3, 60):
        start = boundary(anchor, k)
        assert ledger.one("select credits_boundary(%s, %s)", anchor, k).astimezone(UTC) == start
        for at, period in ((start, k), (start - timedelta(microseconds=1), k - 1)):
            assert period_of(anchor, at) == period
            assert ledger.one("select credits_period(%s, %s)", anchor, at) == period


@pytest.mark.parametrize("visits", [1, 7, 100])
def test_every_period_has_exactly_one_allowance_however_often_it_is_looked_at(ledger, visits):
    start = datetime(2027, 1, 20, tzinfo=UTC)
    wallet = ledger.open(start)
    anchor = datetime(2027, 1, 31, tzinfo=UTC)
    ledger.apply(
        anchor,
        {
            "kind": "monthly_reset",
            "wallet": str(wallet),
            "key": "plan",
            "amount": 90,
            "anchor": anchor.isoformat(),
        },
    )
    for n in range(1, visits + 1):
        ledger.one("select credits_tidy_at_v1(100000, %s)", anchor + timedelta(days=400) * n / visits)
    lots = ledger.rows(
        "select effective_at, expires_at, granted, remaining from credits_lot"
        " where wallet_id = %s and granted = 90 order by effective_at",
        wallet,
    )
    assert [lot["effective_at"] for lot in lots] == [boundary(anchor, k) for k in range(14)]
    assert [lot["expires_at"] for lot in lots] == [boundary(anchor, k + 1) for k in range(14)]
    assert [lot["remaining"] for lot in lots] == [0] * 13 + [90]


def test_a_purchased_credit_is_never_swallowed_by_an_allowance(ledger):
    start = datetime(2027, 1, 20, tzinfo=UTC)
    wallet = ledger.open(start)
    ledger.apply(start, {"kind": "topup", "wallet": str(wallet), "key": "t", "amount": 77, "ref": "pack"})
    for days in (40, 400):
        found = ledger.balance(wallet, start + timedelta(days=days))
        assert found["available"] == 500_000_000 + 77


def test_debt_is_paid_by_each_months_allowance_even_unseen(ledger):
    start = datetime(2027, 1, 20, tzinfo=UTC)
    wallet, hold = ledger.open(start), str(uuid4())
    reserve = {
        "kind": "reserve",
        "partial": False,
        "expires_in": 60,
        "holds": [{"id": hold, "amount": 500_000_000}],
    }
    ledger.apply(
        start,
        {**reserve, "wallet": str(wallet), "key": "r"},
        {"kind": "finalize", "hold": hold, "key": "f", "amount": 1_700_000_000, "policy": "debt"},
    )
    for days, expected in ((0, (0, 1200)), (20, (0, 700)), (50, (0, 200)), (80, (300, 0)), (110, (500, 0))):
        found = ledger.balance(wallet, start + timedelta(days=days))
        assert (found["available"], found["debt"]) == tuple(n * 1_000_000 for n in expected)


@pytest.mark.parametrize("amount", [0, -1, 2**53 + 1, 1.5, "7", None, True, 10**30, [1]])
@pytest.mark.parametrize("kind", ["grant", "topup"])
def test_amounts_that_are_none(ledger, kind, amount):
    now = datetime(2027, 1, 20, tzinfo=UTC)
    wallet = ledger.open(now)
    command = {"kind": kind, "wallet": str(wallet), "key": "k", "amount": amount, "ref": "x"}
    command |= {"source": "promotional"} if kind == "grant" else {}
    (answer, good) = ledger.apply(now, command, {**command, "key": "good", "amount": 1})
    assert (answer["ok"], answer["code"]) == (False, "invalid")
    assert good["ok"], "one bad command never fails its neighbours"


def test_the_smallest_and_the_largest(ledger):
    now = datetime(2027, 1, 20, tzinfo=UTC)
    wallet, hold = ledger.open(now), str(uuid4())
    room = 2**53 - 500_000_000
    topup = {"kind": "topup", "wallet": str(wallet)}
    answers = ledger.apply(
        now,
        {**topup, "key": "over", "amount": room + 1, "ref": "a"},
        {**topup, "key": "all", "amount": room, "ref": "b"},
        {**topup, "key": "one more", "amount": 1, "ref": "c"},
        {
            "kind": "reserve",
            "wallet": str(wallet),
            "key": "r",
            "partial": False,
            "expires_in": 60,
            "holds": [{"id": hold, "amount": 2**53}],
        },
        {"kind": "finalize", "hold": hold, "key": "f", "amount": 1, "policy": "cap"},
    )
    assert [answer["ok"] for answer in answers] == [False, True, False, True, True]
    assert answers[0]["code"] == answers[2]["code"] == "overflow"
    assert answers[4]["available"] == 2**53 - 1


BAD = [
    3,
    "reserve",
    [],
    {},
    {"kind": "mint"},
    {"kind": "release", "hold": "x", "key": "k"},
    {"kind": "release", "hold": str(uuid4())},
    {"kind": "grant", "wallet": "nobody", "key": "k", "amount": 1, "source": "promotional", "ref": "x"},
    {"kind": "reserve", "holds": "all"},
    {"kind": "reserve", "holds": [{"id": "x", "amount": 1}], "partial": False, "expires_in": 1},
    {"kind": "reserve", "holds": [], "partial": False, "expires_in": 1},
    {"kind": "reserve", "holds": [{"id": str(uuid4()), "amount": 1}], "partial": "no", "expires_in": 1},
    {"kind": "reserve", "holds": [{"id": str(uuid4()), "amount": 1}], "partial": False, "expires_in": 0},
    {"kind": "grant", "amount": 1, "source": "promotional", "ref": "x", "expires_at": "soon"},
    {"kind": "grant", "amount": 1, "source": "promotional", "ref": "x", "expires_at": "2026-01-01T00:00:00Z"},
    {"kind": "grant", "amount": 1, "source": "promotional"},
    {"kind": "grant", "amount": 1, "source": "included", "ref": "x"},
    {"kind": "grant", "amount": 1, "source": "promotional", "ref": "x", "priority": 101},
    {"kind": "topup", "amount": 1, "ref": "x", "surprise": 1},
    {"kind": "finalize", "hold": str(uuid4()), "key": "k", "amount": 1, "policy": "gift"},
    {"kind": "finalize", "hold": str(uuid4()), "key": "k", "amount": 1, "policy": "cap", "limit": 3},
    {"kind": "claw", "lot": str(uuid4()), "amount": 1},
    {"kind": "freeze", "lot": str(uuid4()), "note": "why"},
]


@pytest.mark.parametrize("bad", BAD, ids=[str(n) for n in range(len(BAD))])
def test_a_bad_command_is_an_answer_and_its_neighbours_live(ledger, bad):
    now = datetime(2027, 1, 20, tzinfo=UTC)
    wallet = ledger.open(now)
    if (
        isinstance(bad, dict)
        and "kind" in bad
        and bad["kind"] in ("reserve", "grant", "topup", "claw", "freeze")
    ):
        bad = {"wallet": str(wallet), "key": "bad", **bad}
    good = {"kind": "adjust", "wallet": str(wallet), "key": "good", "amount": 1}
    first, second, third = ledger.apply(now, good, bad, {**good, "key": "also good"})
    assert (first["ok"], second["ok"], third["ok"]) == (True, False, True)
    assert second["code"] in ("invalid", "not_found")
    if isinstance(bad, dict) and "wallet" in bad and bad["wallet"] == str(wallet):
        assert ledger.apply(now + timedelta(days=1), bad) == [second], "refusals are remembered too"
