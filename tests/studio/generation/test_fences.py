"""The transactions of a worker, one by one: who holds no token changes nothing, and what ends, ends once."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from packshot.settings import settings
from packshot.studio.generation import callbacks, commands, queries
from packshot.studio.generation.contracts import JobState
from tests.foundation.terms import on
from tests.studio.generation.hand import CAP, Hand, picture
from tests.worker.support import assert_books, order

CREDIT = 1_000_000


@pytest.fixture
def hand(login):
    return Hand(login("packshot_worker"))


@pytest.fixture
def jobs(tenant):
    """Make jobs of the tenant: `jobs(3)` gives their ids in the order of their variants."""
    batches = []

    on(tenant.organization_id, limits={"concurrent_jobs": CAP})

    def make(variants=1, **changes):
        submission = commands.submit(tenant.actor, order(variants=variants, **changes))
        batches.append(submission.batch_id)
        return [tile.job_id for tile in queries.batch(tenant.actor, submission.batch_id).tiles]

    yield make
    for batch_id in batches:
        commands.cancel_batch(tenant.actor, batch_id)


def state(admin, job_id):
    return admin.execute("select state from public.generation_job where id = %s", [job_id]).fetchone()[0]


def messages(admin, job_id):
    """The queue's keys about a job, without its id."""
    found = admin.execute(
        "select dedupe_key from pgq.pgqueuer where convert_from(payload, 'UTF8') like %s order by id",
        [f"%/{job_id}"],
    )
    return [row[0].replace(str(job_id), "") for row in found]


def expire_lease(admin, job_id):
    admin.execute(
        "update public.generation_job set lease_until = now() - interval '1 s' where id = %s", [job_id]
    )


def test_a_job_is_claimed_by_one_and_the_other_is_told_how_long_to_wait(tenant, jobs, hand):
    (job_id,) = jobs()
    (mine,) = hand.claim(tenant.organization_id, job_id)
    (other,) = hand.claim(tenant.organization_id, job_id)
    assert mine["token"] == 1
    assert 55 < other["rest"] <= 60


def test_of_many_claims_at_once_each_job_goes_to_one(tenant, jobs, login):
    ids = jobs(CAP)
    got: list[object] = []

    def grab(hand: Hand) -> None:
        got.extend(one for one in hand.claim(tenant.organization_id, *ids) if one and "token" in one)

    threads = [
        threading.Thread(target=grab, args=(Hand(login("packshot_worker"), f"hand-{i}"),)) for i in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one["job"] for one in got) == sorted(map(str, ids))


def test_the_same_job_twice_in_one_call_is_given_once(tenant, jobs, hand):
    (job_id,) = jobs()
    first, second = hand.claim(tenant.organization_id, job_id, job_id)
    assert first["token"] == 1
    assert second is None


def test_what_is_not_admitted_or_not_due_or_over_is_not_claimed(tenant, jobs, hand, admin):
    ids = jobs(CAP + 1)
    assert hand.claim(tenant.organization_id, ids[CAP]) == [None]
    claims = hand.claim(tenant.organization_id, ids[0], ids[1])
    assert hand.park(claims[:1]) == [True]
    assert hand.claim(tenant.organization_id, ids[0]) == [None]
    assert hand.settle(claims[1:], assets=[picture()]) == ["settled"]
    assert hand.claim(tenant.organization_id, ids[1]) == [None]


def test_a_zombie_touches_nothing(tenant, jobs, hand, admin):
    """Its lease ran out, another has the job: whatever the first still tries changes no row."""
    (job_id,) = jobs(model="mock-remote")
    (old,) = hand.claim(tenant.organization_id, job_id)
    expire_lease(admin, job_id)
    (new,) = hand.claim(tenant.organization_id, job_id)
    before = admin.execute("select * from public.generation_job where id = %s", [job_id]).fetchone()

    assert hand.heartbeat([old]) == {str(job_id): "lost"}
    assert hand.submitting([old]) == [False]
    assert hand.park([old]) == [False]
    assert hand.hand_back([old]) == 0
    hand.progress([old], 50)
    for outcome in ("succeeded", "failed", "cancelled", "retry"):
        assert hand.settle([old], outcome, assets=[picture()], after_s=1) == ["stale"]

    after = admin.execute("select * from public.generation_job where id = %s", [job_id]).fetchone()
    assert after == before
    assert hand.settle([new], assets=[picture()]) == ["settled"]
    assert_books(admin, tenant.organization_id)


