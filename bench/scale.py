"""What a load needs of an installation: bytes a picture measured here and now, the rest arithmetic.

    python bench/scale.py [--json] [--pictures-a-day 100000] [--peak 4] [--provider-s 20] [--years 1] [--jobs 2000]

So many pictures are ordered, made by the mock, stored and settled on a server of its own; what each table and the
blobs grew by is divided by their number. `--peak` is how many times the average the busiest hour is. What is said to
be needed is what these measurements give: `docs/scale.md` says where each ceiling lies and what is done about it.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.pipeline import people, pipeline, prepare  # noqa: E402  (found by the path above)

DAY_S = 86_400
WORKER_TASKS = 400
"""Jobs that one worker process carries at once, most of them waiting for a provider: `PACKSHOT_WORKER_TASKS`."""

SIZES = """
    select c.relname, pg_total_relation_size(c.oid)
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname = 'public' and c.relname <> 'assets_doomed'
"""
"""Of what stays: the queue and what waits to be erased are emptied again."""


@dataclass(frozen=True)
class Load:
    pictures_a_day: int
    peak: float
    provider_s: float
    years: float


@dataclass(frozen=True)
class Measured:
    pictures_per_s: float
    """Submitted to settled, stored with thumbnails, on one database, web and worker of this machine."""
    jobs_per_s: float
    """The same without pictures: what the database and the worker's event loop carry."""
    database_bytes: dict[str, float]
    """Of one picture, by table with its indexes; tables under 10 bytes left out."""
    blob_bytes: float


def measure(jobs: int) -> Measured:
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
                bare = pipeline(connect, actors, jobs)
                before = dict(connect.execute(SIZES).fetchall())
                rate = pipeline(connect, actors, jobs, "mock-scene")
                after = dict(connect.execute(SIZES).fetchall())
        finally:
            guard.close()
            blobs = sum(file.stat().st_size for file in (home / "blobs").rglob("*") if file.is_file())
            shutil.rmtree(servers.places(home).base)
    grown = {name: (size - before.get(name, 0)) / jobs for name, size in after.items()}
    kept = {name: round(size, 1) for name, size in sorted(grown.items(), key=lambda kv: -kv[1]) if size >= 10}
    return Measured(round(rate, 1), round(bare), kept, round(blobs / jobs))


def needs(load: Load, found: Measured) -> dict[str, Any]:
    """The arithmetic, each line from the ones above it."""
    a_second = load.pictures_a_day / DAY_S * load.peak
    waiting = a_second * load.provider_s
    rows = sum(found.database_bytes.values())
    days = load.years * 365
    return {
        "pictures_a_second_at_peak": round(a_second, 2),
        "share_of_this_machine_s_database": f"{a_second / found.jobs_per_s:.1%}",
        "jobs_that_wait_for_a_provider_at_peak": math.ceil(waiting),
        "workers_for_the_waiting": math.ceil(waiting / WORKER_TASKS),
        "machines_like_this_for_the_pixels": round(a_second / found.pictures_per_s, 2),
        "database_gb": round(load.pictures_a_day * days * rows / 1e9, 1),
        "blobs_gb_with_these_tiny_pictures": round(load.pictures_a_day * days * found.blob_bytes / 1e9, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pictures-a-day", type=int, default=100_000)
    parser.add_argument("--peak", type=float, default=4)
    parser.add_argument("--provider-s", type=float, default=20)
    parser.add_argument("--years", type=float, default=1)
    parser.add_argument("--jobs", type=int, default=2000)
    asked = parser.parse_args()
    load = Load(asked.pictures_a_day, asked.peak, asked.provider_s, asked.years)
    found = measure(asked.jobs)
    result = {"load": asdict(load), "measured": asdict(found), "needs": needs(load, found)}
    if asked.json:
        print(json.dumps(result))
        return
    for part, values in result.items():
        print(part)
        for name, value in values.items():
            print(f"  {name:40} {value}")


if __name__ == "__main__":
    main()
