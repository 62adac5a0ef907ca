"""K1-K3, K8-K10: real kills of PostgreSQL and of its clients, on a server that flushes; then `verify`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import psycopg
import pytest

from packshot.db.addresses import parameters
from packshot.db.guard import Guard
from packshot.studio.credits.verify import verify
from tests import homes
from tests.conftest import ROOT
from tests.studio.credits.conftest import Ledger

# One test process, and so one server, for all of them.
pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("ledger-crashes")]

_MIGRATE = """
import os, django
django.setup()
from packshot.db import provision
provision.provision(os.environ["DATABASE_URL"])
provision.migrate(os.environ["DATABASE_URL"])
"""

# Threads that reserve 10 and finalize 7 until standard input closes; a line for every acknowledged command.
_CLIENT = """
import json, sys, threading, uuid
import django
django.setup()
from packshot.studio.credits import commands
wallet, threads = uuid.UUID(sys.argv[1]), int(sys.argv[2])
ending, turn = threading.Event(), threading.Lock()
def say(kind, hold, after):
    with turn:
        print(json.dumps([kind, str(hold), after.seq, after.available]), flush=True)
def work():
    while not ending.is_set():
        hold = uuid.uuid4()
        say("reserve", hold, commands.reserve(wallet, [(hold, 10)], key=f"r{hold}", expires_in=600).after)
        say("finalize", hold, commands.finalize(hold, 7, key=f"f{hold}", policy="cap").after)
workers = [threading.Thread(target=work) for _ in range(threads)]
for worker in workers:
    worker.start()
sys.stdin.read()
ending.set()
for worker in workers:
    worker.join()
