"""What the statement tells is what the log says, to whom it may be told."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from packshot.db.tenancy import Actor
from packshot.errors import Forbidden
from packshot.studio.boards import commands as boards
from packshot.studio.credits import commands as credits_
from packshot.studio.credits import queries as wallets
from packshot.studio.statement import queries
from packshot.studio.statement.contracts import KINDS, Filter
from packshot.studio.statement.pages import NOBODY

EVERYTHING = Filter()


def today():
    return datetime.now(UTC).date()


def test_a_line_knows_what_was_paid_for(tenant, board, made):
    board_id, slug = board(tenant.actor)
    batch_id = made(tenant.actor, board_id, "on oak")
    assert queries.catch_up(tenant.actor) == 0
    found = queries.lines(tenant.actor, EVERYTHING)
    log = wallets.entries(tenant.actor, 100)
    assert [(line.seq, line.kind, line.amount, line.available_after) for line in found] == [
        (entry.seq, entry.kind, entry.amount, entry.available_after) for entry in log
    ]
    charged = [line for line in found if line.kind == "debit"]
    assert len(charged) == 2
    for line in charged:
        assert (line.batch_id, line.board_id, line.board_title, line.board_slug) == (
            batch_id,
            board_id,
            "Bottles",
            slug,
        )
        assert (line.asked, line.model, line.operation) == ("on oak", "mock-scene", "generate")
        assert (line.member_id, line.hidden) == (tenant.user_id, False)
    (opened,) = [line for line in found if line.kind == "monthly_reset"]
    assert (opened.batch_id, opened.member_id, opened.lot_source) == (None, None, "included")


def test_usage_is_the_log_folded_in_each_way(tenant, join, board, made):
    member = join(tenant)
    first, second = board(tenant.actor)[0], board(tenant.actor, "Jars")[0]
    made(tenant.actor, first)
    made(member, second, done=1)
    batch_id = made(member, second)
    job = next(
        line
        for line in _caught(tenant.actor, EVERYTHING)
        if line.batch_id == batch_id and line.kind == "debit"
    )
    hold = _hold(tenant.actor, job.seq)
    credits_.refund(hold, 1_000_000, key="some")
    queries.catch_up(tenant.actor)
    found = queries.usage(tenant.actor, today() - timedelta(days=6), today())
    log = wallets.entries(tenant.actor, 1000)
    total = -sum(entry.amount for entry in log if entry.kind in ("debit", "refund"))
    assert total > 0
    assert found.total == total
    assert found.days[-1] == (today(), total)
    assert len(found.days) == 7
    for shares in (found.models, found.operations, found.members, found.boards):
        assert sum(share.spent for share in shares) == total
    assert {share.key for share in found.boards} == {str(first), str(second)}
    assert {share.key for share in found.members} == {str(tenant.user_id), str(member.user_id)}
    assert [share.key for share in found.models] == ["mock-scene"]


def test_each_filter_lets_through_what_it_names(tenant, join, board, made):
    member = join(tenant)
    first, second = board(tenant.actor)[0], board(tenant.actor, "Jars")[0]
    made(tenant.actor, first)
    made(member, second)
    credits_.topup(tenant.organization_id, 5_000_000, key="pack", ref="pack", actor=tenant.user_id)
    whole = _caught(tenant.actor, EVERYTHING)

    def seqs(**wanted):
        return [line.seq for line in queries.lines(tenant.actor, Filter(**wanted), limit=1000)]

    def meant(rule):
        return [line.seq for line in whole if rule(line)]

    assert seqs(board=second) == meant(lambda line: line.board_id == second) != []
    assert seqs(member=member.user_id) == meant(lambda line: line.member_id == member.user_id) != []
    assert seqs(model="mock-scene") == meant(lambda line: line.model == "mock-scene") != []
    for kind in KINDS:
        assert seqs(kinds=(kind,)) == meant(lambda line, kind=kind: line.kind == kind)
    assert seqs(kinds=("topup", "debit"), member=tenant.user_id) == meant(
        lambda line: line.kind in ("topup", "debit") and line.member_id == tenant.user_id
    )
    assert seqs(since=today(), until=today()) == [line.seq for line in whole]
    assert seqs(since=today() + timedelta(days=1)) == seqs(until=today() - timedelta(days=1)) == []
    assert seqs(model="no-such-model") == []


def test_dates_are_ranges_of_the_log(ledger, new_tenant):
    tenant = new_tenant()
    start = datetime.now(UTC) + timedelta(days=1)
    for n in range(6):
        body = {"kind": "topup", "wallet": str(tenant.organization_id), "amount": n + 1}
        ledger.apply(start + timedelta(days=2 * n), {**body, "key": f"k{n}", "ref": f"p{n}"})
    found = [line for line in _caught(tenant.actor, EVERYTHING) if line.kind == "topup"]
    day = start.date()

    def seqs(since, until):
        wanted = Filter(
            since=day + timedelta(days=since), until=day + timedelta(days=until), kinds=("topup",)
        )
        return [line.amount for line in queries.lines(tenant.actor, wanted)]

    assert [line.amount for line in found] == [6, 5, 4, 3, 2, 1]
    assert seqs(0, 10) == [6, 5, 4, 3, 2, 1]
    assert seqs(2, 4) == [3, 2]
    assert seqs(1, 3) == [2]
    assert seqs(3, 3) == []
    assert seqs(5, 60) == [6, 5, 4]


def test_pages_follow_one_another_without_a_gap(tenant, board, made):
    made(tenant.actor, board(tenant.actor)[0], variants=4, done=3)
    whole = [line.seq for line in _caught(tenant.actor, EVERYTHING)]
    found: list[int] = []
    while page := queries.lines(tenant.actor, EVERYTHING, found[-1] if found else None, limit=3):
        found += [line.seq for line in page]
    assert found == whole
    assert [line.seq for line in queries.every_line(tenant.actor, EVERYTHING)] == whole


def test_a_member_sees_their_own_work_and_what_came_in(tenant, join, board, made):
    member, admin_ = join(tenant), join(tenant, "admin")
    board_id = board(tenant.actor)[0]
    made(tenant.actor, board_id)
    made(member, board_id)
    credits_.topup(tenant.organization_id, 5_000_000, key="pack", ref="pack", actor=tenant.user_id)
    whole = _caught(tenant.actor, EVERYTHING)
    assert [line.seq for line in queries.lines(admin_, EVERYTHING)] == [line.seq for line in whole]
    mine = queries.lines(member, EVERYTHING)
    assert [line.seq for line in mine] == [
        line.seq
        for line in whole
        if line.member_id == member.user_id or line.kind in ("monthly_reset", "topup")
    ]
    assert queries.lines(member, Filter(member=tenant.user_id, kinds=("debit",))) == []
    used = queries.usage(member, today(), today())
    assert {share.key for share in used.members} == {str(member.user_id)}
    assert used.total * 2 == queries.usage(tenant.actor, today(), today()).total


def test_of_a_board_that_is_not_seen_the_amount_alone_is_told(tenant, join, board, made):
    member = join(tenant)
    board_id, slug = board(tenant.actor, "Secret")
    made(member, board_id, "something secret")
    boards.open_to(tenant.actor, slug, "invited")
    lines = [line for line in _caught(member, EVERYTHING) if line.kind == "debit"]
    assert len(lines) == 2
    for line in lines:
        assert line.hidden
        told = (line.board_id, line.board_title, line.board_slug, line.asked, line.asset_id)
        assert told == (None,) * 5
        assert line.amount < 0
    assert queries.boards(member, [board_id]) == {}
    assert not any(line.hidden for line in queries.lines(tenant.actor, EVERYTHING))


def test_strangers_see_nothing(tenant, new_tenant, board, made):
    made(tenant.actor, board(tenant.actor)[0])
    _caught(tenant.actor, EVERYTHING)
    stranger = new_tenant()
    for actor in (Actor(stranger.user_id, tenant.organization_id), Actor(uuid4(), tenant.organization_id)):
        for read in (
            lambda actor=actor: queries.catch_up(actor),
            lambda actor=actor: queries.lines(actor, EVERYTHING),
            lambda actor=actor: queries.usage(actor, today(), today()),
            lambda actor=actor: queries.pace(actor, today(), 7),
        ):
            with pytest.raises(Forbidden):
                read()
    assert all(line.batch_id is None for line in _caught(stranger.actor, EVERYTHING))
    assert queries.usage(stranger.actor, today(), today()).total == 0


def test_many_who_read_on_at_once_read_each_entry_once(ledger, tenant):
    """The cursor is the lock: lines, days and dates come out as if one had read alone."""
    wallet = str(tenant.organization_id)
    for part in range(4):
        ledger.apply(
            None,
            *(
                {"kind": "topup", "wallet": wallet, "key": f"{part}.{n}", "amount": 1, "ref": f"{part}.{n}"}
                for n in range(50)
            ),
        )

    with ThreadPoolExecutor(8) as pool:
        left = list(pool.map(lambda _: queries.catch_up(tenant.actor), range(16)))
    assert left == [0] * 16
    (row,) = ledger.rows("select seq from statement_cursor where organization_id = %s", wallet)
    lines = ledger.rows("select seq from statement_line where organization_id = %s order by seq", wallet)
    assert [line["seq"] for line in lines] == list(range(1, row["seq"] + 1))
    assert row["seq"] == len(wallets.entries(tenant.actor, 1000))


def test_read_in_small_steps_it_is_the_same(ledger, new_tenant, board, made):
    """Wherever a step ends, the sums are those of one whole reading."""
    tenant = new_tenant()
    made(tenant.actor, board(tenant.actor)[0], variants=4, done=3)
    while ledger.one("select statement_fold_v1(%s, 3)", tenant.organization_id):
        pass
    stepwise = _state(ledger, tenant)
    for table in ("line", "day", "date", "cursor"):
        ledger.connection.execute(
            f"delete from statement_{table} where organization_id = %s",
            [tenant.organization_id],
        )
    assert ledger.one("select statement_fold_v1(%s, 100000)", tenant.organization_id) == 0
    assert _state(ledger, tenant) == stepwise
    assert Counter(row["kind"] for row in stepwise[0])["debit"] == 3


def test_the_worker_reads_on_whoever_is_behind(own_database, ledger, login, new_tenant, board, made):
    tenant = new_tenant()
    made(tenant.actor, board(tenant.actor)[0])
    worker = login("packshot_worker")
    assert worker.execute("select statement_tend_v1(10, 1000)").fetchone() == (1,)
    assert worker.execute("select statement_tend_v1(10, 1000)").fetchone() == (0,)
    assert queries.usage(tenant.actor, today(), today()).total > 0


def test_what_nobody_asked_for_is_nobodys(ledger, new_tenant):
    tenant = new_tenant()
    hold = str(uuid4())
    ask = {"kind": "reserve", "wallet": str(tenant.organization_id), "key": "r", "partial": False}
    ledger.apply(None, {**ask, "holds": [{"id": hold, "amount": 7}], "expires_in": 60})
    ledger.apply(None, {"kind": "finalize", "hold": hold, "key": "f", "amount": 7, "policy": "cap"})
    queries.catch_up(tenant.actor)
    found = queries.usage(tenant.actor, today(), today())
    assert [share.key for share in found.members] == [NOBODY]
    assert [share.key for share in found.models] == [""]


def _caught(actor: Actor, wanted: Filter):
    assert queries.catch_up(actor) == 0
    return queries.lines(actor, wanted, limit=1000)


def _hold(actor: Actor, seq: int):
    (entry,) = [entry for entry in wallets.entries(actor, 1000) if entry.seq == seq]
    return entry.hold_id


def _state(ledger, tenant):
    return [
        ledger.rows(
            f"select * from statement_{table} where organization_id = %s order by 1, 2",
            tenant.organization_id,
        )
        for table in ("line", "day", "date", "cursor")
    ]
