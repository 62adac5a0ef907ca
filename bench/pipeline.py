"""Jobs a second from submit to settled, beside the bare queue engine in the same run; memory of a waiting worker;
callbacks absorbed a second.

    python bench/pipeline.py [--json] [--jobs 10000] [--rounds 3]

A server of its own (flushed to disk), one web process that submits, one worker process. A job of the pipeline is
priced, held, queued, claimed, done by the mock at once, settled and charged; the bare engine's message is only
fetched and acknowledged. Rounds of the two alternate, and medians are given. Callbacks are sent signed, over HTTP, to a
web process that verifies and stores each and wakes its job, while a worker works them off; every tenth comes twice.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import logging
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.processes import BARE, WORKER, Web, Worker, free_port, until  # noqa: E402  (found by the path above)
from packshot.adapters.mock.signing import signed  # noqa: E402  (found by the path above)
from packshot.settings import settings  # noqa: E402  (found by the path above)

ORGANIZATIONS = 50
THREADS = 8
VARIANTS = 50
CONNECTIONS = 32


def bare(connect: Any, jobs: int) -> float:
    """The engine's own rate: its own enqueue, an empty handler."""
    from pgqueuer.queries import Queries

    from packshot.worker import main as _schema  # noqa: F401  (says which schema the engine lives in)

    async def enqueue() -> None:
        import asyncpg
        from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver

        from packshot.db.addresses import parameters

        found = parameters(os.environ["DATABASE_URL"])
        connection = await asyncpg.connect(host=found["host"], user=found["user"], database=found["dbname"])
        queries = Queries(AsyncpgDriver(connection))
        for start in range(0, jobs, 400):
            size = min(400, jobs - start)
            await queries.enqueue(["bare"] * size, [b"x" * 73] * size, [0] * size)
        await connection.close()

    with Worker(BARE):
        began = time.monotonic()
        asyncio.run(enqueue())
        until(lambda: count(connect, "pgq.pgqueuer where entrypoint = 'bare'") == 0)
        return jobs / (time.monotonic() - began)


def pipeline(connect: Any, actors: list[Any], jobs: int, model: str = "mock-nothing") -> float:
    """The whole road."""
    before = count(connect, "public.generation_settlement")
    with Worker(WORKER):
        began = time.monotonic()
        submit(actors, jobs, model, {"output": "none"} if model == "mock-nothing" else {})
        until(lambda: count(connect, "public.generation_settlement") - before >= jobs)
        return jobs / (time.monotonic() - began)


