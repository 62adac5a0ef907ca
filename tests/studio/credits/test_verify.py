"""I1, I2, I5: nobody rewrites the log; whoever does it anyway is found; an explanation sums to the balance."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from packshot.db.addresses import parameters
from packshot.studio.credits.cli import app
from packshot.studio.credits.explain import explain
from packshot.studio.credits.verify import verify
from tests.studio.credits.conftest import Ledger

START = datetime(2027, 1, 17, 9, 30, tzinfo=UTC)
TABLES = [
    "credits_wallet",
    "credits_lot",
    "credits_hold",
    "credits_holdlot",
    "credits_entry",
    "credits_command",
]


def lived_in(ledger: Ledger):
    """A wallet with some of everything behind it."""
    wallet = ledger.open(START)
    holds = [str(uuid4()) for _ in range(4)]

    def run(at, **command):
        (answer,) = ledger.apply(at, {"key": str(uuid4()), "wallet": str(wallet), **command})
        assert answer["ok"], answer
        return answer

    run(
        START, kind="reserve", partial=False, expires_in=600, holds=[{"id": h, "amount": 1000} for h in holds]
    )
    run(START, kind="finalize", hold=holds[0], amount=700, policy="cap")
    run(START, kind="release", hold=holds[1])
    lot = run(START, kind="topup", amount=5000, ref="pack:1")["lot"]
    late = START + timedelta(hours=1)
    run(late, kind="finalize", hold=holds[2], amount=500, policy="cap")
    run(late, kind="refund", hold=holds[0], amount=100)
    run(late, kind="freeze", lot=lot)
    run(late, kind="claw", lot=lot, amount=2000)
    run(late, kind="unfreeze", lot=lot)
    run(late, kind="adjust", amount=-3, note={"why": "a test"})
    run(late, kind="reserve", partial=False, expires_in=600, holds=[{"id": str(uuid4()), "amount": 50}])
    return wallet


def check(ledger: Ledger, wallet):
    with psycopg.connect(ledger.connection.info.dsn, password=ledger.connection.info.password) as reading:
        return verify(reading, wallet)


def test_a_lived_in_wallet_is_right(ledger):
    report = check(ledger, lived_in(ledger))
    assert report.differences == []
    assert (report.wallets, report.available) == (1, 500_000_000 - 600 - 500 + 3000 - 3 - 50)
    assert report.held == 50


@pytest.mark.parametrize("role", ["packshot_web", "packshot_worker", "packshot_staff"])
@pytest.mark.parametrize("table", TABLES)
def test_no_login_writes_a_table_of_the_ledger(login, role, table):
    connection = login(role)
    statements = [f"delete from {table}", f"truncate {table}", f"insert into {table} select * from {table}"]
    column = "at" if table in ("credits_entry", "credits_command") else "organization_id"
    for statement in [*statements, f"update {table} set {column} = {column}"]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    if role != "packshot_staff":
        connection.execute("set role packshot_member")
        for statement in [*statements, f"update {table} set {column} = {column}"]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize("role", ["packshot_web", "packshot_worker"])
def test_only_staff_adjusts_and_nobody_turns_the_clock(login, ledger, role):
    wallet = ledger.open(START)
    connection = login(role)
    command = {"kind": "adjust", "wallet": str(wallet), "key": "a", "amount": 5}
    (answer,) = connection.execute("select credits_apply_v1(%s)", [json.dumps([command])]).fetchone()[0]
    assert answer == {"ok": False, "code": "invalid", "message": "Only staff may do this."}
    for forbidden in (
        "select credits_staff_apply_v1('[]')",
        "select credits_apply_at_v1('[]', now())",
        "select credits_adjust_v1(null, null, null, null, null)",
        "select credits_balance_at_v1(gen_random_uuid(), now())",
        "select credits_open_wallet_at_v1(gen_random_uuid(), now())",
        "select credits_save(null, null, null, null, null)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(forbidden)
    with login("packshot_staff") as staff:
        (done,) = staff.execute(
            "select credits_adjust_v1(%s, 'b', null, 5, %s)", [wallet, json.dumps({"why": "sorry"})]
        ).fetchone()
    assert done["ok"]


@pytest.mark.parametrize("table", ["credits_entry", "credits_command", "credits_holdlot"])
def test_not_even_the_owner_rewrites_the_log(ledger, table):
    lived_in(ledger)
    for statement in (
        f"delete from {table}",
        f"update {table} set organization_id = organization_id",
        f"truncate {table}",
    ):
        with pytest.raises(psycopg.Error, match="append-only"):
            ledger.connection.execute(statement)


TAMPERINGS = {
    "amount of an entry": "update credits_entry set amount = amount - 1 where {w} and kind = 'debit'",
    "balance of an entry": "update credits_entry set available_after = available_after + 1 where {w} and seq = 3",
    "kind of an entry": "update credits_entry set kind = 'refund' where {w} and kind = 'adjust'",
    "lot of an entry": "update credits_entry set lot_id = gen_random_uuid() where {w} and kind = 'debit'",
    "hold of an entry": "update credits_entry set hold_id = gen_random_uuid() where {w} and kind = 'debit'",
    "a missing entry": "delete from credits_entry where {w} and seq = 4",
    "a missing last entry": "delete from credits_entry where {w} and kind = 'reserve' and amount = -50",
    "time of an entry": "update credits_entry set at = at - interval '1 day' where {w} and seq = 5",
    "command of an entry": "update credits_entry set command = 'mine' where {w} and seq = 6",
    "available": "update credits_wallet set available = available + 1 where id = '{id}'",
    "held": "update credits_wallet set held = held + 1 where id = '{id}'",
    "debt": "update credits_wallet set debt = debt + 1 where id = '{id}'",
    "seq": "update credits_wallet set seq = seq + 1 where id = '{id}'",
    "a lot": "update credits_lot set remaining = remaining - 1 where {w} and source = 'included'",
    "granted": "update credits_lot set granted = granted + 1 where {w} and source = 'purchased'",
    "frozen": "update credits_lot set frozen = 1 where {w} and source = 'purchased'",
    "a missing lot": "delete from credits_lot where {w} and source = 'purchased'",
    "charged": "update credits_hold set charged = charged + 1 where {w} and late",
    "refunded": "update credits_hold set refunded = 0 where {w} and refunded > 0",
    "state": "update credits_hold set state = 'finalized' where {w} and state = 'released'",
    "an open hold": "update credits_hold set state = 'released', ended_at = now() where {w} and state = 'open'",
    "a missing hold": "delete from credits_hold where {w} and late",
    "the lineage": "update credits_holdlot set amount = amount + 1 where organization_id = '{id}'",
    "a missing command": "delete from credits_command where {w} and (answer ->> 'charged')::bigint = 700",
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found(ledger, admin, what):
    wallet = lived_in(ledger)
    assert check(ledger, wallet).clean
    with admin.transaction():
        # Whoever can switch triggers off: a superuser with the file in hand.
        admin.execute("set local session_replication_role = replica")
        done = admin.execute(TAMPERINGS[what].format(w=f"wallet_id = '{wallet}'", id=wallet))
        assert done.rowcount > 0
    report = check(ledger, wallet)
    assert not report.clean
    assert all(difference.what for difference in report.differences)


@pytest.mark.parametrize("minutes", [-1, 0, 5, 60, 24 * 60, 60 * 24 * 40])
def test_an_explanation_sums_to_the_balance(ledger, minutes):
    wallet = lived_in(ledger)
    at = START + timedelta(minutes=minutes)
    with psycopg.connect(ledger.connection.info.dsn, password=ledger.connection.info.password) as reading:
        found = explain(reading, wallet, at)
    pending = {"available": 0, "held": 0}
    for step in found.pending:
        pending["available"] += step.amount
        pending["held"] -= step.amount if step.kind == "release" else 0
    assert sum(lot.parts.remaining for lot in found.lots) + pending["available"] == found.available
    assert sum(found.open_holds.values()) + pending["held"] == found.held
    if minutes >= 60:
        now = ledger.balance(wallet, at)
        assert (found.available, found.held, found.debt) == (now["available"], now["held"], now["debt"])
    if minutes == 60 * 24 * 40:
        assert {step.kind for step in found.pending} == {"release", "expire", "monthly_reset"}


def test_the_command_line(ledger):
    wallet = lived_in(ledger)
    run = CliRunner().invoke
    checked = run(app, ["verify", "--json"])
    assert json.loads(checked.stdout)["wallets"] >= 1
    told = run(app, ["explain", str(wallet), "--at", "2027-01-17T12:00:00"])
    assert told.exit_code == 0
    assert "monthly_reset" in told.stdout
    document = json.loads(
        run(app, ["explain", str(wallet), "--at", (START + timedelta(hours=2)).isoformat(), "--json"]).stdout
    )
    assert document["debt"] == 0
    assert run(app, ["explain", str(uuid4())]).exit_code == 2
    assert run(app, ["explain", str(wallet), "--at", "yesterday"]).exit_code == 2


def test_verify_exits_with_1_and_says_why(fresh_database, monkeypatch):
    from django.conf import settings

    monkeypatch.setitem(
        settings.DATABASES["owner"], "NAME", fresh_database.url.partition("?")[0].rsplit("/", 1)[1]
    )
    with psycopg.connect(**parameters(fresh_database.url, login="packshot_owner"), autocommit=True) as owner:
        wallet = lived_in(Ledger(owner))
        assert CliRunner().invoke(app, ["verify"]).exit_code == 0
        owner.execute("update credits_wallet set available = available + 1")
    found = CliRunner().invoke(app, ["verify"])
    assert found.exit_code == 1
    assert f"wallet {wallet}: the log says available is" in found.stdout
