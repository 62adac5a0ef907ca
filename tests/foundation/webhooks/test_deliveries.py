"""Claiming and recording, on real connections: who gets what, in which order, how often, and when it is over."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from packshot.errors import Conflict
from packshot.foundation.webhooks import commands, queries
from tests.foundation.webhooks.conftest import Poster

pytestmark = pytest.mark.usefixtures("own_database")


def shown(actor, endpoint_id):
    return queries.deliveries(actor, endpoint_id)[0]


def due_now(admin) -> None:
    """Time goes on until all that waits is due."""
    admin.execute("update webhooks_delivery set next_at = now() where state = 'pending'")


def waits_s(admin, delivery_id: UUID) -> float:
    row = admin.execute(
        "select extract(epoch from next_at - now()) from webhooks_delivery where id = %s", [delivery_id]
    ).fetchone()
    return float(row[0])


def test_nobody_listens_and_nothing_is_written(tenant, emit, admin):
    emit(tenant.organization_id)
    assert admin.execute("select count(*) from webhooks_event").fetchone() == (0,)


def test_an_event_goes_to_those_who_want_it(tenant, new_tenant, endpoint, emit, poster):
    everything = endpoint(tenant.actor, "https://a.example.com/")
    lost = endpoint(tenant.actor, "https://b.example.com/", "thing.lost")
    other = endpoint(new_tenant().actor, "https://c.example.com/")
    about = emit(tenant.organization_id, colour="red")
    (one,) = poster.claim()
    assert (one["organization_id"], one["url"]) == (tenant.organization_id, "https://a.example.com/")
    said = json.loads(one["body"])
    assert said["id"] == "evt_" + UUID(str(one["event_id"])).hex
    assert (said["type"], said["data"], said["version"]) == ("thing.made", {"colour": "red"}, "2026-11-21")
    at = datetime.fromisoformat(said["timestamp"])
    assert said["timestamp"].endswith("Z")
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    assert poster.tried(one) == "delivered"
    (view,) = shown(tenant.actor, everything)
    assert (view.state, view.object, view.type, view.body) == ("delivered", about, "thing.made", said)
    assert [(each.status, each.error) for each in view.attempts] == [(200, None)]
    assert shown(tenant.actor, lost) == []
    assert queries.endpoints(tenant.actor)[0].id == everything
    assert other not in {each.id for each in queries.endpoints(tenant.actor)}


def test_of_one_object_the_next_waits_for_the_one_before(tenant, endpoint, emit, poster, admin):
    endpoint(tenant.actor)
    about = emit(tenant.organization_id, "thing.made")
    emit(tenant.organization_id, "thing.lost", about)
    emit(tenant.organization_id, "thing.made", nr=2)

    def types(claimed):
        return [json.loads(each["body"])["type"] for each in claimed]

    first, other = poster.claim()
    assert types([first, other]) == ["thing.made", "thing.made"]
    assert poster.claim() == [], "the second is not to overtake the first"
    assert poster.tried(other) == "delivered"
    assert poster.tried(first, 500) == "again"
    assert poster.claim() == [], "also while the first waits for its next try"
    due_now(admin)
    (first,) = poster.claim()
    assert poster.tried(first) == "delivered"
    assert types(poster.claim()) == ["thing.lost"]


def test_what_was_given_up_lets_the_next_one_through(tenant, endpoint, emit, poster, admin):
    endpoint_id = endpoint(tenant.actor)
    about = emit(tenant.organization_id, "thing.made")
    emit(tenant.organization_id, "thing.lost", about)
    waited, words = [], []
    while not words or words[-1] == "again":
        due_now(admin)
        (one,) = poster.claim()
        assert json.loads(one["body"])["type"] == "thing.made"
        words.append(poster.tried(one, 500))
        waited.append(waits_s(admin, one["id"]))
    assert words == ["again"] * 14 + ["failed"]
    days = sum(waited[:-1]) / 86400
    assert 2.6 < days < 3.4
    for seconds, planned in zip(waited, [5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800], strict=False):
        assert planned * 0.89 - 1 < seconds < planned * 1.11 + 1
    due_now(admin)
    (one,) = poster.claim()
    assert json.loads(one["body"])["type"] == "thing.lost"
    assert [each.state for each in shown(tenant.actor, endpoint_id)] == ["pending", "failed"]


@pytest.mark.parametrize(
    ("asked", "at_least", "at_most"), [(600, 590, 610), (999999, 3590, 3610), (1, 0, 7), (None, 0, 7)]
)
def test_a_receiver_may_ask_for_an_hour_at_most(
    tenant, endpoint, emit, poster, admin, asked, at_least, at_most
):
    endpoint(tenant.actor)
    emit(tenant.organization_id)
    (one,) = poster.claim()
    assert poster.tried(one, 429, retry_after_s=asked) == "again"
    assert at_least < waits_s(admin, one["id"]) < at_most


def test_one_that_is_gone_gets_nothing_more(tenant, endpoint, emit, poster, admin):
    endpoint_id = endpoint(tenant.actor)
    emit(tenant.organization_id)
    emit(tenant.organization_id)
    first, second = poster.claim()
    assert poster.tried(first, 410) == "disabled"
    assert poster.tried(second) == "stale"
    emit(tenant.organization_id)
    assert poster.claim() == []
    found = queries.endpoint(tenant.actor, endpoint_id)
    assert (found.state, found.reason) == ("disabled", "gone")
    assert [each.state for each in shown(tenant.actor, endpoint_id)] == ["failed", "failed"]
    noted = admin.execute(
        "select actor, details ->> 'reason' from audit_event where action = 'webhook.disabled'"
    ).fetchall()
    assert noted == [("operator", "gone")] or noted == [("system", "gone")]


def test_five_days_without_a_success_end_it(tenant, endpoint, emit, poster, admin):
    endpoint_id = endpoint(tenant.actor)
    emit(tenant.organization_id)
    for _ in range(5):
        due_now(admin)
        (one,) = poster.claim()
        assert poster.tried(one, None, "timeout") == "again"
    assert queries.endpoint(tenant.actor, endpoint_id).failing_since is not None
    admin.execute("update webhooks_endpoint set failing_since = now() - interval '4 days 23 hours'")
    due_now(admin)
    (one,) = poster.claim()
    assert poster.tried(one, None, "timeout") == "again"
    admin.execute("update webhooks_endpoint set failing_since = now() - interval '5 days 1 second'")
    due_now(admin)
    (one,) = poster.claim()
    assert poster.tried(one, None, "timeout") == "disabled"
    assert queries.endpoint(tenant.actor, endpoint_id).reason == "failing"


def test_a_success_between_begins_the_days_anew_and_one_hiccup_after_a_silence_ends_nothing(
    tenant, endpoint, emit, poster, admin
):
    endpoint_id = endpoint(tenant.actor)
    emit(tenant.organization_id)
    (one,) = poster.claim()
    poster.tried(one, 500)
    admin.execute("update webhooks_endpoint set failing_since = now() - interval '30 days'")
    due_now(admin)
    (one,) = poster.claim()
    assert poster.tried(one, 500) == "again", "after half a minute of failing"
    due_now(admin)
    (one,) = poster.claim()
    assert poster.tried(one) == "delivered"
    assert queries.endpoint(tenant.actor, endpoint_id).failing_since is None


def test_a_slow_endpoint_takes_four_places_and_a_failing_one_takes_one(tenant, endpoint, emit, poster, admin):
    endpoint(tenant.actor, "https://slow.example.com/")
    for _ in range(20):
        emit(tenant.organization_id)
    endpoint(tenant.actor, "https://quick.example.com/", "thing.lost")
    emit(tenant.organization_id, "thing.lost")
    claimed = poster.claim(limit=50)
    urls = [each["url"] for each in claimed]
    assert urls.count("https://slow.example.com/") == 4
    assert urls.count("https://quick.example.com/") == 1
    assert poster.claim() == []
    slow = [each for each in claimed if each["url"] == "https://slow.example.com/"]
    assert poster.tried(slow[0], 500) == "again"
    for each in slow[1:]:
        assert poster.tried(each, 500) == "again"
    assert [each["url"] for each in poster.claim()] == ["https://slow.example.com/"]


def test_a_limited_claim_serves_every_endpoint_once_before_any_twice(
    tenant, new_tenant, endpoint, emit, poster
):
    tenants = [tenant, new_tenant(), new_tenant()]
    for each in tenants:
        endpoint(each.actor, f"https://{each.organization_id}.example.com/")
    for each in tenants:
        for _ in range(5):
            emit(each.organization_id)
    claimed = poster.claim(limit=3)
    assert len({each["organization_id"] for each in claimed}) == 3


def test_each_is_claimed_by_one_of_many_workers(tenant, new_tenant, endpoint, emit, login):
    for each in (tenant, new_tenant(), new_tenant()):
        endpoint(each.actor)
        for _ in range(8):
            emit(each.organization_id)
    posters = [Poster(login("packshot_worker")) for _ in range(6)]
    gate = threading.Barrier(len(posters))
    seen: list[list[str]] = [[] for _ in posters]

    def work(index: int) -> None:
        gate.wait()
        idle = 0
        while idle < 20:
            found = posters[index].claim(limit=2)
            idle = 0 if found else idle + 1
            for one in found:
                seen[index].append(str(one["id"]))
                assert posters[index].tried(one) == "delivered"

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(posters))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [each for found in seen for each in found]
    assert len(everything) == len(set(everything)) == 24


def test_the_work_of_a_dead_worker_is_sent_again_and_its_own_word_counts_no_more(
    tenant, endpoint, emit, poster, login, admin
):
    endpoint_id = endpoint(tenant.actor)
    emit(tenant.organization_id)
    (dead,) = poster.claim(lease_s=60)
    heir = Poster(login("packshot_worker"))
    assert heir.claim() == []
    admin.execute("update webhooks_delivery set lease_until = now() - interval '1 second'")
    (again,) = heir.claim()
    assert again["event_id"] == dead["event_id"]
    assert poster.tried(dead, 500) == "stale"
    assert heir.tried(again) == "delivered"
    assert [each.status for each in shown(tenant.actor, endpoint_id)[0].attempts] == [200]


def test_what_has_failed_can_be_replayed_under_its_id(tenant, endpoint, emit, poster, admin):
    endpoint_id = endpoint(tenant.actor)
    emit(tenant.organization_id)
    (one,) = poster.claim()
    assert poster.tried(one) == "delivered"
    commands.replay(tenant.actor, one["id"])
    (again,) = poster.claim()
    assert (again["event_id"], again["body"]) == (one["event_id"], one["body"])
    assert poster.tried(again, 503) == "again"
    assert poster.claim() == []
    commands.replay(tenant.actor, one["id"])
    (now,) = poster.claim()
    assert poster.tried(now) == "delivered"
    assert [each.status for each in shown(tenant.actor, endpoint_id)[0].attempts] == [200, 503, 200]


def test_all_that_failed_since_are_replayed_at_once(tenant, endpoint, emit, poster, admin):
    endpoint_id = endpoint(tenant.actor)
    for _ in range(3):
        emit(tenant.organization_id)
    old = shown(tenant.actor, endpoint_id)[-1]
    admin.execute(
        "update webhooks_delivery set created_at = now() - interval '2 days' where id = %s", [old.id]
    )
    commands.switch(tenant.actor, endpoint_id, enabled=False)
    since = datetime.now(UTC) - timedelta(days=1)
    with pytest.raises(Conflict):
        commands.replay_failed(tenant.actor, endpoint_id, since)
    with pytest.raises(Conflict):
        commands.replay(tenant.actor, old.id)
    commands.switch(tenant.actor, endpoint_id, enabled=True)
    assert poster.claim() == []
    assert commands.replay_failed(tenant.actor, endpoint_id, since) == 2
    assert {each["id"] for each in poster.claim()} == {
        each.id for each in shown(tenant.actor, endpoint_id) if each.id != old.id
    }


def test_deliveries_are_paged_by_key(tenant, endpoint, emit):
    endpoint_id = endpoint(tenant.actor)
    for _ in range(5):
        emit(tenant.organization_id)
    first, after = queries.deliveries(tenant.actor, endpoint_id, limit=2)
    emit(tenant.organization_id)
    second, last = queries.deliveries(tenant.actor, endpoint_id, limit=2, before=after)
    third, end = queries.deliveries(tenant.actor, endpoint_id, limit=2, before=last)
    assert len({each.id for each in (*first, *second, *third)}) == 5
    assert end is None
    assert queries.deliveries(tenant.actor, endpoint_id, state="failed") == ([], None)


def test_after_thirty_days_it_is_forgotten(tenant, endpoint, emit, poster, admin, login):
    endpoint_id = endpoint(tenant.actor)
    emit(tenant.organization_id)
    (one,) = poster.claim()
    poster.tried(one)
    emit(tenant.organization_id)
    worker = login("packshot_worker")
    assert worker.execute("select public.webhooks_forget_v1()").fetchone() == (0,)
    admin.execute(
        "update webhooks_event set created_at = now() - interval '31 days' where id = %s", [one["event_id"]]
    )
    assert worker.execute("select public.webhooks_forget_v1()").fetchone() == (1,)
    assert len(shown(tenant.actor, endpoint_id)) == 1
    assert admin.execute("select count(*) from webhooks_attempt").fetchone() == (0,)


def test_an_endpoint_that_goes_while_an_event_comes_breaks_no_transaction(
    tenant, endpoint, emit, admin, login
):
    """What emits is left alone: the endpoint that is being deleted is passed by."""
    endpoint_id = endpoint(tenant.actor)
    deleted = threading.Event()
    with admin.transaction():
        admin.execute("delete from webhooks_endpoint where id = %s", [endpoint_id])
        other, watching = login("packshot_owner"), login("packshot_owner")
        thread = threading.Thread(
            target=lambda: (
                other.execute(
                    "select public.webhooks_emit_v1(%s, 'thing.made', %s, '{}')",
                    [tenant.organization_id, uuid7()],
                ),
                deleted.set(),
            )
        )
        thread.start()
        # Not by `admin`: a transaction looks at what others do once, and remembers.
        while not watching.execute(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%webhooks_emit%'"
            " and pid <> pg_backend_pid() and datname = current_database()"
        ).fetchone()[0]:
            pass
    thread.join()
    assert deleted.is_set()
    assert admin.execute("select count(*) from webhooks_event").fetchone() == (0,)
