"""Keys: who makes them, what opens the door, and when it stops opening."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from uuid_utils.compat import uuid7

from packshot.errors import Conflict, Forbidden, Invalid, NotFound
from packshot.foundation.apikeys import commands, queries, tokens
from packshot.foundation.apikeys.contracts import Answered
from packshot.foundation.apikeys.errors import IdempotencyKeyReused
from packshot.foundation.organizations import commands as organizations
from tests.foundation.conftest import new_place

WIDE = {"key": 1000, "organization": 1000, "address": 1000, "bad-key": 1000}


def key(tenant, **changes):
    return commands.make(
        tenant.actor, **({"name": "A shop", "scopes": ["models:read", "generations:write"]} | changes)
    )


def enter(secret, address=None, **quotas):
    return commands.enter(
        secret, address or new_place(), WIDE | {n.replace("_", "-"): q for n, q in quotas.items()}
    )


def test_a_token_checks_itself():
    token = tokens.new()
    assert token.secret.startswith("pk_live_")
    assert len(token.secret) == 57
    assert tokens.read(token.secret) == token
    swapped = token.secret[:20] + ("a" if token.secret[20] != "a" else "b") + token.secret[21:]
    for wrong in (swapped, token.secret[:-1], token.secret + "0", "", "pk_test_" + token.secret[8:]):
        assert tokens.read(wrong) is None
    assert token.secret[12:-4] not in token.shown


def test_a_key_opens_the_door_as_its_maker(tenant):
    made = key(tenant)
    caller = enter(made.secret).caller
    assert caller is not None
    assert (caller.actor, caller.role) == (tenant.actor, "owner")
    assert caller.scopes == {"models:read", "generations:write"}
    [shown] = queries.keys(tenant.actor)
    assert (shown.id, shown.name, shown.made_by) == (made.id, "A shop", tenant.user_id)
    assert shown.last_used_at is not None
    assert made.secret not in repr(shown)


def test_nobody_reads_a_hash(tenant, admin):
    made = key(tenant)
    digest = tokens.Token(made.secret).hash
    assert admin.execute("select count(*) from apikeys_key where hash = %s", [digest]).fetchone() == (1,)
    allowed = admin.execute(
        "select has_column_privilege('packshot_member', 'public.apikeys_key', 'hash', 'SELECT')"
    ).fetchone()
    assert allowed == (False,)


@pytest.mark.parametrize(
    "secret", ["", "nonsense", tokens.new().secret], ids=["empty", "malformed", "unknown"]
)
def test_what_is_no_key_is_refused(secret):
    entry = enter(secret)
    assert (entry.caller, entry.refusal) == (None, "invalid_key")
    assert [limit.name for limit in entry.limits] == ["bad-key"]


def test_a_key_ends_when_it_said(tenant, admin):
    made = key(tenant, expires_at=datetime.now(UTC) + timedelta(days=1))
    assert enter(made.secret).refusal is None
    admin.execute("update apikeys_key set expires_at = now() where id = %s", [made.id])
    assert enter(made.secret).refusal == "expired_key"
    with pytest.raises(Invalid):
        key(tenant, expires_at=datetime.now(UTC) - timedelta(seconds=1))


def test_a_revoked_key_opens_nothing_from_the_commit_on(tenant):
    made = key(tenant)
    commands.revoke(tenant.actor, made.id)
    commands.revoke(tenant.actor, made.id)
    assert enter(made.secret).refusal == "revoked_key"


def test_a_rotated_key_overlaps_with_the_next(tenant, admin):
    made = key(tenant, networks=["192.0.2.0/24"])
    fresh = commands.rotate(tenant.actor, made.id, overlap_h=24)
    assert enter(made.secret, "192.0.2.1").caller is not None
    assert enter(fresh.secret, "192.0.2.1").caller.scopes == {"models:read", "generations:write"}
    old = next(each for each in queries.keys(tenant.actor) if each.id == made.id)
    assert old.replaced_by == fresh.id
    assert old.expires_at - datetime.now(UTC) < timedelta(hours=24)
    with pytest.raises(Conflict):
        commands.rotate(tenant.actor, made.id, overlap_h=24)
    admin.execute("update apikeys_key set expires_at = now() where id = %s", [made.id])
    assert enter(made.secret, "192.0.2.1").refusal == "expired_key"
    gone = commands.rotate(tenant.actor, fresh.id, overlap_h=0)
    assert enter(fresh.secret, "192.0.2.1").refusal == "expired_key"
    assert enter(gone.secret, "192.0.2.1").caller is not None


def test_a_key_may_be_bound_to_addresses(tenant):
    made = key(tenant, networks=["192.0.2.7", "2001:db8::/32"])
    assert enter(made.secret, "192.0.2.7").caller is not None
    assert enter(made.secret, "::ffff:192.0.2.7").caller is not None
    assert enter(made.secret, "2001:db8:1::9").caller is not None
    assert enter(made.secret, "192.0.2.8").refusal == "address_not_allowed"
    assert enter(made.secret, "no address").refusal == "address_not_allowed"
    with pytest.raises(Invalid):
        key(tenant, networks=["example.com"])


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"name": "x" * 81}, {"scopes": []}, {"scopes": ["all:write"]}]
)
def test_a_key_says_what_it_is_for(tenant, wrong):
    with pytest.raises(Invalid):
        key(tenant, **wrong)


def test_members_make_and_see_no_keys(company):
    member = company.hire()
    made = key(company.boss)
    for act in (
        lambda: commands.make(member, name="x", scopes=["models:read"]),
        lambda: commands.rotate(member, made.id, overlap_h=0),
        lambda: commands.revoke(member, made.id),
    ):
        with pytest.raises(Forbidden):
            act()
    assert queries.keys(member) == []


def test_nobody_gets_a_key_that_acts_as_somebody_else(company):
    """An admin who rotated an owner's key would be an owner."""
    other = company.hire("admin")
    made = key(company.boss)
    with pytest.raises(Forbidden):
        commands.rotate(other, made.id, overlap_h=0)
    commands.revoke(other, made.id)
    assert enter(made.secret).refusal == "revoked_key"
    assert [(action, who) for action, who, _ in company.log() if action.startswith("key.")] == [
        ("key.made", company.boss.user_id),
        ("key.revoked", other.user_id),
    ]


