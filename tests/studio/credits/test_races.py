"""C1-C5, C7, C10: real connections, many at once, and the arithmetic afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from packshot.db.addresses import parameters
from packshot.studio.credits import commands, errors
from packshot.studio.credits.verify import reading, verify
from tests.studio.credits.conftest import Ledger

CALLERS = 32


@pytest.fixture
def crowd(server) -> Callable[..., list[Any]]:
    """Do something from many connections at once: `crowd(work, items)` answers in the items' order."""

    def run(
        work: Callable[[psycopg.Connection, Any], Any], items: Iterable[Any], role: str = "packshot_web"
    ) -> list[Any]:
        own = threading.local()
        opened: list[psycopg.Connection] = []

        def one(item: Any) -> Any:
            if not hasattr(own, "connection"):
                own.connection = psycopg.connect(
                    **parameters(server.database_url, login=role), autocommit=True
                )
                opened.append(own.connection)
            return work(own.connection, item)

        with ThreadPoolExecutor(CALLERS) as pool:
            answers = list(pool.map(one, items))
        for connection in opened:
            connection.close()
        return answers

    return run


def apply(connection: psycopg.Connection, *sent: dict[str, Any]) -> list[dict[str, Any]]:
    row = connection.execute("select credits_apply_v1(%s)", [json.dumps(sent)], prepare=True).fetchone()
    assert row is not None
    return row[0]


def wallet_with(ledger: Ledger, *lots: int) -> UUID:
    """A wallet that has these lots and nothing else."""
    now = datetime.now(UTC)
    wallet = ledger.open(now)
    (answer, *rest) = ledger.apply(
        now,
        {"kind": "adjust", "wallet": str(wallet), "key": "empty", "amount": -500_000_000},
        *(
            {"kind": "topup", "wallet": str(wallet), "key": f"lot{i}", "amount": amount, "ref": f"lot{i}"}
            for i, amount in enumerate(lots)
        ),
    )
    assert answer["ok"]
    assert all(one["ok"] for one in rest)
    return wallet


def reserve(wallet: UUID, hold: UUID, amount: int, **more: Any) -> dict[str, Any]:
    return {
        "kind": "reserve",
        "wallet": str(wallet),
        "key": f"r{hold}",
        "holds": [{"id": str(hold), "amount": amount}],
        "partial": False,
        "expires_in": 600,
        **more,
    }


def is_right(wallet: UUID) -> None:
    with reading() as connection:
        report = verify(connection, wallet)
    assert report.differences == []
    assert report.wallets == 1


@pytest.mark.parametrize(("lots", "unit"), [((100,), 1), ((7, 11, 82), 1), ((1_000_000,), 10_000)])
def test_c1_of_400_reserves_exactly_the_hundred_that_fit_succeed(ledger, crowd, lots, unit):
    wallet = wallet_with(ledger, *lots)
    answers = crowd(lambda c, hold: apply(c, reserve(wallet, hold, unit))[0], [uuid4() for _ in range(400)])
    assert Counter(answer.get("code", "ok") for answer in answers) == {"ok": 100, "insufficient_credits": 300}
    assert min(answer["available"] for answer in answers) == 0
    is_right(wallet)


def test_c1_the_same_through_the_combiner(ledger):
    wallet = wallet_with(ledger, 7, 11, 82)

    def one(hold: UUID) -> str:
        try:
            commands.reserve(wallet, [(hold, 1)], key=str(hold), expires_in=600)
        except errors.InsufficientCredits:
            return "refused"
        return "ok"

    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(one, [uuid4() for _ in range(400)]))
    assert Counter(answers) == {"ok": 100, "refused": 300}
    is_right(wallet)


_OTHER = """
import sys, uuid
from concurrent.futures import ThreadPoolExecutor
import django
django.setup()
from packshot.studio.credits import commands, errors
def one(hold):
    try:
        commands.reserve(uuid.UUID(sys.argv[1]), [(hold, 1)], key=str(hold), expires_in=600)
    except errors.InsufficientCredits:
        return 0
    return 1
with ThreadPoolExecutor(16) as pool:
    print(sum(pool.map(one, [uuid.uuid4() for _ in range(200)])))
"""


def test_c1_from_two_processes_with_a_combiner_each(ledger):
    wallet = wallet_with(ledger, 60, 40)
    others = [
        subprocess.Popen([sys.executable, "-c", _OTHER, str(wallet)], stdout=subprocess.PIPE, env=os.environ)
        for _ in range(2)
    ]
    got = [int(other.communicate(timeout=60)[0]) for other in others]
    assert sum(got) == 100
    is_right(wallet)


