"""Taking orders: all or nothing, once for each key, never for another's things."""

from __future__ import annotations

import threading

import pytest
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Conflict, Forbidden, NotFound
from packshot.foundation.billing.plans import book
from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import BatchState
from packshot.studio.generation.errors import InsufficientCredits, InvalidOrder
from tests.worker.support import assert_books, books, order

CREDIT = 1_000_000


def rows(admin, organization_id):
    """Batches, jobs, messages and open holds of an organization."""
    return admin.execute(
        "select (select count(*) from public.generation_batch where organization_id = %(o)s),"
        " (select count(*) from public.generation_job where organization_id = %(o)s),"
        " (select count(*) from pgq.pgqueuer where convert_from(payload, 'UTF8') like %(o)s || '/%%'),"
        " (select count(*) from public.credits_hold where organization_id = %(o)s and state = 'open')",
        {"o": str(organization_id)},
    ).fetchone()


@pytest.fixture(autouse=True)
def _swept(tenant):
    """What these tests leave in the queue is nobody's work: a later test's worker shall not find it."""
    yield
    for batch_id in queries.running(tenant.actor).batches:
        commands.cancel_batch(tenant.actor, batch_id)


def test_a_quote_says_what_it_costs_and_what_there_is(tenant):
    quote = queries.quote(tenant.actor, order(variants=4, size=2048))
    assert (quote.total, quote.each, quote.available) == (16 * CREDIT, 4 * CREDIT, 500 * CREDIT)
    assert (quote.enough, quote.affordable_variants) == (True, 4)
    with pytest.raises(InvalidOrder):
        queries.quote(tenant.actor, order(ratio="7:3"))


def test_a_submit_is_a_batch_with_its_jobs_its_holds_and_its_messages(tenant, admin):
    submission = commands.submit(tenant.actor, order(variants=3, seed=5))
    assert (submission.accepted, submission.refused, submission.charged_hold) == (3, 0, 6 * CREDIT)
    assert rows(admin, tenant.organization_id) == (1, 3, 3, 3)
    batch = queries.batch(tenant.actor, submission.batch_id)
    assert (batch.state, batch.seed, batch.cost_quoted) == (BatchState.QUEUED, 5, 6 * CREDIT)
    assert [tile.place for tile in batch.tiles] == [1, 2, 3]
    assert queries.running(tenant.actor).count == 3
    assert_books(admin, tenant.organization_id)


def test_the_same_key_is_the_same_batch_from_any_number_of_threads(tenant, admin):
    asked = order(variants=2)
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda: answers.append(commands.submit(tenant.actor, asked)))
        for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 24
    assert len(set(answers)) == 1
    assert rows(admin, tenant.organization_id) == (1, 2, 2, 2)


def test_the_same_key_for_another_order_is_a_conflict(tenant, admin):
    commands.submit(tenant.actor, order(key="one"))
    with pytest.raises(Conflict):
        commands.submit(tenant.actor, order(key="one", prompt="another"))
    assert rows(admin, tenant.organization_id) == (1, 1, 1, 1)


def test_two_organizations_may_use_the_same_key(new_tenant):
    one, other = new_tenant(), new_tenant()
    first = commands.submit(one.actor, order(key="shared"))
    second = commands.submit(other.actor, order(key="shared"))
    assert first.batch_id != second.batch_id
    commands.cancel_batch(one.actor, first.batch_id)
    commands.cancel_batch(other.actor, second.batch_id)


def test_too_few_credits_refuse_all_of_it(tenant, admin):
    drain(admin, tenant, leave=5 * CREDIT)
    asked = order(variants=3)
    assert queries.quote(tenant.actor, asked).affordable_variants == 2
    with pytest.raises(InsufficientCredits) as raised:
        commands.submit(tenant.actor, asked)
    assert raised.value.detail == {"needed": 6 * CREDIT, "available": 5 * CREDIT}
    assert rows(admin, tenant.organization_id) == (0, 0, 0, 0)


