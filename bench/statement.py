"""Time of the credits page's reads by the length of one organization's log: the same questions at each size.

    python bench/statement.py [--json] [--sizes 1000,1000000] [--rounds 30]

Organizations with logs of these lengths share one throw-away database on a server of its own. Every round asks every
question of every size once; medians are reported, and each median's ratio to that of the smallest. How fast a log is
read in for the statement is measured on its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# Work of two years on 40 boards, three entries a picture; every five thousandth is a pack.
ENTRIES = """
    insert into public.credits_entry (
        organization_id, wallet_id, seq, kind, amount, hold_id, available_after, held_after, debt_after, at, actor
    )
    select %(organization)s, %(organization)s, n, case when n %% 5000 = 0 then 'topup'
            else (array['reserve', 'debit', 'release'])[1 + n %% 3] end,
        case when n %% 5000 = 0 then 1000000 else -1000000 end,
        null, 0, 0, 0, now() - interval '730 days' * (1 - n::float / %(size)s), %(user)s
    from generate_series(2, %(size)s) as n
"""
LINES = """
    insert into public.statement_line (organization_id, seq, kind, member_id, board_id, model, operation)
    select e.organization_id, e.seq, e.kind, e.actor,
        case when e.kind <> 'topup' then (%(boards)s::uuid[])[1 + e.seq / 3 %% 40] end,
        case when e.kind <> 'topup' then 'model-' || e.seq / 3 %% 5 end,
        case when e.kind <> 'topup' then 'generate' end
    from public.credits_entry as e where e.organization_id = %(organization)s and e.seq > 1
"""
DAYS = """
    insert into public.statement_day
    select e.organization_id, (e.at at time zone 'UTC')::date, e.actor, l.board_id, l.model, l.operation, sum(-e.amount)
    from public.credits_entry as e
    join public.statement_line as l on l.organization_id = e.organization_id and l.seq = e.seq
    where e.organization_id = %(organization)s and e.kind = 'debit'
    group by 1, 2, 3, 4, 5, 6
"""
DATES = """
    insert into public.statement_date
    select organization_id, (at at time zone 'UTC')::date, min(seq)
    from public.credits_entry where organization_id = %(organization)s group by 1, 2
"""


class Bench:
    """The server, and an organization for each size."""

    def __init__(self, home: Path, sizes: list[int]) -> None:
        from packshot.db.guard import Guard

        self.guard = Guard.over(home, {"max_wal_size": "4GB"})
        os.environ |= {"DATABASE_URL": self.guard.url, "PACKSHOT_HOME": str(home), "PACKSHOT_ROLE": "web"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "packshot.web.conf"
        import django

        django.setup()
        from packshot.db import provision

        provision.provision(self.guard.url)
        provision.migrate(self.guard.url)
        self.boards = {size: [uuid4() for _ in range(40)] for size in sizes}
        self.actors = {size: self._person(size) for size in sizes}
        self.fold_s = {size: self._seed(size) for size in sizes}

    def _person(self, size: int) -> Any:
        from django.db import transaction

        from packshot.db.tenancy import Actor
        from packshot.foundation.accounts.models import User
        from packshot.foundation.organizations.commands import open_personal

        with transaction.atomic():
            user = User.objects.create_user(f"bench-{size}@example.com", "a long enough password", name="B")
            return Actor(user.id, open_personal(user.id, "Bench"))

    def _seed(self, size: int) -> float:
        """Fill one log; how long the statement takes to read it in, in seconds."""
        import psycopg

        facts = {
            "organization": self.actors[size].organization_id,
            "user": self.actors[size].user_id,
            "boards": self.boards[size],
            "size": size,
        }
        with psycopg.connect(self.guard.url, autocommit=True) as owner:
            owner.execute(ENTRIES, facts)
            owner.execute(
                "update public.credits_wallet set seq = %(size)s where id = %(organization)s", facts
            )
            owner.execute("vacuum analyze public.credits_entry")
            began = time.perf_counter()
            while owner.execute("select statement_fold_v1(%(organization)s, 5000)", facts).fetchone() != (0,):
                pass
            took = time.perf_counter() - began
            # These entries have no jobs: give their lines boards and models, as those of work have.
            for table in ("line", "day", "date"):
                owner.execute(
                    f"delete from public.statement_{table} where organization_id = %(organization)s", facts
                )
            for statement in (LINES, DAYS, DATES):
                owner.execute(statement, facts)
            owner.execute("vacuum analyze")
        return took

    def questions(self, size: int) -> dict[str, Callable[[], Any]]:
        from django.test import Client

        from packshot.foundation.accounts.models import User
        from packshot.studio.statement import queries
        from packshot.studio.statement.contracts import Filter

        actor, board = self.actors[size], self.boards[size][7]
        today = datetime.now(UTC).date()
        client = Client()
        client.force_login(
            User.objects.get(id=actor.user_id), "allauth.account.auth_backends.AuthenticationBackend"
        )

        def page(before: int | None = None, **wanted: Any) -> Callable[[], Any]:
            return lambda: queries.lines(actor, Filter(**wanted), before)

        def site() -> None:
            answer = client.get("/settings/credits")
            assert answer.status_code == 200, answer.status_code

        day: date = today - timedelta(days=300)
        return {
            "first page": page(),
            "deep page": page(size // 10),
            "a board": page(board=board),
            "a board, deep": page(size // 10, board=board),
            "a model, charged": page(model="model-3", kinds=("debit",)),
            "what came in": page(kinds=("grant", "topup", "monthly_reset")),
            "a week long ago": page(since=day, until=day + timedelta(days=7)),
            "nothing like it": page(model="no-such-model"),
            "usage of 30 days": lambda: queries.usage(actor, today - timedelta(days=29), today),
            "site: the page": site,
        }

    def measure(self, rounds: int) -> list[dict[str, Any]]:
        asked = {size: self.questions(size) for size in self.actors}
        names = list(next(iter(asked.values())))
        times: dict[tuple[str, int], list[float]] = {(name, size): [] for name in names for size in asked}
        for _ in range(rounds):
            for name in names:
                for size, questions in asked.items():
                    began = time.perf_counter()
                    questions[name]()
                    times[name, size].append(1000 * (time.perf_counter() - began))
        least = min(asked)
        return [
            {
                "question": name,
                "entries": size,
                "median_ms": round(statistics.median(times[name, size]), 2),
                "ratio": round(
                    statistics.median(times[name, size]) / statistics.median(times[name, least]), 2
                ),
            }
            for name in names
            for size in asked
        ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sizes", default="1000,1000000")
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "home", [int(size) for size in arguments.sizes.split(",")])
        try:
            found = bench.measure(arguments.rounds)
            read_in = {size: round(size / took) for size, took in bench.fold_s.items()}
        finally:
            bench.guard.close()
    if arguments.json:
        print(json.dumps({"questions": found, "entries_read_in_a_second": read_in}, indent=2))
        return
    for line in found:
        print(f"{line['question']:<20}{line['entries']:>10}{line['median_ms']:>10} ms{line['ratio']:>8}")
    print(f"entries read in a second: {read_in}")


if __name__ == "__main__":
    main()