"""


@dataclass
class Own:
    """A server of this module's own, fsync on, and a guard that restarts it."""

    guard: Guard
    environment: dict[str, str]

    def connect(self, *, autocommit: bool = True) -> psycopg.Connection:
        """As the owner; waits for a server that is coming back."""
        deadline = time.monotonic() + 60
        while True:
            try:
                known = parameters(self.guard.url, login="packshot_owner")
                return psycopg.connect(**known, autocommit=autocommit)
            except psycopg.OperationalError:
                assert time.monotonic() < deadline

    def wallet(self) -> UUID:
        with self.connect() as connection:
            return Ledger(connection).open(datetime.now(UTC))

    def kill(self) -> None:
        """kill -9 of the postmaster, as a machine would lose it."""
        with psycopg.connect(**parameters(self.guard.url)) as connection:
            (data,) = connection.execute("show data_directory").fetchone() or ("",)
        pid = int(Path(data, "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        process.send_signal(signal.SIGKILL)
        process.wait(30)

    def check(self, wallet: UUID | None = None) -> None:
        with self.connect(autocommit=False) as connection:
            assert verify(connection, wallet).differences == []

    def client(self, wallet: UUID, threads: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", _CLIENT, str(wallet), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=ROOT,
        )


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    home = tmp_path_factory.mktemp("server")
    guard = Guard.over(home)
    environment = {**os.environ, "DATABASE_URL": guard.url}
    subprocess.run([sys.executable, "-c", _MIGRATE], env=environment, cwd=ROOT, check=True)
    yield Own(guard, environment)
    guard.close()
    homes.forget(home)


def hear(client: subprocess.Popen[str], lines: int) -> list[Any]:
    assert client.stdout is not None
    return [json.loads(client.stdout.readline()) for _ in range(lines)]


def test_k10_every_acknowledged_command_survives_the_server_and_the_rest_is_resolved(own):
    wallet = own.wallet()
    client = own.client(wallet, threads=24)
    told = hear(client, 60)
    own.kill()
    told += hear(client, 200)  # K9: what was in flight is sent again under its key; nobody sees an error
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.close()
    told += [json.loads(line) for line in client.stdout]
    assert client.wait(60) == 0
    own.check(wallet)
    with own.connect() as connection:
        answers = dict(
            connection.execute(
                "select key, answer from credits_command where wallet_id = %s", [wallet]
            ).fetchall()
        )
        (row,) = connection.execute("select available, held, seq from credits_wallet where id = %s", [wallet])
    for kind, hold, seq, available in told:
        answer = answers[f"{kind[0]}{hold}"]
        assert (answer["seq"], answer["available"]) == (seq, available)
    pairs = sum(kind == "finalize" for kind, *_ in told)
    assert len(told) == 2 * pairs == len(answers) - 1
    assert row == (500_000_000 - 7 * pairs, 0, 1 + 3 * pairs)


def test_k2_k3_a_killed_client_is_charged_once_whatever_it_had_heard(own):
    wallet = own.wallet()
    client = own.client(wallet, threads=16)
    told = hear(client, 50)
    client.kill()
    client.wait()
    assert client.stdout is not None
    own.check(wallet)
    with own.connect() as connection:
        ledger = Ledger(connection)
        holds = [
            row["id"] for row in ledger.rows("select id::text from credits_hold where wallet_id = %s", wallet)
        ]
        assert {hold for _, hold, *_ in told} <= set(holds)
        opened = ledger.one(
            "select count(*) from credits_hold where wallet_id = %s and state = 'open'", wallet
        )
        # An hour later the holds of the dead have run out; the work was done, and whoever comes after it says so.
        later = datetime.now(UTC) + timedelta(hours=1)
        finals = [
            {"kind": "finalize", "key": f"f{hold}", "actor": None, "hold": hold, "amount": 7, "policy": "cap"}
            for hold in holds
        ]
        for _ in range(2):
            answers = ledger.apply(later, *finals)
            assert [answer["charged"] for answer in answers] == [7] * len(holds)
            assert sum(answer["late"] for answer in answers) == opened
        found = ledger.balance(wallet, datetime.now(UTC))
        assert (found["available"], found["held"], found["debt"]) == (500_000_000 - 7 * len(holds), 0, 0)
    own.check(wallet)


def test_k1_k9_a_reply_that_nobody_read_is_given_again(own):
    wallet = own.wallet()
    command = {
        "kind": "reserve",
        "wallet": str(wallet),
        "key": "once",
        "holds": [{"id": str(uuid4()), "amount": 10}],
        "partial": False,
        "expires_in": 600,
    }
    for _ in range(5):
        connection = own.connect()
        connection.pgconn.send_query_params(b"select credits_apply_v1($1)", [json.dumps([command]).encode()])
        connection.pgconn.flush()
        connection.pgconn.finish()  # cut before the reply
    with own.connect() as connection:
        first, second = (Ledger(connection).apply(None, command) for _ in range(2))
    assert first == second
    assert (first[0]["available"], first[0]["seq"]) == (500_000_000 - 10, 2)
    own.check(wallet)


def test_k8_a_sweep_that_dies_with_the_server_has_done_nothing(own):
    wallet = own.wallet()
    hold = str(uuid4())
    now = datetime.now(UTC)
    sweeper = own.connect()
    Ledger(sweeper).apply(
        now,
        {
            "kind": "reserve",
            "wallet": str(wallet),
            "key": "r",
            "holds": [{"id": hold, "amount": 10}],
            "partial": False,
            "expires_in": 1,
        },
    )
    later = now + timedelta(minutes=1)
    sweeper.autocommit = False
    assert sweeper.execute("select credits_tidy_at_v1(1000, %s)", [later]).fetchone() >= (1,)
    own.kill()
    with own.connect() as connection:
        ledger = Ledger(connection)
        assert ledger.one("select state from credits_hold where id = %s", hold) == "open"
        assert ledger.balance(wallet, later)["held"] == 0
        ledger.one("select credits_tidy_at_v1(1000, %s)", later)
        assert ledger.one("select state from credits_hold where id = %s", hold) == "expired"
    own.check(wallet)


def test_the_whole_server_is_right_after_all_of_it(own):
    own.check()