def test_a_refused_key_may_be_used_once_there_are_credits(tenant, admin):
    drain(admin, tenant, leave=0)
    asked = order()
    with pytest.raises(InsufficientCredits):
        commands.submit(tenant.actor, asked)
    drain(admin, tenant, leave=2 * CREDIT)
    assert commands.submit(tenant.actor, asked).accepted == 1


def test_with_partial_the_affordable_ones_are_made_and_the_rest_is_marked(tenant, admin):
    drain(admin, tenant, leave=5 * CREDIT)
    asked = order(variants=3, partial=True)
    submission = commands.submit(tenant.actor, asked)
    assert (submission.accepted, submission.refused, submission.charged_hold) == (2, 1, 4 * CREDIT)
    tiles = queries.batch(tenant.actor, submission.batch_id).tiles
    assert [tile.state.value for tile in tiles] == ["queued", "queued", "failed"]
    assert tiles[2].error_code == "insufficient_credits"
    assert tiles[2].retryable
    assert commands.submit(tenant.actor, asked) == submission
    with pytest.raises(InsufficientCredits):
        commands.retry_job(tenant.actor, tiles[2].job_id, "again")
    drain(admin, tenant, leave=2 * CREDIT)
    assert commands.retry_job(tenant.actor, tiles[2].job_id, "again").accepted == 1
    tiles = queries.batch(tenant.actor, submission.batch_id).tiles
    assert [tile.state.value for tile in tiles] == ["queued"] * 3
    assert commands.submit(tenant.actor, asked) == submission


def test_with_partial_and_nothing_affordable_nothing_is_made(tenant, admin):
    drain(admin, tenant, leave=CREDIT)
    with pytest.raises(InsufficientCredits):
        commands.submit(tenant.actor, order(variants=3, partial=True))
    assert rows(admin, tenant.organization_id) == (0, 0, 0, 0)


def test_what_breaks_late_in_a_submit_leaves_nothing(tenant, admin):
    admin.execute(
        "create or replace function public.test_break() returns trigger language plpgsql as"
        " $$ begin raise exception 'broken on purpose'; end $$"
    )
    admin.execute(
        "create trigger test_break before insert on pgq.pgqueuer for each row"
        f" when (convert_from(new.payload, 'UTF8') like '{tenant.organization_id}/%')"
        " execute function public.test_break()"
    )
    try:
        with pytest.raises(Exception, match="broken on purpose"):
            commands.submit(tenant.actor, order(variants=2))
    finally:
        admin.execute("drop function public.test_break() cascade")
    assert rows(admin, tenant.organization_id) == (0, 0, 0, 0)
    assert books(admin, tenant.organization_id)["available"] == 500 * CREDIT


