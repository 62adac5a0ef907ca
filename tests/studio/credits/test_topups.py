"""C9: automatic top-ups: one charge in flight, back-off to a stop, a cap a day, and one charge for one key."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from packshot.errors import Forbidden, Invalid, UpgradeNeeded
from packshot.studio.credits import commands, topups
from packshot.studio.credits.money import MICRO
from packshot.studio.credits.topups import Declined, Outcome, Pack, Paid, Pending, Shop
from tests.foundation.people import plan
from tests.foundation.terms import off
from tests.studio.credits.conftest import Ledger

START = datetime(2027, 3, 5, 9, 0, tzinfo=UTC)


class Till:
    """A shop of one pack: what it answers is scripted, and each key is charged once."""

    def __init__(self, *script: Outcome | Exception) -> None:
        self.script = list(script)
        self.asked: list[UUID] = []
        self.charged: set[UUID] = set()
        self.in_flight = Counter[UUID]()
        self.most_in_flight = 0
        self.open = threading.Event()
        self.open.set()
        self.lock = threading.Lock()

    def __call__(self, organization_id: UUID, pack: str, key: UUID) -> Outcome:
        with self.lock:
            self.asked.append(key)
            self.in_flight[organization_id] += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight[organization_id])
            answer = self.script.pop(0) if self.script else Paid()
        self.open.wait(60)
        if isinstance(answer, Paid) and key not in self.charged:
            self.charged.add(key)
            commands.topup(organization_id, 100 * MICRO, key=f"pack:{key}", ref=f"pack:{key}")
        with self.lock:
            self.in_flight[organization_id] -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def sold() -> Iterator[Callable[[Till], None]]:
    def connect(till: Till) -> None:
        topups.connect(Shop(lambda _: [Pack("small", 100 * MICRO, "5 EUR")], till))

    yield connect
    topups.connect(None)


def wish(tenant, *, below: int = 50, daily_cap: int = 3, enabled: bool = True) -> None:
    plan(tenant.organization_id, 1)
    topups.set_rule(tenant.actor, enabled=enabled, below=below * MICRO, pack="small", daily_cap=daily_cap)


def spend(tenant, amount: int) -> None:
    hold = uuid4()
    commands.reserve(tenant.organization_id, [(hold, amount)], key=f"r{hold}", expires_in=600)
    commands.finalize(hold, amount, key=f"f{hold}", policy="cap")


def claim(ledger: Ledger, at: datetime, lease_s: int = 120) -> dict[str, Any] | None:
    """The next charge at a moment of the simulated clock, past what was only looked at."""
    while (order := ledger.one("select credits_topup_claim_at_v1(%s, %s)", lease_s, at)) is not None:
        if order["id"] is not None:
            return order
    return None


def record(
    ledger: Ledger, order: dict[str, Any], outcome: str, at: datetime, code: str | None = None
) -> bool:
    return ledger.one(
        "select credits_topup_record_at_v1(%s, %s, %s, %s, %s, %s)",
        order["organization"],
        order["id"],
        order["token"],
        outcome,
        code,
        at,
    )


@pytest.fixture
def low(own_database, ledger, new_tenant, sold):
    """A tenant on the simulated clock with a rule and less than its threshold."""
    sold(Till())
    tenant = new_tenant()
    wish(tenant)
    ledger.connection.execute("update credits_topuprule set next_try_at = %s", [START - timedelta(days=1)])
    ledger.connection.execute(
        "update credits_wallet set touched_at = %s, due_at = null", [START - timedelta(days=1)]
    )
    ledger.apply(
        START, {"kind": "adjust", "wallet": str(tenant.organization_id), "key": "a", "amount": -480 * MICRO}
    )
    return tenant


def bought(ledger: Ledger, tenant, at: datetime, n: int) -> None:
    wallet = str(tenant.organization_id)
    ledger.apply(at, {"kind": "topup", "wallet": wallet, "key": f"p{n}", "amount": MICRO, "ref": f"p{n}"})


def test_a_balance_below_the_threshold_buys_a_pack(as_worker, new_tenant, sold):
    till = Till()
    sold(till)
    tenant = new_tenant()
    as_worker()
    wish(tenant)
    assert topups.run() == 0, "nothing is wanted yet"
    spend(tenant, 460 * MICRO)
    assert topups.run() == 1
    assert len(till.charged) == 1
    assert topups.run() == 0, "the credits have come"
    rule = topups.rule(tenant.actor)
    assert rule is not None
    assert [each.state for each in rule.tries] == ["paid"]
    spend(tenant, 100 * MICRO)
    assert topups.run() == 1
    assert len(till.charged) == 2


def test_c9_200_crossings_make_one_charge_in_flight(as_worker, new_tenant, sold):
    """Callers push the balance over the threshold and back; the provider answers when all of them are through."""
    till = Till()
    till.open.clear()
    sold(till)
    tenant = new_tenant()
    as_worker()
    wish(tenant, daily_cap=2)
    spend(tenant, 445 * MICRO)
    stop = threading.Event()

    def cross(_: int) -> None:
        hold = uuid4()
        commands.reserve(tenant.organization_id, [(hold, 10 * MICRO)], key=f"r{hold}", expires_in=600)
        commands.release(hold, key=f"e{hold}")

    def work(_: int) -> int:
        made = 0
        while not stop.is_set():
            made += topups.run()
        return made + topups.run()

    with ThreadPoolExecutor(4) as workers, ThreadPoolExecutor(5) as callers:
        working = [workers.submit(work, n) for n in range(4)]
        list(callers.map(cross, range(200)))
        till.open.set()
        stop.set()
        made = sum(each.result() for each in working)
    assert till.most_in_flight == 1
    assert len(till.charged) == len(till.asked) == made == 1, "the first pack brought it above for good"


def test_the_cap_of_a_day_holds_and_the_next_day_goes_on(low, ledger):
    at = START
    for n in range(3):
        order = claim(ledger, at)
        assert order is not None
        assert record(ledger, order, "paid", at)
        bought(ledger, low, at, n)  # too little to come above
        at += timedelta(minutes=1)
    assert claim(ledger, at) is None
    assert claim(ledger, START.replace(hour=23, minute=59)) is None
    assert claim(ledger, START + timedelta(days=1)) is not None


def test_declines_pause_longer_and_longer_and_then_stop_with_a_notice(low, ledger):
    at, pauses = START, []
    for _ in range(4):
        order = claim(ledger, at)
        assert order is not None
        assert record(ledger, order, "declined", at, "card_declined")
        assert claim(ledger, at) is None
        for minutes in (15, 120, 720):
            if claim_would(ledger, at + timedelta(minutes=minutes)):
                pauses.append(minutes)
                at += timedelta(minutes=minutes)
                break
    assert pauses == [15, 120, 720]
    assert claim(ledger, at + timedelta(days=30)) is None
    (notice,) = ledger.rows(
        "select kind, body from letters_letter where organization_id = %s", low.organization_id
    )
    assert (notice["kind"], notice["body"]["code"]) == ("credits.topup_stopped", "card_declined")
    rule = topups.rule(low.actor)
    assert rule is not None
    assert rule.stopped_at is not None
    wish(low)  # saved again: it goes on
    rule = topups.rule(low.actor)
    assert rule is not None
    assert (rule.stopped_at, rule.failures) == (None, 0)


def claim_would(ledger: Ledger, at: datetime) -> bool:
    """Whether there were something to charge at a moment, without taking it."""
    return bool(
        ledger.one(
            "select exists (select from credits_topuprule where enabled and wanted and stopped_at is null"
            " and next_try_at <= %s)",
            at,
        )
    )


def test_success_clears_what_was_declined(low, ledger):
    order = claim(ledger, START)
    record(ledger, order, "declined", START, "insufficient_funds")
    at = START + timedelta(minutes=15)
    order = claim(ledger, at)
    record(ledger, order, "paid", at)
    rule = topups.rule(low.actor)
    assert rule is not None
    assert rule.failures == 0
    assert [each.state for each in rule.tries] == ["paid", "declined"]


def test_a_paid_pack_whose_credits_have_not_come_holds_the_next_one_back(low, ledger):
    order = claim(ledger, START)
    record(ledger, order, "paid", START)
    for minutes in range(1, 200, 20):
        assert claim(ledger, START + timedelta(minutes=minutes)) is None
    bought(ledger, low, START + timedelta(minutes=200), 1)
    assert claim(ledger, START + timedelta(minutes=210)) is not None


def test_a_pending_payment_is_asked_for_again_under_its_key(low, ledger):
    order = claim(ledger, START)
    assert record(ledger, order, "pending", START)
    assert claim(ledger, START + timedelta(minutes=9)) is None
    again = claim(ledger, START + timedelta(minutes=10))
    assert again is not None
    assert (again["id"], again["token"]) == (order["id"], order["token"] + 1)
    assert record(ledger, again, "paid", START + timedelta(minutes=10))


def test_only_the_last_takers_answer_counts(low, ledger):
    slow = claim(ledger, START, lease_s=60)
    quick = claim(ledger, START + timedelta(seconds=60))
    assert slow is not None
    assert quick is not None
    assert quick["id"] == slow["id"]
    assert not record(ledger, slow, "declined", START + timedelta(seconds=61), "late")
    assert record(ledger, quick, "paid", START + timedelta(seconds=62))
    assert not record(ledger, quick, "paid", START + timedelta(seconds=63)), "once"


def test_a_rule_that_is_switched_off_ends_what_is_in_flight_and_begins_nothing(low, ledger):
    order = claim(ledger, START, lease_s=60)
    wish(low, enabled=False)
    again = claim(ledger, START + timedelta(seconds=60))
    assert again is not None
    assert again["id"] == order["id"], "what became of the money is still to be learnt"
    record(ledger, again, "paid", START + timedelta(seconds=61))
    assert claim(ledger, START + timedelta(hours=1)) is None


def test_what_a_charger_raises_says_nothing_about_the_money(as_worker, new_tenant, sold):
    till = Till(TimeoutError("no answer"), Paid())
    sold(till)
    tenant = new_tenant()
    as_worker()
    wish(tenant)
    spend(tenant, 460 * MICRO)
    assert topups.run(lease_s=0) == 1, "the first try raised, and its lease was over at once"
    assert len(till.asked) == 2
    assert len(set(till.asked)) == len(till.charged) == 1


def test_declined_and_pending_through_the_worker(as_worker, new_tenant, sold):
    till = Till(Pending())
    sold(till)
    first, second = new_tenant(), new_tenant()
    as_worker()
    wish(first)
    spend(first, 460 * MICRO)
    assert topups.run() == 1
    till.script = [Declined("card_declined")]
    wish(second)
    spend(second, 460 * MICRO)
    assert topups.run() == 1
    told = [topups.rule(tenant.actor) for tenant in (first, second)]
    assert [(each.tries[0].state, each.tries[0].code) for each in told if each] == [
        ("pending", None),
        ("declined", "card_declined"),
    ]


_WORKER = """
import json, os, sys
from uuid import UUID
import django
django.setup()
from packshot.studio.credits import topups
ledger, die = sys.argv[1], sys.argv[2] == "die"
def charge(organization_id, pack, key):
    known = open(ledger).read().split() if os.path.exists(ledger) else []
    if str(key) not in known:
        with open(ledger, "a") as file:
            file.write(f"{key}\\n")
            file.flush()
            os.fsync(file.fileno())
    if die:
        os._exit(9)
    return topups.Paid()
