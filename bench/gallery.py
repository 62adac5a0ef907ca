"""Time and bytes of a gallery's first page, a deep page, a search and select-all, by the size of the organization.

    python bench/gallery.py [--json] [--sizes 1000,100000,1000000] [--rounds 60]

Organizations of these sizes share one throw-away database on a server of its own. Every round asks every question of
every size once, so that what the machine does meanwhile meets them all alike; medians and 95th percentiles of the
rounds are reported, and each median's ratio to that of the smallest organization. Through the room's queries; through
the pages too, where they are there.
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
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# Pictures of two years; half of the prompts say "studio", five of each organization's say "zephyr".
SEED = """
    insert into public.assets_asset (
        organization_id, id, board_id, job_id, origin, operation, state, name, sha256, media_type, bytes, width, height,
        placeholder, source_type, prompt, seed, created_by, created_at, kind, model, tags, colours, phash, favourite
    )
    select
        %(organization)s,
        (substr(public.assets_first_id_v1(m.at)::text, 1, 14) || '7'
            || substr(gen_random_uuid()::text, 16))::uuid,
        (%(boards)s::uuid[])[1 + n %% 4], gen_random_uuid(), 'generated', 'generate',
        'ready', 'picture-' || n || '.jpg',
        repeat('0', 64), 'image/jpeg', 250000, (array[1024, 1024, 768, 1920])[1 + n %% 4],
        (array[1024, 1280, 1024, 1080])[1 + n %% 4], repeat('x', 120), 'compositeSynthetic',
        'A ' || w.words[1 + (random() * 199)::integer] || ' on ' || w.words[1 + (random() * 199)::integer] || ' with '
            || w.words[1 + (random() * 199)::integer] || ', ' || w.words[1 + (random() * 199)::integer] || ' light'
            || case when n %% 2 = 0 then ', studio' else '' end
            || case when n %% %(rare)s::integer = 0 then ', zephyr' else '' end,
        n, %(user)s, m.at, 'picture', (array['local-scene', 'mock-scene', 'mock-remote'])[1 + n %% 3],
        case when n %% 10 = 0 then array[w.words[1 + n %% 40]] else '{}'::text[] end,
        array[(array['red', 'blue', 'grey', 'white', 'brown'])[1 + n %% 5]],
        ((random() - 0.5) * 1.8e19)::bigint, n %% 500 = 0
    from generate_series(%(first)s::integer, %(last)s::integer) as n
    cross join lateral (
        select timestamptz '2024-11-01' + n * (interval '730 days' / %(size)s::integer) as at
    ) as m
    cross join (select array_agg('word' || g || chr(97 + g %% 26)) as words from generate_series(1, 200) as g) as w
