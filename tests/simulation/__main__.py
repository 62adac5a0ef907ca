"""`python -m tests.simulation --seeds 500`: play many seeds; exit code 1 with the first story that breaks a promise."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time

import structlog

from tests import conftest


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many, from --first on")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, help="play this one alone and tell its story")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--keep-going", action="store_true", help="play the other seeds too when one fails")
    parser.add_argument("--json", action="store_true", help="one line for each seed")
    given = parser.parse_args()
    server = conftest.Server()
    try:
        os.environ["DATABASE_URL"] = server.database_url
        return _play(given, server.database_url)
    finally:
        server.close()


def _play(given: argparse.Namespace, url: str) -> int:
    import django
    import psycopg

    django.setup()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    from tests.simulation.simulation import run, stage

    seeds = range(given.first, given.first + given.seeds) if given.seed is None else [given.seed]
    failed, steps, faults, began = [], 0, 0, time.monotonic()
    with psycopg.connect(url, autocommit=True) as admin, stage(admin) as world:
        for seed in seeds:
            story = run(world, seed, steps=given.steps)
            steps, faults = steps + story.steps, faults + story.faults
            if given.json:
                print(json.dumps({"seed": seed, "wrong": story.wrong, "steps": story.steps}), flush=True)
            if (story.wrong is not None or given.seed is not None) and not given.json:
                print("\n".join((f"seed {seed}", *story.lines)))
                print(f"seed {seed}: {story.wrong or 'clean'}", flush=True)
            if story.wrong is not None:
                failed.append(seed)
                if not given.keep_going:
                    break
    if not given.json:
        print(
            f"{len(seeds)} seeds, {steps} steps, {faults} faults, {time.monotonic() - began:.0f} s; "
            f"{len(failed)} failed: {failed}"
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
