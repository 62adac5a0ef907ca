"""Real processes: a worker hears of payments by itself, and the operator's commands see the same database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from uuid import uuid4

from packshot import wiring
from packshot.foundation.billing import commands, inbox, queries
from packshot.settings import settings
from packshot.studio.credits.queries import balance
from tests.conformance.shops import CREDIT, price
from tests.worker.support import WorkerProcess, wait_for

MAIN = [sys.executable, "-c", "from packshot.cli import main; main()"]


def environment(**more: str) -> dict[str, str]:
    found = settings()
    return {
        **os.environ,
        "PACKSHOT_HOME": str(found.home),
        "PACKSHOT_PAYMENTS": "mock",
        "DATABASE_URL": str(found.database_url),
        **more,
    }


def command(*args: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MAIN, *args], env=environment(**more), capture_output=True, text=True, timeout=120
    )


def test_a_worker_hears_of_a_payment_that_nobody_tells_it_of(sold, tenant):
    order = commands.buy(tenant.actor, uuid4(), price("team"), 2, "/billing")
    sold.pay(str(order.ref))
    worker = WorkerProcess(PACKSHOT_PAYMENTS="mock", PACKSHOT_HOME=str(settings().home))
    try:
        wait_for(lambda: balance(tenant.actor).available, lambda found: found == 20_000 * CREDIT)
    finally:
        worker.end()
    assert queries.entitlement(tenant.actor).plan == "team"


def test_reconcile_finds_what_was_never_sent(sold, tenant):
    order = commands.buy(tenant.actor, uuid4(), price("pack-1000", None), 1, "/billing")
    sold.pay(str(order.ref))
    wiring.mock_payments().unsent()  # sent, and lost on the way
    done = command("billing", "reconcile", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["missed"] >= 1
    assert balance(tenant.actor).available == 1500 * CREDIT


def test_a_dead_message_is_shown_and_replayed(sold, tenant, admin):
    order = commands.buy(tenant.actor, uuid4(), price("pack-1000", None), 1, "/billing")
    sold.pay(str(order.ref))
    for headers, body in wiring.mock_payments().unsent():
        inbox.receive("mock", headers, body)
    admin.execute("update billing_message set state = 'dead', error = 'the provider was away'")
    shown = command("billing", "messages", "--json")
    assert shown.returncode == 0, shown.stderr
    dead = json.loads(shown.stdout.splitlines()[-1])
    assert {row["error"] for row in dead} == {"the provider was away"}
    assert balance(tenant.actor).available == 500 * CREDIT
    assert command("billing", "replay", str(dead[0]["id"])).returncode == 0
    assert balance(tenant.actor).available == 1500 * CREDIT
    assert command("billing", "replay", "999999999").returncode == 2


def test_a_provider_that_is_away_is_asked_again_later(sold, tenant, admin, monkeypatch):
    from packshot.ports.payments import PaymentsUnavailable

    order = commands.buy(tenant.actor, uuid4(), price("pack-1000", None), 1, "/billing")
    sold.pay(str(order.ref))

    def away(*args: object) -> None:
        raise PaymentsUnavailable("no route")

    with monkeypatch.context() as patch:
        patch.setattr(wiring.mock_payments(), "fetch", away)
        for headers, body in wiring.mock_payments().unsent():
            inbox.receive("mock", headers, body)
        inbox.work(100)
    states = admin.execute("select state, tries, due_at > clock_timestamp() from billing_message").fetchall()
    assert set(states) == {("waiting", 1, True)}
    admin.execute("update billing_message set due_at = now()")
    while inbox.work():
        pass
    assert balance(tenant.actor).available == 1500 * CREDIT


def test_nothing_is_reconciled_where_nothing_is_sold(own_database, tmp_path):
    done = command("billing", "reconcile", PACKSHOT_PAYMENTS="", PACKSHOT_HOME=str(tmp_path))
    assert done.returncode != 0