def submit(actors: list[Any], jobs: int, model: str, script: dict[str, Any]) -> None:
    from uuid_utils.compat import uuid7

    from packshot.studio.generation import commands
    from packshot.studio.generation.contracts import Order

    def one(i: int) -> None:
        asked = Order(
            None, "generate", model, "", str(uuid7()), min(VARIANTS, jobs), parameters={"script": script}
        )
        commands.submit(actors[i % len(actors)], asked)

    with ThreadPoolExecutor(THREADS) as threads:
        for done in threads.map(one, range(max(1, jobs // VARIANTS))):
            assert done is None


def callbacks(connect: Any, actors: list[Any], number: int) -> dict[str, float]:
    """So many jobs wait for their provider, and are called back all at once on `CONNECTIONS` connections.

    At most a batch of each organization: what is above an organization's limit would not wait yet.
    """
    from packshot.studio.generation import callbacks as addresses

    port = free_port()
    before = count(connect, "public.generation_settlement")
    with Worker(WORKER, PACKSHOT_WORKER_TASKS="1200"), Web(port):
        submit(
            actors, number, "mock-nothing",
            {"output": "none", "answer": "poll", "delay_s": 0, "poll_after_s": 3600},
        )  # fmt: skip
        until(lambda: count(connect, "public.generation_job where state = 'waiting'") >= number)
        waiting = connect.execute(
            "select organization_id, id, provider_ref from public.generation_job where state = 'waiting'"
        ).fetchall()
        sent = [(addresses.address("mock", row[0], row[1]), row[2]) for row in waiting]
        sent += sent[::10]
        began = time.monotonic()
        took = asyncio.run(call_back(port, sent))
        absorbed = time.monotonic() - began
        until(lambda: count(connect, "public.generation_settlement") - before >= number)
        settled = time.monotonic() - began
        assert count(connect, "public.generation_settlement") - before == number
    took.sort()
    return {
        "absorbed_per_s": round(len(sent) / absorbed),
        "p50_ms": round(took[len(took) // 2] * 1000, 1),
        "p99_ms": round(took[len(took) * 99 // 100] * 1000, 1),
        "settled_per_s": round(number / settled),
    }


async def call_back(port: int, sent: list[tuple[str, str]]) -> list[float]:
    """Deliver each callback once its connection is free; the seconds from sent to answered."""
    key = hmac.new(settings().secret().encode(), b"mock", hashlib.sha256).digest()
    left = iter(sent)
    took: list[float] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for address, ref in left:
            body = json.dumps({"ref": ref, "event": f"{ref}-done", "status": "done"}).encode()
            path = address.partition("/hooks")[2]
            headers = {
                "Host": "127.0.0.1",
                "Content-Length": str(len(body)),
                **signed(key, body, time.time()),
            }
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            began = time.monotonic()
            writer.write(f"POST /hooks{path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            status = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
            assert status == b"204", status
            took.append(time.monotonic() - began)
        writer.close()

    await asyncio.gather(*[one() for _ in range(CONNECTIONS)])
    return took


def memory(connect: Any, actors: list[Any]) -> dict[str, float]:
    """Resident megabytes of a worker that idles, that awaits 1,000 providers, and that has parked 1,000 jobs."""
    import psutil

    from packshot.studio.generation import commands, queries

    found = {}
    with Worker(WORKER, PACKSHOT_WORKER_TASKS="1200") as process:
        resident = psutil.Process(process.pid).memory_info
        found["idle"] = resident().rss / 2**20
        for name, script, state in (
            ("awaiting_1000", {"delay_s": 600}, "running"),
            ("parked_1000", {"answer": "poll", "delay_s": 600, "poll_after_s": 600}, "waiting"),
        ):
            submit(actors, 1000, "mock-nothing", script)
            until(
                lambda state=state: count(connect, f"public.generation_job where state = '{state}'") >= 1000
            )
            found[name] = resident().rss / 2**20
            for actor in actors:
                for batch_id in queries.running(actor).batches:
                    commands.cancel_batch(actor, batch_id)
            until(lambda: count(connect, "public.generation_job where finished_at is null") == 0)
    return found


def count(connect: Any, what: str) -> int:
    return int(connect.execute(f"select count(*) from {what}").fetchone()[0])


def prepare(home: Path) -> Any:
    """A server and a schema for this run, and Django as the web's login."""
    # The free plan's few jobs at once are not what is measured.
    plans = (ROOT / "packshot/foundation/billing/plans.toml").read_text()
    (home.parent / "plans.toml").write_text(
        plans.replace("concurrent_jobs = 4 }", "concurrent_jobs = 64 }", 1)
    )
    os.environ |= {
        "PACKSHOT_PLANS": str(home.parent / "plans.toml"),
        "PACKSHOT_HOME": str(home),
        "PACKSHOT_ROLE": "web",
        "PACKSHOT_MOCK_PROVIDER": "true",
        # Named in the addresses of callbacks, which are sent to the port itself.
        "PACKSHOT_PUBLIC_URL": "http://127.0.0.1:8730",
        "PACKSHOT_ORGANIZATION_JOBS": "64",
        "PACKSHOT_DATABASE_POOL": "10",
        "DJANGO_SETTINGS_MODULE": "packshot.web.conf",
    }
    from packshot.db.guard import Guard

    guard = Guard.over(home)
    os.environ["DATABASE_URL"] = guard.url
    from packshot import installation

    installation.set_up_django()
    logging.getLogger().setLevel(logging.WARNING)  # a web process of its own would not write to this terminal
    from packshot.db import provision

    provision.provision(guard.url)
    provision.migrate(guard.url)
    return guard


def people() -> list[Any]:
    from django.db import connection, transaction

    from packshot.db.tenancy import Actor
    from packshot.foundation.accounts.models import User
    from packshot.foundation.organizations.commands import open_personal

    found = []
    for i in range(ORGANIZATIONS):
        with transaction.atomic():
            user = User.objects.create(email=f"{i}@example.com", name="P")
            found.append(Actor(user.id, open_personal(user.id, "Studio")))
    connection.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    import psycopg

    from packshot.db import server as servers

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        guard = prepare(home)
        try:
            with psycopg.connect(guard.url, autocommit=True) as connect:
                actors = people()
                connect.execute(
                    "select credits_adjust_v1(id, 'bench', null, 1000000000000, '{}') from credits_wallet"
                )
                engine, road = [], []
                for _ in range(asked.rounds):
                    engine.append(bare(connect, asked.jobs))
                    road.append(pipeline(connect, actors, asked.jobs))
                pictures = pipeline(connect, actors, 500, "mock-scene")
                called = callbacks(connect, actors, ORGANIZATIONS * VARIANTS)
                held = memory(connect, actors)
        finally:
            guard.close()
            shutil.rmtree(servers.places(home).base)
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "jobs": asked.jobs,
        "organizations": ORGANIZATIONS,
        "engine_per_s": round(statistics.median(engine)),
        "engine_rounds": [round(x) for x in engine],
        "pipeline_per_s": round(statistics.median(road)),
        "pipeline_rounds": [round(x) for x in road],
        "share": round(statistics.median(road) / statistics.median(engine), 3),
        "with_stored_pictures_per_s": round(pictures, 1),
        "callbacks": called,
        "worker_rss_mb": {name: round(value, 1) for name, value in held.items()},
    }
    if asked.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:28} {value}")


if __name__ == "__main__":
    main()