"""
CHUNK = 50_000


class Bench:
    """The server, and an organization of each size."""

    def __init__(self, home: Path, sizes: list[int]) -> None:
        from packshot.db.guard import Guard

        self.guard = Guard.over(home, {"max_wal_size": "8GB", "maintenance_work_mem": "256MB"})
        os.environ |= {"DATABASE_URL": self.guard.url, "PACKSHOT_HOME": str(home), "PACKSHOT_ROLE": "web"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "packshot.web.conf"
        import django

        django.setup()
        from packshot.db import provision

        provision.provision(self.guard.url)
        provision.migrate(self.guard.url)
        self.actors = {size: self._person(size) for size in sizes}
        self._fill()

    def _person(self, size: int) -> Any:
        from django.db import transaction

        from packshot.db.tenancy import Actor
        from packshot.foundation.accounts.models import User
        from packshot.foundation.organizations.commands import open_personal

        with transaction.atomic():
            user = User.objects.create_user(f"bench-{size}@example.com", "a long enough password", name="B")
            return Actor(user.id, open_personal(user.id, "Bench"))

    def _fill(self) -> None:
        import psycopg

        with psycopg.connect(self.guard.url, autocommit=True) as owner:
            # Built after the rows are there, as any restored database has them.
            indexes = owner.execute(
                "select i.indexdef, i.indexname from pg_indexes as i where i.tablename = 'assets_asset'"
                " and not exists (select from pg_constraint as c where c.conname = i.indexname)"
            ).fetchall()
            for _, name in indexes:
                owner.execute(f"drop index public.{name}")
            owner.execute("select setseed(0.5)")
            self.boards = {size: self._seed(owner, size) for size in self.actors}
            for definition, _ in indexes:
                owner.execute(definition)
            owner.execute("vacuum analyze")

    def _seed(self, owner: Any, size: int) -> Any:
        actor = self.actors[size]
        boards = [
            row[0]
            for row in owner.execute(
                "insert into public.boards_board (organization_id, id, slug, title, created_by)"
                " select %s, app.uuid7(), public.boards_slug_v1(), 'Board', %s from generate_series(1, 4) returning id",
                [actor.organization_id, actor.user_id],
            )
        ]
        owner.execute(
            "insert into public.assets_blob (organization_id, sha256, size, media_type)"
            " values (%s, repeat('0', 64), 250000, 'image/jpeg')",
            [actor.organization_id],
        )
        for first in range(1, size + 1, CHUNK):
            facts = {
                "organization": actor.organization_id, "user": actor.user_id, "boards": boards, "size": size,
                "rare": max(1, size // 5), "first": first, "last": min(size, first + CHUNK - 1),
            }  # fmt: skip
            owner.execute(SEED, facts)
        return boards[0]

    def questions(self, size: int) -> dict[str, Callable[[], Any]]:
        from packshot.studio.assets import queries
        from packshot.studio.assets.contracts import Search

        actor, board = self.actors[size], self.boards[size]
        deep, deep_on_board = self._deep(size), self._deep(size, board)
        common, rare = Search(text="studio"), Search(text="zephyr")

        def everything(search: Search) -> tuple[Any, Any]:
            return queries.newest(actor, search), queries.count(actor, search)

        found: dict[str, Callable[[], Any]] = {
            "first page": lambda: queries.page(actor, Search()),
            "deep page": lambda: queries.page(actor, Search(), deep),
            "first page of a board": lambda: queries.page(actor, Search(board=board)),
            "deep page of a board": lambda: queries.page(actor, Search(board=board), deep_on_board),
            "search, common word": lambda: queries.page(actor, common),
            "search, common word, deep": lambda: queries.page(actor, common, deep),
            "search, rare word": lambda: queries.page(actor, rare),
            "search, one word without another": lambda: queries.page(actor, Search(text="studio -word7h")),
            "select all": lambda: everything(Search()),
            "select all, common word": lambda: everything(common),
            "select all, rare word": lambda: everything(rare),
            "facets": lambda: queries.facets(actor),
        }
        return found | self._pages(size, deep)

    def _deep(self, size: int, board: Any = None) -> Any:
        """The picture at nine tenths of the way down, where a whole page still follows."""
        import psycopg

        where = "" if board is None else f" and board_id = '{board}'"
        number = size if board is None else size // 4
        with psycopg.connect(self.guard.url) as owner:
            row = owner.execute(
                "select id from public.assets_asset where organization_id = %s" + where + " order by id desc"
                " offset %s limit 1",
                [self.actors[size].organization_id, number * 6 // 10 if number < 1000 else number * 9 // 10],
            ).fetchone()
        assert row is not None
        return row[0]

    def _pages(self, size: int, deep: Any) -> dict[str, Callable[[], Any]]:
        """The same through the site, as a browser asks."""
        from django.test import Client
        from django.urls import NoReverseMatch, reverse

        from packshot.foundation.accounts.models import User

        try:
            whole, part = reverse("library"), reverse("pictures-page")
        except NoReverseMatch:
            return {}
        client = Client()
        client.force_login(
            User.objects.get(id=self.actors[size].user_id),
            "allauth.account.auth_backends.AuthenticationBackend",
        )

        def get(path: str) -> bytes:
            answer = client.get(path, headers={"Accept-Encoding": "gzip"})
            assert answer.status_code == 200, (path, answer.status_code)
            return answer.content

        return {
            "site: first page": lambda: get(whole),
            "site: deep page": lambda: get(f"{part}?after={deep}"),
            "site: search": lambda: get(f"{whole}?q=zephyr"),
        }

    def measure(self, rounds: int) -> list[dict[str, Any]]:
        asked = {size: self.questions(size) for size in self.actors}
        times: dict[tuple[str, int], list[float]] = {}
        sizes: dict[tuple[str, int], int | None] = {}
        for turn in range(rounds + 3):
            for size, questions in asked.items():
                for name, ask in questions.items():
                    began = time.perf_counter()
                    answer = ask()
                    took = (time.perf_counter() - began) * 1000
                    if turn >= 3:  # the first turns warm what is cold
                        times.setdefault((name, size), []).append(took)
                    sizes[name, size] = len(answer) if isinstance(answer, bytes) else None
        smallest = min(self.actors)
        return [
            {
                "question": name,
                "pictures": size,
                "median_ms": round(statistics.median(taken), 2),
                "p95_ms": round(statistics.quantiles(taken, n=20)[-1], 2),
                "ratio": round(statistics.median(taken) / statistics.median(times[name, smallest]), 2),
                "bytes": sizes[name, size],
            }
            for (name, size), taken in sorted(
                times.items(), key=lambda each: (list(asked[smallest]).index(each[0][0]), each[0][1])
            )
        ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sizes", default="1000,100000,1000000")
    parser.add_argument("--rounds", type=int, default=60)
    asked = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(Path(home), [int(size) for size in asked.sizes.split(",")])
        seeded = time.perf_counter() - began
        try:
            rows = bench.measure(asked.rounds)
        finally:
            from django.db import connections

            connections.close_all()
            bench.guard.close()
    load = os.getloadavg()[0]
    if asked.json:
        print(json.dumps({"load": load, "seeded_s": round(seeded), "rows": rows}, indent=1))
        return
    print(f"load {load:.1f}; seeded in {seeded:.0f} s")
    for row in rows:
        size = "" if row["bytes"] is None else f"{row['bytes']:>9,} B"
        print(
            f"{row['question']:<34}{row['pictures']:>10,}{row['median_ms']:>9.2f} ms"
            f"{row['p95_ms']:>9.2f} p95  x{row['ratio']:.2f} {size}"
        )


if __name__ == "__main__":
    main()
