"""The weather of callbacks, for every provider that calls back: whatever comes, a job is submitted once, settles
once, and costs what it was quoted or nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import Order, TileView
from tests.conformance.skies import SKIES, Message, Sky, World, address, world
from tests.worker.support import InProcessWorker, assert_books, in_state, wait_for
from tests.worker.test_road import limit_attempt

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("callbacks")]

MB = 1024 * 1024
_PATIENCE_S = 90.0
"""The first picture waits for the worker's processes to start."""


@pytest.fixture(scope="module")
def site() -> Iterator[World]:
    with world() as found:
        yield found


class Shift:
    """A worker, and the next one where it has ended, as a supervisor would start it."""

    def __init__(self) -> None:
        self._running = InProcessWorker()

    def relieve(self) -> None:
        with suppress(Exception):  # it ended because it had no database, or is ended now
            self._running.close()
        self._running = InProcessWorker()

    def end(self) -> None:
        self._running.close()


@pytest.fixture(scope="module")
def shift(site: World) -> Iterator[Shift]:
    running = Shift()
    yield running
    running.end()


@pytest.fixture(params=SKIES)
def sky(request: pytest.FixtureRequest, site: World, shift: Shift) -> Sky:
    return site.skies[request.param]


class Case:
    """One job, from its order on."""

    def __init__(self, site: World, sky: Sky, tenant: Any, admin: Any, order: Order) -> None:
        self.site, self.sky, self.tenant, self._admin = site, sky, tenant, admin
        self.batch_id = commands.submit(tenant.actor, order).batch_id
        self.job_id: UUID = self.tile().job_id
        self.address = address(sky, tenant.organization_id, self.job_id)

    def tile(self) -> TileView:
        (tile,) = queries.batch(self.tenant.actor, self.batch_id).tiles
        return tile

    def waiting(self) -> Case:
        in_state(self.tenant.actor, self.batch_id, "waiting")
        return self

    @property
    def ref(self) -> str | None:
        asked = "select provider_ref from public.generation_job where id = %s"
        (ref,) = self._admin.execute(asked, [self.job_id]).fetchone()
        return ref

    @property
    def name(self) -> str:
        return self.sky.named(self.job_id, self.ref)

    def told(self, message: Message | None = None, *, at: str | None = None) -> int:
        """Deliver a message, the genuine one to the job's own address unless said otherwise."""
        return self.site.post(self.sky, message or self.sky.message(self.name), at or self.address)

    def ended(self, state: str = "succeeded") -> TileView:
        """It is in this state, settled once, submitted once, and the books are whole."""
        tile = wait_for(self.tile, lambda found: found.state.value == state, _PATIENCE_S)
        asked = "select count(*) from public.generation_settlement where job_id = %s"
        assert self._admin.execute(asked, [self.job_id]).fetchone() == (1,)
        assert self.sky.submits(self.job_id) == 1
        assert_books(self._admin, self.tenant.organization_id)
        return tile

    def paid(self) -> TileView:
        tile = self.ended()
        assert (tile.charged, tile.returned) == (self.price, 0)
        return tile

    @property
    def price(self) -> int:
        asked = "select price from public.generation_job where id = %s"
        return int(self._admin.execute(asked, [self.job_id]).fetchone()[0])


@pytest.fixture
def case(site, sky, tenant, admin):
    return lambda tenant=tenant, **wishes: Case(site, sky, tenant, admin, sky.order(**wishes))


@pytest.fixture
def impatient(admin) -> Iterator[None]:
    """Jobs are given up after two seconds."""
    limit_attempt(admin, seconds=2)
    yield
    limit_attempt(admin, seconds=None)


def test_in_fine_weather_a_callback_brings_the_result_at_once(case):
    one = case().waiting()
    assert one.told() == 204
    one.paid()


def test_late_when_all_is_done(case):
    one = case().waiting()
    one.told()
    one.paid()
    assert one.told(one.sky.message(one.name, failed=True)) == 204
    assert one.told() == 204
    one.paid()


def test_twice_and_twenty_times_at_once(case):
    one = case().waiting()
    message = one.sky.message(one.name)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: one.told(message), range(20)))
    assert answers == [204] * 20
    one.paid()


def test_out_of_order(case):
    first, second = case().waiting(), case().waiting()
    # The end before what came before the end, and the younger job before the older.
    assert second.told() == 204
    assert first.told(first.sky.message(first.name, failed=True)) == 204
    assert first.told() == 204
    first.paid()
    second.paid()


def test_word_of_a_failure_is_a_hint_and_the_provider_s_answer_the_truth(case):
    one = case().waiting()
    assert one.told(one.sky.message(one.name, failed=True)) == 204
    one.paid()


def test_forged(case):
    one = case().waiting()
    assert one.told(one.sky.message(one.name, forged=True)) == 401
    assert one.told(Message({}, one.sky.message(one.name).body)) == 401
    assert one.tile().state.value == "waiting"
    one.told()
    one.paid()


def test_replayed(case):
    one = case().waiting()
    assert one.told(one.sky.message(one.name, age_s=400)) == 401
    message = one.sky.message(one.name)
    assert one.told(message) == 204
    one.paid()
    assert one.told(message) == 204
    one.paid()


