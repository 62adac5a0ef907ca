"""As many jobs at once as the plan allows: a larger one lets more in at once, a smaller one stops nothing that runs."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packshot import settings as configured
from packshot.studio.generation import commands, operator, queries
from tests.foundation.at_once import at_once
from tests.foundation.terms import off, on
from tests.studio.generation.hand import Hand
from tests.worker.support import order

FREE = 4


class Line:
    """An organization's jobs, and whoever works them off."""

    def __init__(self, tenant, admin, worker) -> None:
        self.tenant = tenant
        self.admin = admin
        self.hand = Hand(worker)

    def submit(self, variants: int) -> UUID:
        return commands.submit(self.tenant.actor, order(variants=variants)).batch_id

    def ids(self, *, released: bool) -> list[UUID]:
        found = self.admin.execute(
            "select id from public.generation_job where organization_id = %s and released = %s"
            " and finished_at is null order by id",
            [self.tenant.organization_id, released],
        )
        return [row[0] for row in found]

    def finish(self, number: int) -> None:
        """As many as there are of so many end."""
        claims = self.hand.claim(self.tenant.organization_id, *self.ids(released=True)[:number])
        if claims:
            self.hand.settle(claims, "failed", code="bad", message="No.")

    def plan(self, jobs: int) -> None:
        on(self.tenant.organization_id, limits={"concurrent_jobs": jobs})
        self.tell()

    def tell(self) -> None:
        """What the facts of a payment are answered with."""
        from django.db import connection

        try:
            commands.let_in(self.tenant.organization_id)
        finally:
            connection.close()

    @property
    def live(self) -> int:
        return len(self.ids(released=True))

    @property
    def waiting(self) -> int:
        return len(self.ids(released=False))


@pytest.fixture
def line(tenant, admin, login) -> Line:
    return Line(tenant, admin, login("packshot_worker"))


def test_the_free_plan_has_its_number(line):
    line.submit(FREE + 3)
    assert (line.live, line.waiting) == (FREE, 3)
    line.finish(2)
    assert (line.live, line.waiting) == (FREE, 1)


def test_a_larger_plan_lets_more_in_at_once(line):
    line.submit(12)
    line.plan(9)
    assert (line.live, line.waiting) == (9, 3)


def test_a_smaller_plan_stops_nothing_and_lets_none_in_before_there_is_room(line):
    line.plan(6)
    line.submit(10)
    line.plan(2)
    assert (line.live, line.waiting) == (6, 4)
    line.finish(4)
    assert (line.live, line.waiting) == (2, 4)
    line.finish(1)
    assert (line.live, line.waiting) == (2, 3)


def test_a_plan_that_ends_counts_from_then_on(line):
    line.plan(6)
    off(line.tenant.organization_id)
    line.submit(8)
    assert line.live == FREE


def test_without_a_limit_the_installation_s_holds(line, monkeypatch):
    monkeypatch.setattr(configured.settings(), "organization_jobs", 5)
    line.plan(-1)
    line.submit(8)
    assert line.live == 5


def test_no_plan_passes_what_the_installation_gives_anybody(line, monkeypatch):
    monkeypatch.setattr(configured.settings(), "organization_jobs", 3)
    line.plan(7)
    line.submit(8)
    assert line.live == 3


def test_what_the_operator_has_set_is_above_the_plan(line):
    operator.limit(line.tenant.organization_id, 7)
    line.submit(8)
    assert line.live == 7
    tiles = queries.batch(line.tenant.actor, line.submit(2)).tiles
    assert [tile.held_at for tile in tiles] == [None, None]


def test_a_tile_says_that_it_waits_for_the_plan(line):
    tiles = queries.batch(line.tenant.actor, line.submit(FREE + 2)).tiles
    assert [tile.held_at for tile in tiles] == [None] * FREE + [FREE] * 2


def test_the_facts_of_a_payment_let_more_in(line, monkeypatch):
    from django.db import connection, transaction

    from packshot.facts import publish
    from packshot.foundation.billing.facts import PeriodPaid

    line.submit(8)
    on(line.tenant.organization_id, limits={"concurrent_jobs": 6})
    with transaction.atomic():
        publish(PeriodPaid(line.tenant.organization_id, "terms:1", "team", 10**9, None, None, None))
    connection.close()
    assert line.live == 6


def test_orders_at_once_share_the_number(line):
    line.plan(3)
    at_once(6, lambda _: line.submit(2))
    assert (line.live, line.waiting) == (3, 9)


def test_ends_and_a_plan_s_growth_at_once_pass_no_limit(line, login):
    line.plan(4)
    line.submit(20)
    on(line.tenant.organization_id, limits={"concurrent_jobs": 6})
    workers = [Hand(login("packshot_worker")) for _ in range(4)]
    taken = [
        hand.claim(line.tenant.organization_id, job_id)
        for hand, job_id in zip(workers, line.ids(released=True), strict=True)
    ]

    def act(n: int) -> None:
        if n < 4:
            workers[n].settle(taken[n], "failed", code="bad", message="No.")
        else:
            line.tell()

    at_once(8, act)
    assert (line.live, line.waiting) == (6, 10)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.integers(1, 5)),
        st.tuples(st.just("finish"), st.integers(1, 4)),
        st.tuples(st.just("plan"), st.integers(1, 6)),
        st.tuples(st.just("lapse"), st.just(0)),
        st.tuples(st.just("tell"), st.just(0)),
    ),
    min_size=1,
    max_size=14,
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_what_is_let_in_never_passes_the_limit_of_that_moment(steps, new_tenant, admin, login):
    """And nobody waits beside a free place, once something has happened after it became free."""
    line = Line(new_tenant(), admin, login("packshot_worker"))
    limit = FREE
    for act, number in steps:
        before = set(line.ids(released=True))
        if act == "submit":
            line.submit(number)
        elif act == "finish":
            line.finish(number)
        elif act == "plan":
            line.plan(number)
            limit = number
        elif act == "lapse":
            off(line.tenant.organization_id)
            limit = FREE
        else:
            line.tell()
        after = set(line.ids(released=True))
        if after - before:
            assert len(after) <= limit, (act, number)
        if act == "finish" and not before:
            continue
        if act != "lapse" and line.waiting:
            assert len(after) >= limit, (act, number)