def test_c2_reserve_and_finalize_with_any_actual_cost_is_exact_arithmetic(ledger, crowd):
    wallet = wallet_with(ledger, 3_000, 50_000, 947_000)

    def pair(connection: psycopg.Connection, n: int) -> int:
        hold = uuid4()
        (reserved,) = apply(connection, reserve(wallet, hold, 1000))
        assert reserved["ok"]
        actual = n * 37 % 1500
        (done,) = apply(
            connection,
            {"kind": "finalize", "key": f"f{hold}", "hold": str(hold), "amount": actual, "policy": "draw"},
        )
        assert done["charged"] == actual
        return actual

    spent = sum(crowd(pair, range(300)))
    (row,) = ledger.rows("select available, held, debt from credits_wallet where id = %s", wallet)
    assert row == {"available": 1_000_000 - spent, "held": 0, "debt": 0}
    # The first lots to burn are empty: nothing was taken past them.
    lots = ledger.rows(
        "select remaining from credits_lot where wallet_id = %s and source = 'purchased' order by ref", wallet
    )
    assert sum(lot["remaining"] for lot in lots) == 1_000_000 - spent
    is_right(wallet)


def test_c3_one_key_from_64_threads_is_one_effect_and_64_equal_answers(ledger, crowd):
    wallet = wallet_with(ledger, 1000)
    command = reserve(wallet, uuid4(), 10)
    answers = crowd(lambda c, _: json.dumps(apply(c, command)[0]), range(64))
    assert len(set(answers)) == 1
    (row,) = ledger.rows("select available, seq from credits_wallet where id = %s", wallet)
    assert row == {"available": 990, "seq": 4}


def test_c3_one_key_with_two_bodies_is_one_effect(ledger, crowd):
    wallet = wallet_with(ledger, 1000)
    hold = uuid4()
    answers = crowd(lambda c, n: apply(c, reserve(wallet, hold, 10 + n % 2))[0].get("code", "ok"), range(64))
    assert Counter(answers) == {"ok": 32, "key_reused": 32}
    (row,) = ledger.rows("select available, held, seq from credits_wallet where id = %s", wallet)
    assert row["available"] + row["held"] == 1000
    assert row["seq"] == 4


def test_c4_a_hold_ends_once_whoever_comes_first(ledger, crowd):
    now = datetime.now(UTC)
    wallet = wallet_with(ledger, 1_000_000)
    holds = [uuid4() for _ in range(120)]
    ledger.apply(None, *(reserve(wallet, hold, 100, expires_in=3600) for hold in holds))

    def end(connection: psycopg.Connection, job: tuple[UUID, str]) -> str:
        hold, how = job
        if how == "sweep":
            return str(
                connection.execute(
                    "select credits_tidy_at_v1(1000, %s)", [now + timedelta(minutes=50)]
                ).rowcount
            )
        body = {"finalize": {"amount": 60, "policy": "cap"}, "release": {}, "refund": {"amount": 60}}[how]
        (answer,) = apply(connection, {"kind": how, "key": f"{how}{hold}", "hold": str(hold), **body})
        return how if answer["ok"] else answer["code"]

    jobs = [(hold, how) for hold in holds for how in ("finalize", "release", "refund", "sweep")]
    answers = crowd(end, jobs, role="packshot_owner")
    told = Counter(answers)
    states = Counter(
        row["state"] for row in ledger.rows("select state from credits_hold where wallet_id = %s", wallet)
    )
    assert states == {"finalized": told["finalize"], "released": told["release"]}
    assert told["finalize"] + told["release"] == told["hold_ended"] == len(holds)
    (row,) = ledger.rows("select available, held from credits_wallet where id = %s", wallet)
    assert row == {"available": 1_000_000 - 60 * (told["finalize"] - told["refund"]), "held": 0}
    is_right(wallet)


def test_c5_a_late_finalize_charges_once_and_says_so(ledger, crowd):
    now = datetime.now(UTC)
    wallet = wallet_with(ledger, 1000)
    hold = uuid4()
    ledger.apply(now, reserve(wallet, hold, 100))
    later = now + timedelta(hours=1)
    assert ledger.one("select credits_tidy_at_v1(100000, %s)", later) >= 1
    command = {"kind": "finalize", "key": "late", "hold": str(hold), "amount": 80, "policy": "cap"}

    def finalize(connection: psycopg.Connection, n: int) -> dict[str, Any]:
        sent = json.dumps([{**command, "key": f"late{n}"}])
        return connection.execute("select credits_apply_at_v1(%s, %s)", [sent, later]).fetchone()[0][0]

    answers = crowd(finalize, range(CALLERS), role="packshot_owner")
    done = [answer for answer in answers if answer["ok"]]
    assert [(answer["charged"], answer["late"]) for answer in done] == [(80, True)]
    assert {answer["code"] for answer in answers if not answer["ok"]} == {"hold_ended"}
    (void,) = ledger.apply(later, {"kind": "release", "key": "void", "hold": str(hold)})
    assert void == {"ok": False, "code": "hold_ended", "state": "finalized"}
    assert ledger.apply(later, {"kind": "release", "key": "void", "hold": str(hold)}) == [void]
    (row,) = ledger.rows("select available, held, debt from credits_wallet where id = %s", wallet)
    assert row == {"available": 920, "held": 0, "debt": 0}
    is_right(wallet)