def test_a_result_is_settled_once_however_often_and_by_how_many_it_is_told(tenant, jobs, login, admin):
    ids = jobs(CAP)
    claims = Hand(login("packshot_worker")).claim(tenant.organization_id, *ids)
    words: list[str] = []

    def tell(hand: Hand) -> None:
        for _ in range(3):
            words.extend(hand.settle(claims, assets=[picture()]))

    threads = [threading.Thread(target=tell, args=(Hand(login("packshot_worker")),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert words.count("settled") == CAP
    assert words.count("stale") == 11 * CAP
    found = assert_books(admin, tenant.organization_id)
    assert (found["charged"], found["settled"]) == (CAP * 2 * CREDIT, CAP)


def test_a_second_settlement_is_impossible_whatever_went_wrong(tenant, jobs, hand, admin):
    """The last fence: even a job whose row was tampered with back to life cannot end twice."""
    (job_id,) = jobs()
    (claim,) = hand.claim(tenant.organization_id, job_id)
    hand.settle([claim], "failed", code="internal", message="no")
    admin.execute(
        "update public.generation_job set state = 'running', lease_until = now() + interval '1 min',"
        " finished_at = null where id = %s",
        [job_id],
    )
    with pytest.raises(psycopg.errors.RaiseException, match="the ledger does not end these jobs"):
        hand.settle([claim], assets=[picture()])
    # And were the ledger asked for the same end again, which it answers as before, the settlement is there.
    with pytest.raises(psycopg.errors.UniqueViolation):
        hand.settle([claim], "failed", code="internal", message="no")
    admin.execute(
        "update public.generation_job set state = 'failed', lease_until = null, finished_at = now()"
        " where id = %s",
        [job_id],
    )
    assert_books(admin, tenant.organization_id)


def test_one_group_may_hold_every_outcome(tenant, jobs, hand, admin):
    ids = jobs(4, model="mock-remote")
    claims = hand.claim(tenant.organization_id, *ids)
    told = [
        {"outcome": "succeeded", "amount": CREDIT, "assets": [picture()]},  # less than was held
        {"outcome": "failed", "code": "content_policy", "message": "no"},
        {"outcome": "cancelled"},
        {"outcome": "retry", "code": "rate_limited", "message": "later", "after_s": 30},
    ]
    from psycopg.types.json import Jsonb

    from tests.studio.generation.hand import named

    results = [named(claim) | one for claim, one in zip(claims, told, strict=True)]
    words = hand._call("generation_settle_v1(%s, %s)", Jsonb(results), CAP)
    assert words == ["settled", "settled", "settled", "again"]
    batch = queries.batch(tenant.actor, UUID(claims[0]["batch"]))
    assert [tile.state for tile in batch.tiles] == [
        JobState.SUCCEEDED,
        JobState.FAILED,
        JobState.CANCELLED,
        JobState.QUEUED,
    ]
    assert (batch.cost_charged, batch.cost_returned) == (CREDIT, 8 * CREDIT)
    assert messages(admin, ids[3]) == ["run::0", "run::1"]  # the next attempt has a message of its own
    assert hand.claim(tenant.organization_id, ids[3]) == [None]  # not before its back-off is over
    assert_books(admin, tenant.organization_id)


def test_each_settlement_lets_the_next_in(tenant, jobs, hand, admin):
    ids = jobs(CAP + 2)
    claims = hand.claim(tenant.organization_id, *ids[:3])
    hand.settle(claims[:1], assets=[picture()])
    assert messages(admin, ids[CAP]) == ["run::0"]
    assert messages(admin, ids[CAP + 1]) == []
    hand.settle(claims[1:], "failed", code="internal", message="no")
    assert messages(admin, ids[CAP + 1]) == ["run::0"]


def test_poll_and_callback_do_not_swallow_each_other(tenant, jobs, hand, admin):
    (job_id,) = jobs(model="mock-remote")
    (claim,) = hand.claim(tenant.organization_id, job_id)
    hand.park([claim])
    assert messages(admin, job_id) == ["run::0", "poll::1"]
    for i in range(3):
        callback(admin, job_id, f"event-{i}")
    assert messages(admin, job_id) == ["run::0", "poll::1", "hook::1"]
    (claim,) = hand.claim(tenant.organization_id, job_id)
    assert claim["ref"] == f"ref-{job_id}"


def test_a_callback_before_the_park_is_found_by_it(tenant, jobs, hand, admin):
    (job_id,) = jobs(model="mock-remote")
    (claim,) = hand.claim(tenant.organization_id, job_id)
    callback(admin, job_id, "early")
    hand.park([claim], after_s=600)
    (claim,) = hand.claim(tenant.organization_id, job_id)  # due at once, not in ten minutes
    assert claim["token"] == 2


def test_a_callback_that_races_the_park_is_never_lost(tenant, jobs, login, hand):
    for _ in range(4):
        ids = jobs(CAP, model="mock-remote")
        claims = hand.claim(tenant.organization_id, *ids)
        other = login("packshot_worker")

        def call_all(ids=ids, other=other) -> None:
            for job_id in ids:
                callback(other, job_id, "racing")

        thread = threading.Thread(target=call_all)
        thread.start()
        for claim in claims:
            hand.park([claim], after_s=600)
        thread.join()
        again = hand.claim(tenant.organization_id, *ids)
        assert all(one is not None and "token" in one for one in again)
        hand.settle(again, "failed", code="internal", message="no")


def test_a_submit_that_was_cut_off_learns_its_name_from_the_signed_address(
    tenant, jobs, hand, admin, monkeypatch
):
    """The worker died between the provider's answer and our commit; the callback still finds its job."""
    monkeypatch.setattr(settings(), "public_url", "https://studio.example.com")
    (job_id,) = jobs(model="mock-remote")
    (claim,) = hand.claim(tenant.organization_id, job_id)
    hand.submitting([claim])
    address = callbacks.address("mock", tenant.organization_id, job_id)
    assert address.startswith("https://studio.example.com/hooks/mock/?")
    job, mark = address.split("?j=")[1].split("&s=")
    assert callbacks.read(job, mark) == (tenant.organization_id, job_id)
    assert callbacks.read(job, mark[:-1] + "x") == (None, None)
    assert callbacks.read(job, mark[:-1] + "é") == (None, None)
    assert callbacks.read(f"{tenant.organization_id}/{tenant.user_id}", mark) == (None, None)
    callback(admin, job_id, "orphan", named=(tenant.organization_id, job_id))
    expire_lease(admin, job_id)
    (claim,) = hand.claim(tenant.organization_id, job_id)
    assert claim["ref"] == f"ref-{job_id}"  # so it is polled, and not given up as unknown


def test_a_name_that_was_learnt_at_a_wrong_address_goes_to_whom_the_provider_gave_it(
    tenant, jobs, hand, admin
):
    mine, other = jobs(2, model="mock-remote")
    claims = hand.claim(tenant.organization_id, mine, other)
    hand.submitting(claims)
    callback(admin, mine, "first", named=(tenant.organization_id, other))
    assert refs(admin, mine, other) == [None, f"ref-{mine}"]
    assert hand.park(claims[:1], rest=" its addresses") == [True]
    assert refs(admin, mine, other) == [f"ref-{mine} its addresses", None]
    (polling,) = hand.claim(tenant.organization_id, mine)
    assert "token" in polling  # the message had waited for it
    callback(admin, mine, "second", named=(tenant.organization_id, other))
    assert refs(admin, mine, other) == [f"ref-{mine} its addresses", None]
    assert hand.park(claims[1:]) == [True]


def test_callbacks_know_the_first_word_of_a_reference(tenant, jobs, hand, admin):
    (job_id,) = jobs(model="mock-remote")
    hand.park(hand.claim(tenant.organization_id, job_id), after_s=600, rest=" its addresses")
    assert hand.claim(tenant.organization_id, job_id) == [None]
    assert callback(admin, job_id, "done")
    (polling,) = hand.claim(tenant.organization_id, job_id)
    assert polling["ref"] == f"ref-{job_id} its addresses"


def refs(admin, *ids):
    asked = "select provider_ref from public.generation_job where id = %s"
    return [admin.execute(asked, [job_id]).fetchone()[0] for job_id in ids]


def test_a_paid_submit_that_may_be_under_way_is_not_handed_back(tenant, jobs, hand, admin):
    first, second, third = jobs(3, model="mock-remote")
    claims = hand.claim(tenant.organization_id, first, second, third)
    hand.submitting(claims[1:2])
    hand.park(claims[2:])
    admin.execute("update public.generation_job set due_at = now() where id = %s", [third])
    (polling,) = hand.claim(tenant.organization_id, third)
    assert hand.hand_back([claims[0], claims[1], polling]) == 2
    assert [state(admin, job_id) for job_id in (first, second, third)] == ["queued", "running", "waiting"]
    (again,) = hand.claim(tenant.organization_id, first)
    assert again["attempt"] == 1  # what was handed back was not tried
    expire_lease(admin, second)
    (unknown,) = hand.claim(tenant.organization_id, second)
    assert unknown["submit_started"]


def test_the_sweep_sends_again_exactly_what_was_lost(tenant, jobs, hand, admin):
    ids = jobs(4)
    admin.execute(
        "delete from pgq.pgqueuer where dedupe_key = any(%s)", [[f"run:{job_id}:0" for job_id in ids[:2]]]
    )
    hand.claim(tenant.organization_id, ids[2])
    expire_lease(admin, ids[2])
    admin.execute("delete from pgq.pgqueuer where dedupe_key = %s", [f"run:{ids[2]}:0"])
    hand.sweep()
    assert [messages(admin, job_id) for job_id in ids] == [["run::0"], ["run::0"], ["run::1"], ["run::0"]]
    swept = admin.execute(
        "select swept from public.generation_job where id = any(%s) order by id", [ids]
    ).fetchall()
    assert swept == [(1,), (1,), (1,), (0,)]
    hand.sweep()
    assert [len(messages(admin, job_id)) for job_id in ids] == [1, 1, 1, 1]


def test_the_reaper_takes_only_what_was_offered_in_vain_and_is_past_its_time(tenant, jobs, hand, admin):
    abandoned, alive, young, returned = jobs(4)
    claims = hand.claim(tenant.organization_id, abandoned, alive, young, returned)
    past = "deadline_at = now() - interval '1 s'"
    admin.execute(
        f"update public.generation_job set {past} where id = any(%s)", [[abandoned, alive, returned]]
    )
    admin.execute(
        "update public.generation_job set swept = 3 where id = any(%s)", [[abandoned, alive, young]]
    )
    for job_id in (abandoned, young, returned):
        expire_lease(admin, job_id)
    hand.reap()
    assert [state(admin, job_id) for job_id in (abandoned, alive, young, returned)] == [
        "failed",
        "running",
        "running",
        "running",
    ]
    assert_books(admin, tenant.organization_id)

    # And the worker that everybody thought dead comes with its picture.
    assert hand.settle(claims[:1], assets=[picture()]) == ["late"]
    assert hand.settle(claims[:1], assets=[picture()]) == ["stale"]
    tile = queries.batch(tenant.actor, UUID(claims[0]["batch"])).tiles[0]
    assert (tile.state, tile.late, tile.charged, tile.returned) == (JobState.SUCCEEDED, True, 0, 2 * CREDIT)
    assert_books(admin, tenant.organization_id)
    assert hand.settle(claims[1:], "failed", code="internal", message="no") == ["settled"] * 3


def test_a_hold_that_ran_out_is_charged_late_when_the_job_succeeds(tenant, jobs, hand, admin):
    """The ledger returned the credits by time; the job is done all the same and pays from what is there."""
    (job_id,) = jobs()
    (claim,) = hand.claim(tenant.organization_id, job_id)
    expiry = admin.execute("select expires_at - now() from public.credits_hold where id = %s", [job_id])
    assert expiry.fetchone()[0] > timedelta(hours=24)
    admin.execute(
        "update public.credits_hold set expires_at = now() - interval '1 s' where id = %s", [job_id]
    )
    admin.execute(
        "update public.credits_wallet set due_at = now() - interval '1 s' where id = %s",
        [tenant.organization_id],
    )
    assert hand.settle([claim], assets=[picture()]) == ["settled"]
    found = assert_books(admin, tenant.organization_id)
    assert found["charged"] == 2 * CREDIT


@pytest.mark.parametrize(
    "statement",
    [
        "select public.generation_claim_v1('{}', '{}', 'x', 1)",
        "select public.generation_settle_v1('[]', 1)",
        "select public.generation_end_v1('{}')",
        "select public.generation_admit_v1('{}', 100)",
        "select public.generation_send_v1('{}', '{}', 'run')",
        "select public.generation_keep_v1('{}')",
        "insert into pgq.pgqueuer (priority, entrypoint, status) values (0, 'advance', 'queued')",
        "update public.generation_job set price = 0",
        "select * from public.generation_callback",
        "select * from public.generation_settlement",
    ],
)
def test_pages_and_members_may_do_none_of_this(login, statement):
    web = login("packshot_web")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        web.execute(statement)
    web.execute("set role packshot_member")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        web.execute(statement)


@pytest.mark.parametrize(
    "statement", ["update public.generation_job set price = 0", "select public.generation_end_v1('{}')"]
)
def test_nor_may_workers_write_around_the_functions(login, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        login("packshot_worker").execute(statement)


def callback(connection, job_id, event, named=(None, None)):
    return connection.execute(
        "select public.generation_callback_v1('mock', %s, %s, '', %s, %s)",
        [f"ref-{job_id}", f"{event}-{job_id}", *named],
    ).fetchone()[0]
