"""T1, T2, T4, T5: every command in every order, on a simulated clock, against the model in plain Python."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import psycopg
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from packshot.studio.credits.verify import verify
from tests.studio.credits.conftest import Ledger
from tests.studio.credits.model import Lot, Model, boundary, period_of

START = datetime(2027, 1, 17, 9, 30, tzinfo=UTC)
ALLOWANCE = 500_000_000

# Small numbers meet often: in each other's way, at the edges of lots, at zero.
amounts = st.one_of(
    st.integers(1, 12),
    st.sampled_from([ALLOWANCE // 2, ALLOWANCE, ALLOWANCE + 1, 2**53]),
    st.integers(1, 2 * ALLOWANCE),
)
jumps = st.sampled_from(
    [timedelta(0)] * 6
    + [
        timedelta(seconds=1),
        timedelta(seconds=59),
        timedelta(minutes=1),
        timedelta(hours=30),
        timedelta(days=17),
    ]
    + [timedelta(days=45), timedelta(days=100)]
)
picks = st.integers(0, 30)
caps = st.sampled_from([None, 0, 40, 40, 400, 900, ALLOWANCE // 2])
reserves = st.fixed_dictionaries(
    {
        "holds": st.lists(st.integers(1, 400) | amounts, min_size=1, max_size=3),
        "partial": st.booleans(),
        "expires_in": st.sampled_from([1, 60, 3600, 40 * 86400]),
    }
)


@st.composite
def finals(draw: st.DrawFn) -> dict[str, Any]:
    order: dict[str, Any] = {
        "hold": draw(picks),
        "share": draw(st.sampled_from([0, 1, 50, 100, 100, 101, 300])),
    }
    order["policy"] = draw(st.sampled_from(["cap", "draw", "debt"]))
    if order["policy"] == "debt" and draw(st.booleans()):
        order["limit"] = draw(st.integers(0, 1000))
    return order


@st.composite
def grants(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    order: dict[str, Any] = {"amount": draw(amounts), "ref": draw(st.sampled_from("abcdefgh"))}
    if draw(st.booleans()):
        order["expires_in"] = draw(st.sampled_from([1, 60, 86400, 40 * 86400]))
    if kind == "grant":
        order["source"] = draw(st.sampled_from(["promotional", "purchased"]))
        order["priority"] = draw(st.sampled_from([0, 50, 50, 100]))
    return order


@st.composite
def allowances(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    order: dict[str, Any] = {"amount": draw(st.sampled_from([0, 7, ALLOWANCE, 3 * ALLOWANCE]))}
    if kind == "terms" or draw(st.booleans()):
        order["anchor_days"] = draw(st.sampled_from([0, 1, 13, 31, 400]))
    if kind == "terms" and draw(st.booleans()):
        order["until_days"] = draw(st.sampled_from([-1, 0, 1, 20, 61, 400]))
        order["until_months"] = draw(st.sampled_from([None, 1, 1, 2]))
        order["kept_days"] = draw(st.sampled_from([None, 0, 1, 7, 40]))
    return order


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """A command whose hold or lot is a number: the machine puts in the one it means."""
    kind = draw(
        st.sampled_from(
            ["reserve"] * 5
            + ["finalize"] * 5
            + ["release", "refund", "refund", "grant", "topup", "monthly_reset", "terms", "terms"]
            + ["adjust", "expire", "freeze", "unfreeze", "unfreeze", "claw", "reopen", "reopen"]
        )
    )
    order: dict[str, Any] = {"kind": kind}
    if kind == "reserve":
        order |= draw(reserves)
        order["member"] = draw(st.sampled_from([None, 0, 0, 1]))
    elif kind == "finalize":
        order |= draw(finals())
    elif kind == "release":
        order["hold"] = draw(picks)
    elif kind == "refund":
        order |= {"hold": draw(picks), "share": draw(st.sampled_from([1, 40, 100, 101]))}
    elif kind in ("grant", "topup"):
        order |= draw(grants(kind))
    elif kind in ("monthly_reset", "terms"):
        order |= draw(allowances(kind))
    elif kind == "adjust":
        order["amount"] = draw(amounts) * draw(st.sampled_from([1, -1]))
    else:
        order["lot"] = draw(picks)
        if kind == "claw":
            order["amount"] = draw(amounts)
        elif kind == "reopen":
            order["expires_in"] = draw(st.sampled_from([1, 86400, 20 * 86400]))
    return order


class LedgerMachine(RuleBasedStateMachine):
    """PostgreSQL and the model, side by side."""

    ledger: Ledger

    @initialize(first=caps, second=caps)
    def begin(self, first: int | None, second: int | None) -> None:
        self.now = START
        self.wallet: UUID = self.ledger.open(self.now)
        self.model = Model(self.now, anchor=START.replace(day=1, hour=0, minute=0), allowance=ALLOWANCE)
        self.model._allow(ALLOWANCE, None)
        self.told: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.holds: list[str] = []
        self.members = [self.join(), self.join()]
        self.meet_lots()
        self.cap(0, first)
        self.cap(1, second)

    # Rules.

    @rule(orders_=st.lists(orders(), min_size=1, max_size=3), jump=jumps)
    def command(self, orders_: list[dict[str, Any]], jump: timedelta) -> None:
        self.now += jump
        commands = [self.meant(order, n) for n, order in enumerate(orders_)]
        answers = self.ledger.apply(self.now, *commands)
        for command, answer in zip(commands, answers, strict=True):
            expected = self.model.apply(command, self.now)
            lot = expected.pop("lot", None)
            told = {key: value for key, value in answer.items() if key not in ("seq", "lot")}
            assert told == expected, command
            if isinstance(lot, Lot):
                lot.id = answer["lot"]
            if command["kind"] == "reserve":
                self.holds += [hold["id"] for hold in command["holds"]]
            self.told.append((command, answer))
        self.meet_lots()

    @precondition(lambda self: self.told)
    @rule(pick=picks, jump=jumps, lie=st.booleans())
    def replay(self, pick: int, jump: timedelta, lie: bool) -> None:
        """T2: anywhere later the same key changes nothing, and says the same bytes or, to another body, refuses."""
        self.now += jump
        command, answer = self.told[pick % len(self.told)]
        before = self.stored()
        if lie:
            command, answer = {**command, "actor": str(self.wallet)}, {"ok": False, "code": "key_reused"}
        assert self.ledger.apply(self.now, command, command) == [answer, answer]
        assert self.stored() == before

    @rule(pick=st.integers(0, 1), cap=caps)
    def change_cap(self, pick: int, cap: int | None) -> None:
        self.cap(pick, cap)

    def cap(self, pick: int, cap: int | None) -> None:
        """C8: a cap may come, change and go at any time; what was used before counts."""
        member = self.members[pick]
        with self.ledger.connection.transaction():
            self.ledger.one(
                "select set_config('app.user_id', %s, true), set_config('app.organization_id', %s, true)",
                self.owner,
                str(self.wallet),
            )
            self.ledger.one("select credits_set_cap_v1(%s, %s)", member, cap)
        self.model.caps.pop(member, None)
        if cap is not None:
            self.model.caps[member] = cap

    @rule(jump=jumps)
    def sweep(self, jump: timedelta) -> None:
        """T4: whether and when the sweeper came is never seen in a balance."""
        self.now += jump
        before = self.ledger.balance(self.wallet, self.now)
        self.ledger.one("select credits_tidy_at_v1(100000, %s)", self.now)
        after = self.ledger.balance(self.wallet, self.now)
        assert after["pending"] == []
        for word in ("available", "held", "debt", "next_reset_at"):
            assert before[word] == after[word]
        assert [self.shape(lot) for lot in before["lots"]] == [self.shape(lot) for lot in after["lots"]]
        self.model.settle(self.now)
        self.meet_lots()

    # What must hold after each of them.

    @invariant()
    def agrees(self) -> None:
        read = self.ledger.balance(self.wallet, self.now)
        settled = copy.deepcopy(self.model)
        settled.settle(self.now)
        settled.check()
        assert (read["available"], read["held"], read["debt"]) == (
            settled.available,
            settled.held,
            settled.debt,
        )
        assert sum(lot["remaining"] for lot in read["lots"]) == read["available"]
        live = sorted((lot for lot in settled.lots if lot.remaining), key=Lot.burns)
        if all(lot.id for lot in live):  # not those that time alone has opened and nobody has booked
            assert [lot["id"] for lot in read["lots"]] == [lot.id for lot in live]
            assert [lot["remaining"] for lot in read["lots"]] == [lot.remaining for lot in live]

    @invariant()
    def stored_rows_agree(self) -> None:
        wallet, lots, holds = self.stored()
        assert wallet[:3] == (self.model.available, self.model.held, self.model.debt)
        assert lots == sorted(
            (lot.id, lot.remaining, lot.held, lot.frozen, lot.clawed, lot.expires_at)
            for lot in self.model.lots
        )
        counted = {(row["member_id"], row["month"]): row["used"] for row in self.months()}
        for member in self.members:
            opened = {
                h.opened_at.date().replace(day=1) for h in self.model.holds.values() if h.member == member
            }
            for month in opened:
                assert counted.pop((member, month)) == self.model.used(member, month)
        assert counted == {}
        assert holds == sorted(
            (i, h.state, h.amount, h.charged, h.refunded) for i, h in self.model.holds.items()
        )

    def teardown(self) -> None:
        """P4, P5: the log alone comes to the same."""
        info = self.ledger.connection.info
        with psycopg.connect(info.dsn, password=info.password) as reading:
            assert verify(reading, self.wallet).differences == []

    # Helpers.

    def stored(self) -> tuple[Any, ...]:
        (wallet,) = self.ledger.connection.execute(
            "select available, held, debt, seq from credits_wallet where id = %s", [self.wallet], prepare=True
        ).fetchall()
        lots = self.ledger.connection.execute(
            "select id::text, remaining, held, frozen, clawed, expires_at from credits_lot where wallet_id = %s",
            [self.wallet],
            prepare=True,
        ).fetchall()
        holds = self.ledger.connection.execute(
            "select id::text, state, amount, charged, refunded from credits_hold where wallet_id = %s",
            [self.wallet],
            prepare=True,
        ).fetchall()
        return wallet, sorted(lots), sorted(holds)

    def meet_lots(self) -> None:
        """Learn the ids of lots that were opened by time or by a refund."""
        known = {lot.id for lot in self.model.lots}
        fresh = [row for row in self.lots() if row["id"] not in known]
        for lot in self.model.lots:
            if not lot.id:
                same = [
                    row
                    for row in fresh
                    if (row["source"], row["ref"], row["granted"]) == (lot.source, lot.ref, lot.granted)
                ]
                assert same, f"PostgreSQL has no {lot}"
                lot.id = same[0]["id"]
                fresh.remove(same[0])
        assert fresh == [], "PostgreSQL has lots that the model has not"

    def join(self) -> str:
        """A member of the wallet's organization; the first of them is its owner."""
        role = "member" if hasattr(self, "owner") else "owner"
        user = self.ledger.one(
            "insert into accounts_user (id, email, name, password, is_active, terms_version) values"
            " (app.uuid7(), gen_random_uuid() || '@example.com', '', '', true, '') returning id::text"
        )
        self.ledger.one(
            "insert into organizations_membership (organization_id, user_id, role) values (%s, %s, %s) returning 1",
            self.wallet,
            user,
            role,
        )
        if role == "owner":
            self.owner = user
        return str(user)

    def months(self) -> list[dict[str, Any]]:
        return self.ledger.rows(
            "select member_id::text, month, used from credits_membermonth where organization_id = %s",
            self.wallet,
        )

    def lots(self) -> list[dict[str, Any]]:
        return self.ledger.rows(
            "select id::text, source, ref, granted from credits_lot where wallet_id = %s order by id",
            self.wallet,
        )

    @staticmethod
    def shape(lot: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in lot.items() if key != "id"}

    def until(self, command: dict[str, Any]) -> dict[str, str]:
        """Until when terms are paid, often just where a month ends; takes the numbers out of the command."""
        days, months, kept = (command.pop(name, None) for name in ("until_days", "until_months", "kept_days"))
        if months is not None:
            anchor = self.now - timedelta(days=command["anchor_days"])
            until = boundary(anchor, period_of(anchor, self.now) + months)
        elif days is not None:
            until = self.now + timedelta(days=days)
        else:
            return {}
        found = {"until": until.isoformat()}
        return found if kept is None else found | {"kept": (until + timedelta(days=kept)).isoformat()}

    def meant(self, order: dict[str, Any], n: int) -> dict[str, Any]:
        """The command of an order: numbers become holds, lots, shares and times of this run."""
        command = {**order, "key": f"{len(self.told)}.{n}", "wallet": str(self.wallet)}
        if "holds" in order:
            ids = [
                str(UUID(int=(self.wallet.int >> 64 << 64) + len(self.holds) * 100 + n * 10 + i))
                for i in range(3)
            ]
            command["holds"] = [
                {"id": i, "amount": amount} for i, amount in zip(ids, order["holds"], strict=False)
            ]
        if "member" in order:
            member = command.pop("member")
            command["actor"] = None if member is None else self.members[member]
        if "hold" in order:
            command["hold"] = self.holds[order["hold"] % len(self.holds)] if self.holds else str(self.wallet)
        if "share" in order:
            share = command.pop("share")
            hold = self.model.holds.get(command["hold"])
            whole = 0 if hold is None else hold.amount if order["kind"] == "finalize" else hold.charged
            command["amount"] = max(whole * share // 100, 0 if order["kind"] == "finalize" else 1)
        if "lot" in order:
            command["lot"] = self.model.lots[order["lot"] % len(self.model.lots)].id
        if "expires_in" in order and order["kind"] != "reserve":
            command["expires_at"] = (self.now + timedelta(seconds=command.pop("expires_in"))).isoformat()
        command |= self.until(command)
        if "anchor_days" in order:
            command["anchor"] = (self.now - timedelta(days=command.pop("anchor_days"))).isoformat()
        return command


def test_the_ledger_is_the_model(ledger: Ledger) -> None:
    class Machine(LedgerMachine):
        pass

    Machine.ledger = ledger
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