def test_a_key_of_another_workspace_is_not_there(tenant, new_tenant):
    made, stranger = key(tenant), new_tenant()
    for act in (
        lambda: commands.rotate(stranger.actor, made.id, overlap_h=0),
        lambda: commands.revoke(stranger.actor, made.id),
    ):
        with pytest.raises(NotFound):
            act()
    assert enter(made.secret).caller is not None


def test_a_key_dies_with_its_makers_membership_and_stays_dead(company):
    other = company.hire("admin")
    made = commands.make(other, name="x", scopes=["models:read"])
    organizations.change_role(company.owner, other.user_id, "member")
    assert enter(made.secret).caller.role == "member"
    organizations.remove(company.owner, other.user_id)
    assert enter(made.secret).refusal == "invalid_key"
    assert made.id not in {each.id for each in queries.keys(company.owner)}


def test_a_bucket_lets_through_what_it_holds_and_no_more(tenant):
    made = key(tenant)
    entries = [enter(made.secret, key=5) for _ in range(7)]
    assert [entry.retry_after_s for entry in entries[:5]] == [None] * 5
    assert [entry.limits[0].remaining for entry in entries[:5]] == [4, 3, 2, 1, 0]
    assert all(1 <= entry.retry_after_s <= 12 for entry in entries[5:])


def test_a_bucket_fills_again(tenant, admin):
    made = key(tenant)
    for _ in range(6):
        entry = enter(made.secret, key=5)
    assert entry.retry_after_s is not None
    admin.execute(
        "update apikeys_bucket set full_at = full_at - interval '12 seconds' where name = %s",
        [f"key/{made.id}"],
    )
    assert enter(made.secret, key=5).retry_after_s is None
    assert enter(made.secret, key=5).retry_after_s is not None


