"""A page costs what it shows, however long the log: the rows that are read are counted, not the time."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

LINES = 30_000
PAGE = 51
_RARE = 3_000
"""One line in so many is a pack that was bought."""


class Long:
    """An organization with a log of LINES entries of work by three members on 20 boards, and a few packs."""

    def __init__(self, connection: psycopg.Connection, organization: UUID, owner: UUID, member: UUID) -> None:
        self.connection = connection
        self.organization, self.owner, self.member = organization, owner, member
        self.boards = [uuid4() for _ in range(20)]
        self._fill()

    def _fill(self) -> None:
        self.connection.execute(
            """
            insert into credits_entry (
                organization_id, wallet_id, seq, kind, amount, available_after, held_after, debt_after, at
            )
            select %(o)s, %(o)s, n, case when n %% %(rare)s = 0 then 'topup'
                else (array['reserve', 'debit', 'release'])[1 + n %% 3] end, 1, 1, 0, 0,
                '2027-01-01'::timestamptz + n * interval '3 minutes'
            from generate_series(2, %(lines)s) as n
            """,
            {"o": self.organization, "lines": LINES, "rare": _RARE},
        )
        self.connection.execute(
            """
            insert into statement_line (organization_id, seq, kind, member_id, board_id, model, operation)
            select e.organization_id, e.seq, e.kind, (%(members)s::uuid[])[1 + e.seq %% 2],
                case when e.kind <> 'topup' then (%(boards)s::uuid[])[1 + e.seq / 3 %% 20] end,
                case when e.kind <> 'topup' then 'model-' || e.seq / 3 %% 5 end, 'generate'
            from credits_entry as e where e.organization_id = %(o)s and e.seq > 1
            """,
            {"o": self.organization, "members": [self.owner, self.member], "boards": self.boards},
        )
        self.connection.execute(
            """
            insert into statement_date
            select organization_id, (at at time zone 'UTC')::date, min(seq) from credits_entry
            where organization_id = %s group by 1, 2
            """,
            [self.organization],
        )
        self.connection.execute("analyze statement_line, credits_entry, statement_date")

    def read(self, who: UUID, wanted: dict, before: int | None = None) -> tuple[int, dict[str, int]]:
        """How many lines a page has, and how many rows of each table were read for it."""
        with self.connection.transaction():
            self.connection.execute(
                "select set_config('app.user_id', %s, true), set_config('app.organization_id', %s, true)",
                [str(who), str(self.organization)],
            )
            before_reading = self._counters()
            found = self.connection.execute(
                "select * from statement_lines_v1(%s, %s, %s)", [Jsonb(wanted), before, PAGE]
            ).fetchall()
            after = self._counters()
        return len(found), {table: after[table] - before_reading[table] for table in after}

    def _counters(self) -> dict[str, int]:
        rows = self.connection.execute(
            """
            select relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables
            where relname in ('statement_line', 'credits_entry', 'statement_date', 'statement_day')
            """
        )
        return {name: int(count) for name, count in rows}


@pytest.fixture
def long(own_database, new_tenant, join, login) -> Long:
    tenant = new_tenant()
    member = join(tenant)
    return Long(login("packshot_owner"), tenant.organization_id, tenant.user_id, member.user_id)


def test_a_page_reads_what_it_shows(long):
    wanted = {
        "everything": {},
        "charged": {"kinds": ["debit"]},
        "a member": {"member": str(long.member)},
        "a board": {"board": str(long.boards[7])},
        "a model": {"model": "model-3"},
        "a day": {"since": "2027-01-10", "until": "2027-01-10"},
        "a board, charged": {"board": str(long.boards[7]), "kinds": ["debit"]},
        "nothing like it": {"model": "no-such-model"},
    }
    for name, each in wanted.items():
        for before in (None, LINES // 2, 10_000):
            lines, read = long.read(long.owner, each, before)
            # Of three kinds of work one is looked for: three rows are read for a line, not the log.
            assert read["statement_line"] <= 4 * PAGE + 50, (name, before, read)
            assert read["credits_entry"] <= PAGE, (name, before, read)
            assert read["statement_date"] <= 4, (name, before, read)
            assert read["statement_line"] >= lines
            assert (lines == 0) == (name == "nothing like it")
    assert long.read(long.owner, {})[0] == PAGE


def test_what_is_rare_is_found_without_reading_the_rest(long):
    lines, read = long.read(long.owner, {"kinds": ["topup"]})
    assert lines == LINES // _RARE
    assert read["statement_line"] <= 2 * lines
    lines, read = long.read(long.owner, {"kinds": ["grant", "topup", "monthly_reset"]})
    assert lines >= LINES // _RARE
    assert read["statement_line"] <= 2 * lines + 2


def test_a_members_page_reads_no_more(long):
    for before in (None, LINES // 2):
        lines, read = long.read(long.member, {}, before)
        assert lines == PAGE
        assert read["statement_line"] <= 3 * PAGE, read


def test_usage_reads_days_and_not_the_log(long):
    long.connection.execute(
        """
        insert into statement_day
        select %s, '2027-01-01'::date + n / 50, gen_random_uuid(), gen_random_uuid(), 'm', 'o', 1
        from generate_series(0, 50 * 365 - 1) as n
        """,
        [long.organization],
    )
    long.connection.execute("analyze statement_day")
    with long.connection.transaction():
        long.connection.execute(
            "select set_config('app.user_id', %s, true), set_config('app.organization_id', %s, true)",
            [str(long.owner), str(long.organization)],
        )
        before = long._counters()
        long.connection.execute("select * from statement_usage_v1('2027-03-01', '2027-03-30')").fetchall()
        after = long._counters()
    read = {table: after[table] - before[table] for table in after}
    assert read["statement_day"] == 50 * 30
    assert read["statement_line"] == read["credits_entry"] == 0