topups.connect(topups.Shop(lambda _: [], charge))
print(topups.run(lease_s=1 if die else 120))
"""


def test_killed_between_the_charge_and_its_record_it_is_one_charge(
    as_worker, new_tenant, sold, ledger, tmp_path
):
    sold(Till())
    tenant = new_tenant()
    as_worker()
    wish(tenant)
    spend(tenant, 460 * MICRO)
    book = tmp_path / "provider"
    environment = {**os.environ, "PACKSHOT_ROLE": "worker"}

    def worker(how: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", _WORKER, str(book), how],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    assert worker("die").returncode == 9
    assert len(book.read_text().split()) == 1
    (open_,) = ledger.rows("select state, lease_until from credits_topuptry")
    assert open_["state"] == "charging"
    ledger.connection.execute("update credits_topuptry set lease_until = now() - interval '1 second'")
    second = worker("live")
    assert (second.returncode, second.stdout.split()[-1:]) == (0, ["1"]), second.stderr
    assert len(book.read_text().split()) == 1, "charged once"
    (done,) = ledger.rows("select state, token from credits_topuptry")
    assert done == {"state": "paid", "token": 2}


def test_who_may_and_what_is_refused(tenant, new_tenant, join, sold):
    sold(Till())
    plan(tenant.organization_id, 1)
    member = join(tenant)
    with pytest.raises(Forbidden):
        topups.rule(member)
    with pytest.raises(Forbidden):
        topups.set_rule(member, enabled=True, below=MICRO, pack="small", daily_cap=1)
    for wrong in ({"below": 0}, {"daily_cap": 0}, {"daily_cap": 51}, {"pack": "no such pack"}):
        with pytest.raises(Invalid):
            topups.set_rule(
                tenant.actor,
                **{
                    "enabled": True,
                    "below": MICRO,
                    "pack": "small",
                    "daily_cap": 1,
                    **wrong,
                },
            )
    assert topups.rule(tenant.actor) is None
    wish(tenant)
    assert topups.rule(new_tenant().actor) is None
    topups.connect(None)
    assert topups.packs(tenant.actor) == []
    assert topups.run() == 0


def test_a_rule_rests_while_the_plan_does_not_bring_it(own_database, ledger, new_tenant, sold):
    tenant = new_tenant()
    till = Till()
    sold(till)
    wish(tenant, below=10_000)
    off(tenant.organization_id)
    assert claim(ledger, START) is None
    assert claim(ledger, START + timedelta(minutes=59)) is None
    plan(tenant.organization_id, 1)
    again = claim(ledger, START + timedelta(minutes=61))
    assert again is not None
    assert again["organization"] == str(tenant.organization_id)
    assert till.asked == []


def test_a_plan_without_it_takes_no_rule_but_lets_it_be_switched_off(tenant, sold):
    sold(Till())
    wish(tenant)
    off(tenant.organization_id)
    rule = {"below": MICRO, "pack": "small", "daily_cap": 1}
    with pytest.raises(UpgradeNeeded) as refused:
        topups.set_rule(tenant.actor, enabled=True, **rule)
    assert refused.value.detail == {"feature": "auto_topup"}
    topups.set_rule(tenant.actor, enabled=False, **rule)
    assert not topups.rule(tenant.actor).enabled