def test_whoever_is_refused_by_one_bucket_takes_from_none(tenant):
    made, place = key(tenant), new_place()
    for _ in range(4):
        entry = enter(made.secret, place, key=2)
    by_name = {limit.name: limit.remaining for limit in entry.limits}
    assert by_name == {"key": 0, "organization": 998, "address": 998}


def test_keys_of_one_organization_share_its_bucket(tenant):
    keys = [key(tenant).secret for _ in range(3)]
    refused = [enter(keys[n % 3], organization=4).retry_after_s is not None for n in range(6)]
    assert refused == [False] * 4 + [True] * 2


def test_guessing_is_limited_by_address_and_takes_nothing_from_good_keys(tenant):
    made, place = key(tenant), new_place()
    entries = [enter(tokens.new().secret, place, bad_key=3) for _ in range(5)]
    assert [entry.retry_after_s is not None for entry in entries] == [False] * 3 + [True] * 2
    assert enter(made.secret, place, bad_key=3).caller is not None


def test_a_network_of_ipv6_is_one_guesser():
    network = f"2001:db8:{uuid7().hex[-4:]}:{uuid7().hex[-8:-4]}"
    entries = [enter("", f"{network}::{n}", bad_key=3) for n in range(1, 5)]
    assert [entry.retry_after_s is not None for entry in entries] == [False] * 3 + [True]


def test_threads_share_a_bucket(tenant):
    made = key(tenant)
    with ThreadPoolExecutor(8) as threads:
        entries = list(threads.map(lambda _: enter(made.secret, key=20), range(60)))
    passed = sum(entry.retry_after_s is None for entry in entries)
    # It fills while they ask: one in three seconds.
    assert 20 <= passed <= 24


def test_the_first_answer_is_the_answer(tenant):
    name = str(uuid7())
    assert commands.begin(tenant.actor, name, "a" * 64) is None
    assert commands.begin(tenant.actor, name, "a" * 64) is None
    assert commands.finish(tenant.actor, name, "a" * 64, Answered(201, "first")) == Answered(201, "first")
    assert commands.finish(tenant.actor, name, "a" * 64, Answered(201, "second")) == Answered(201, "first")
    assert commands.begin(tenant.actor, name, "a" * 64) == Answered(201, "first")
    with pytest.raises(IdempotencyKeyReused):
        commands.begin(tenant.actor, name, "b" * 64)


def test_a_refused_request_gives_its_key_back(tenant):
    name = str(uuid7())
    commands.begin(tenant.actor, name, "a" * 64)
    commands.let_go(tenant.actor, name, "a" * 64)
    assert commands.begin(tenant.actor, name, "b" * 64) is None
    commands.finish(tenant.actor, name, "b" * 64, Answered(200, "done"))
    commands.let_go(tenant.actor, name, "b" * 64)
    assert commands.begin(tenant.actor, name, "b" * 64) == Answered(200, "done")


def test_idempotency_keys_are_a_persons_own(tenant, new_tenant):
    name = str(uuid7())
    commands.begin(tenant.actor, name, "a" * 64)
    commands.finish(tenant.actor, name, "a" * 64, Answered(200, "mine"))
    assert commands.begin(new_tenant().actor, name, "a" * 64) is None


def test_old_answers_are_forgotten(tenant, admin, login):
    old, young = str(uuid7()), str(uuid7())
    for name in (old, young):
        commands.begin(tenant.actor, name, "a" * 64)
    admin.execute("update apikeys_answer set created_at = now() - interval '31 days' where key = %s", [old])
    login("packshot_worker").execute("select public.apikeys_forget_v1()")
    left = admin.execute("select key from apikeys_answer where key = any(%s)", [[old, young]]).fetchall()
    assert left == [(young,)]