def test_c7_many_who_grant_one_period_grant_it_once(ledger, crowd):
    start = datetime(2027, 1, 20, tzinfo=UTC)
    wallet = ledger.open(start)
    holds = [uuid4() for _ in range(60)]
    ledger.apply(start, *(reserve(wallet, hold, 1_000_000, expires_in=86400 * 60) for hold in holds[:30]))
    february = datetime(2027, 2, 3, tzinfo=UTC)

    def work(connection: psycopg.Connection, n: int) -> str:
        wanted: dict[str, Any] = {"wallet": str(wallet), "key": f"k{n}"}
        match n % 4:
            case 0:  # the period's allowance, told by the provider's message and by our own clock
                wanted |= {
                    "kind": "monthly_reset",
                    "amount": 900_000_000,
                    "anchor": "2027-01-31T00:00:00+00:00",
                    "ref": "allow:1",
                }
            case 1:
                wanted = reserve(wallet, holds[30 + n // 4 % 30], 1_000_000) | {"key": f"k{n}"}
            case 2:
                wanted |= {
                    "kind": "finalize",
                    "hold": str(holds[n // 4 % 30]),
                    "amount": 500_000,
                    "policy": "cap",
                }
            case _:
                return str(connection.execute("select credits_tidy_at_v1(10, %s)", [february]).fetchone()[0])
        sent = json.dumps([wanted])
        answer = connection.execute("select credits_apply_at_v1(%s, %s)", [sent, february]).fetchone()[0][0]
        return f"{wanted['kind']} {answer.get('code', 'ok')}"

    told = Counter(crowd(work, range(120), role="packshot_owner"))
    assert told["monthly_reset ok"] == 1
    assert told["monthly_reset already_granted"] == 29
    assert told["finalize ok"] == told["reserve ok"] == 30
    found = ledger.balance(wallet, february)
    assert found["next_reset_at"].startswith("2027-02-28")
    assert found["held"] == 30_000_000
    # 900 of the new period; January's 30 holds gave half back, to a lot that has run out.
    assert [(lot["source"], lot["granted"]) for lot in found["lots"]] == [("included", 900_000_000)]
    is_right(wallet)


def test_wallets_in_any_order_never_deadlock(ledger, crowd):
    wallets = [wallet_with(ledger, 10_000) for _ in range(4)]

    def many(connection: psycopg.Connection, n: int) -> int:
        order = wallets if n % 2 else wallets[::-1]
        answers = apply(connection, *(reserve(wallet, uuid4(), 1) for wallet in order))
        return sum(answer["ok"] for answer in answers)

    assert sum(crowd(many, range(200))) == 800
    for wallet in wallets:
        is_right(wallet)


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ("set lock_timeout = '50ms'", psycopg.errors.LockNotAvailable),
        ("set statement_timeout = '50ms'", psycopg.errors.QueryCanceled),
    ],
)
def test_c10_a_caller_that_gives_up_waiting_has_changed_nothing(ledger, login, setting, error):
    wallet = wallet_with(ledger, 1000)
    command = reserve(wallet, uuid4(), 10)
    with login("packshot_worker") as holder, login("packshot_web") as caller, holder.transaction():
        apply(holder, reserve(wallet, uuid4(), 1))
        caller.execute(setting)
        with pytest.raises(error):
            apply(caller, command)
    with login("packshot_web") as caller:
        (answer,) = apply(caller, command)
    assert (answer["ok"], answer["available"], answer["seq"]) == (True, 989, 5)


def test_c10_under_a_stricter_isolation_the_loser_is_told_to_retry(ledger, login):
    wallet = wallet_with(ledger, 1000)
    command = reserve(wallet, uuid4(), 10)
    caller, other = login("packshot_web"), login("packshot_web")
    with pytest.raises(psycopg.errors.SerializationFailure), caller.transaction():
        caller.execute("set transaction isolation level repeatable read")
        caller.execute("select 1")
        apply(other, reserve(wallet, uuid4(), 1))
        apply(caller, command)
    assert apply(caller, command)[0]["available"] == 989


def test_c11_what_is_read_is_read_under_the_lock(ledger, login, admin):
    """A caller that waited for the lock sees all that its holder did, not the moment when it began to wait."""
    wallet = wallet_with(ledger, 10)
    first, second = login("packshot_web"), login("packshot_web")
    answers: list[dict[str, Any]] = []
    with first.transaction():
        apply(first, reserve(wallet, uuid4(), 10))
        waiter = threading.Thread(target=lambda: answers.extend(apply(second, reserve(wallet, uuid4(), 10))))
        waiter.start()
        blocked = "select cardinality(pg_blocking_pids(%s))"
        while admin.execute(blocked, [second.info.backend_pid]).fetchone() == (0,):
            assert waiter.is_alive()
    waiter.join(60)
    assert answers == [{"ok": False, "code": "insufficient_credits", "needed": 10, "available": 0}]