def test_one_bad_order_never_fails_its_neighbours(tenant, new_tenant, admin):
    """Sent as one call: a refusal is an answer, and an error is tried again alone."""
    poor = new_tenant()
    drain(admin, poor, leave=0)
    stranger = Actor(user_id=poor.user_id, organization_id=tenant.organization_id)
    asked = [
        (tenant.actor, order()),
        (poor.actor, order()),
        (stranger, order()),
        (tenant.actor, order(references=(uuid7(),))),
        (tenant.actor, order(board_id=uuid7())),
        (tenant.actor, order(variants=2)),
    ]
    outcomes: dict[int, object] = {}

    def go(i: int) -> None:
        try:
            outcomes[i] = commands.submit(*asked[i]).accepted
        except Exception as error:  # noqa: BLE001
            outcomes[i] = type(error)

    threads = [threading.Thread(target=go, args=(i,)) for i in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {0: 1, 1: InsufficientCredits, 2: Forbidden, 3: NotFound, 4: NotFound, 5: 2}
    assert rows(admin, tenant.organization_id) == (2, 3, 3, 3)


def test_another_s_board_picture_and_batch_are_not_found(new_tenant, admin):
    mine, other = new_tenant(), new_tenant()
    board_id = uuid7()
    with acting_as(other.actor):
        from packshot.db.sql import call

        call("boards_create_v1", board_id, "Theirs")
    picture = uploaded(admin, other)
    for wrong in (order(board_id=board_id), order(references=(picture,))):
        with pytest.raises(NotFound):
            commands.submit(mine.actor, wrong)
    submission = commands.submit(other.actor, order(board_id=board_id, references=(picture,)))
    theirs = queries.batch(other.actor, submission.batch_id)
    assert theirs.references == (picture,)
    assert [batch.id for batch in queries.thread(other.actor, board_id)] == [submission.batch_id]
    with pytest.raises(NotFound):
        queries.batch(mine.actor, submission.batch_id)
    with pytest.raises(NotFound):
        commands.retry_job(mine.actor, theirs.tiles[0].job_id, "mine")
    assert queries.thread(mine.actor, board_id) == []
    assert queries.running(mine.actor).count == 0
    with pytest.raises(Forbidden):
        commands.submit(Actor(mine.user_id, other.organization_id), order())
    commands.cancel_batch(other.actor, submission.batch_id)


def test_a_retry_is_for_what_ended_without_a_picture_and_once_for_each_key(tenant, admin):
    submission = commands.submit(tenant.actor, order(variants=2))
    first, second = queries.batch(tenant.actor, submission.batch_id).tiles
    with pytest.raises(Conflict):
        commands.retry_job(tenant.actor, first.job_id, "again")
    commands.cancel_job(tenant.actor, first.job_id)
    assert commands.retry_job(tenant.actor, first.job_id, "again").charged_hold == 2 * CREDIT
    assert commands.retry_job(tenant.actor, first.job_id, "again").accepted == 1
    with pytest.raises(Conflict):
        commands.retry_job(tenant.actor, first.job_id, "another key, the same attempt")
    with pytest.raises(Conflict):
        commands.retry_job(tenant.actor, second.job_id, "again")
    batch = queries.batch(tenant.actor, submission.batch_id)
    assert len(batch.tiles) == 2
    assert batch.tiles[0].job_id != first.job_id
    assert batch.cost_quoted == 6 * CREDIT
    assert assert_books(admin, tenant.organization_id)["jobs"] == 3


def test_submitting_inside_another_transaction_is_refused(tenant):
    with acting_as(tenant.actor), pytest.raises(RuntimeError, match="transaction of its own"):
        commands.submit(tenant.actor, order())


def test_an_organization_has_no_more_in_the_queue_than_it_may(tenant, admin):
    cap = book().plans["free"].limits["concurrent_jobs"]
    commands.submit(tenant.actor, order(variants=cap - 1))
    commands.submit(tenant.actor, order(variants=cap))
    assert rows(admin, tenant.organization_id) == (2, 2 * cap - 1, cap, 2 * cap - 1)


def drain(admin, tenant, leave):
    """Bring the balance to `leave`, by the ledger's own command."""
    (available,) = admin.execute(
        "select available from public.credits_wallet where organization_id = %s", [tenant.organization_id]
    ).fetchone()
    admin.execute(
        'select public.credits_adjust_v1(%s, %s, null, %s, \'{"reason": "test"}\')',
        [tenant.organization_id, str(uuid7()), leave - available],
    )
    assert books(admin, tenant.organization_id)["available"] == leave


def uploaded(admin, tenant):
    """A picture of an organization, without bytes."""
    picture = uuid7()
    admin.execute(
        "select public.assets_add_v1(jsonb_build_object('organization_id', %s::uuid, 'id', %s::uuid, 'origin',"
        " 'upload', 'sha256', repeat('a', 64), 'media_type', 'image/png', 'bytes', 10, 'width', 1, 'height', 1,"
        " 'placeholder', 'data:,', 'name', 'a.png', 'source_type', 'digitalCapture'))",
        [tenant.organization_id, picture],
    )
    return picture