def test_a_genuine_message_at_another_job_s_address(case):
    one, other = case().waiting(), case(working=True).waiting()
    assert one.told(at=other.address) == 204
    one.paid()  # it is true of that job, wherever it was delivered
    assert other.tile().state.value == "waiting"
    other.sky.finish(other.name)
    other.told()
    other.paid()


def test_a_genuine_message_at_another_organization_s_address(case, new_tenant):
    one, other = case().waiting(), case(new_tenant(), working=True).waiting()
    assert one.told(at=other.address) == 204
    mine = one.paid()
    assert other.tile().state.value == "waiting"
    other.sky.finish(other.name)
    other.told()
    theirs = other.paid()
    assert theirs.asset_id != mine.asset_id


def test_a_genuine_message_at_the_address_of_a_job_whose_submit_was_lost(case, new_tenant, impatient):
    """The only job that learns a name from its address: it learns none that is another's."""
    one = case().waiting()
    lost = case(new_tenant(), lost=True)
    _in_doubt(lost)
    assert one.told(at=lost.address) == 204
    one.paid()
    assert lost.ref is None
    assert lost.told() == 204
    assert lost.ended().asset_id not in (None, one.tile().asset_id)


def test_an_address_that_is_not_ours_says_nothing(case):
    one = case().waiting()
    for at in (one.address[:-1] + "x", one.address.split("?")[0], one.address + "é", one.address + "&j=x/y"):
        assert one.told(at=at) == 204
    one.paid()


def test_before_our_submit_has_returned(case):
    one = case(early=True)
    one.paid()


def test_the_submit_s_answer_never_came_and_the_callback_does(case, impatient):
    one = case(lost=True)
    _in_doubt(one)
    assert one.told() == 204
    tile = one.ended()
    assert tile.asset_id is not None
    # Had it been given up before, its credits are back for good; had it not, it costs what it costs.
    assert tile.charged == (0 if tile.late else one.price)


def _in_doubt(one: Case) -> None:
    """The provider has it, and we do not know."""
    wait_for(lambda: _has(one), bool)


def _has(one: Case) -> bool:
    try:
        return bool(one.sky.named(one.job_id, None))
    except StopIteration:
        return False


def test_after_a_cancel_that_came_too_late(case):
    one = case(working=True).waiting()
    commands.cancel_batch(one.tenant.actor, one.batch_id)
    one.sky.finish(one.name)
    assert one.told() == 204
    one.paid()
    assert one.told() == 204
    one.paid()


def test_after_the_reaper(case, admin):
    one = case().waiting()
    assert wait_for(lambda: _reaped(admin, one.job_id), bool)
    tile = one.ended("failed")
    assert (tile.charged, tile.returned) == (0, one.price)
    assert one.told() == 204
    tile = one.ended()
    assert (tile.late, tile.charged, tile.returned) == (True, 0, one.price)


def _reaped(admin: Any, job_id: UUID) -> bool:
    """Past its time and offered in vain, as of one whose workers are all gone."""
    with admin.transaction():
        admin.execute(
            "update public.generation_job set swept = 99, deadline_at = now() - interval '1 s',"
            " due_at = now() - interval '1 s' where id = %s and state = 'waiting'",
            [job_id],
        )
        admin.execute("select public.generation_reap_v1(3, 8)")
    (state,) = admin.execute("select state from public.generation_job where id = %s", [job_id]).fetchone()
    return bool(state == "failed")


def test_after_the_time_limit(case, impatient):
    one = case(working=True)
    tile = wait_for(one.tile, lambda found: found.state.final, _PATIENCE_S)
    assert (tile.error_code, tile.returned) == ("timeout", one.price)
    one.sky.finish(one.name)
    assert one.told() == 204
    tile = one.ended()
    assert (tile.late, tile.charged) == (True, 0)


def test_a_body_of_twenty_megabytes(case):
    one = case().waiting()
    message = one.sky.message(one.name)
    assert one.told(Message(message.headers, message.body + b" " * (20 * MB))) == 413
    assert one.tile().state.value == "waiting"
    one.told()
    one.paid()


def test_while_the_database_is_down(case, admin, shift):
    one = case().waiting()
    message, at = one.sky.message(one.name), one.address
    with _database_down(admin):
        assert one.told(message, at=at) == 503
    shift.relieve()
    wait_for(lambda: one.told(message, at=at), lambda status: status == 204, _PATIENCE_S)
    one.paid()


@contextmanager
def _database_down(admin: Any) -> Iterator[None]:
    """For everybody but `admin`: no connection stays and none is to be had."""
    name, url = admin.info.dbname, os.environ["DATABASE_URL"]
    connection.close()
    connection.close_pool()
    with psycopg.connect(url.replace(f"/{name}", "/postgres"), autocommit=True) as other:
        other.execute(f'alter database "{name}" with allow_connections false')
        try:
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> %s",
                [name, admin.info.backend_pid],
            )
            yield
        finally:
            other.execute(f'alter database "{name}" with allow_connections true')
