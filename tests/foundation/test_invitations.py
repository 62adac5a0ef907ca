"""Invitations: who may, how often a token is good, and what of all that a stranger learns."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Conflict, Forbidden, Invalid, NotFound
from packshot.facts import _listeners
from packshot.foundation.organizations import commands, queries
from packshot.foundation.organizations.errors import SeatsExhausted
from packshot.foundation.organizations.facts import MemberJoined
from packshot.foundation.organizations.tokens import hash_of, token_of
from tests.foundation.at_once import at_once
from tests.foundation.conftest import new_address


@pytest.fixture
def joined():
    """Those of whom the fact was told."""
    seen = []
    _listeners[MemberJoined].append(seen.append)
    yield seen
    _listeners[MemberJoined].pop()


def test_who_accepts_is_a_member_with_the_role_that_was_offered(company, new_tenant, joined):
    person = new_tenant()
    [said] = commands.invite(company.owner, [f" {person.email.upper()} "], "admin")
    assert (said.email, said.outcome) == (person.email, "invited")
    offer = queries.offer(company.token(person.email))
    assert (offer.organization, offer.email, offer.role) == ("A Person's studio", person.email, "admin")
    assert offer.invited_by == "A Person"
    assert company.roles().keys() == {company.boss.user_id}, "an invitation is no membership"
    assert commands.accept(person.user_id, company.token(person.email)) == company.id
    assert company.roles()[person.user_id] == "admin"
    assert joined == [MemberJoined(company.id, person.user_id)]
    assert [each.organization_id for each in queries.organizations_of(person.user_id)] == [
        person.organization_id,
        company.id,
    ]


def test_a_token_is_good_once(company, new_tenant):
    person, other = new_tenant(), new_tenant()
    commands.invite(company.owner, [person.email], "member")
    token = company.token(person.email)
    commands.accept(person.user_id, token)
    for user_id in (person.user_id, other.user_id):
        with pytest.raises(NotFound):
            commands.accept(user_id, token)
    assert queries.offer(token) is None


def test_a_token_is_good_once_for_six_at_once(company, new_tenant):
    people = [new_tenant() for _ in range(6)]
    commands.invite(company.owner, [new_address()], "member")
    [invitation] = queries.invitations(company.owner)
    token = company.token(invitation.email)
    found = at_once(6, lambda index: commands.accept(people[index].user_id, token))
    assert [type(each) for each in found].count(NotFound) == 5
    assert len(company.roles()) == 2


def test_declined_and_revoked_and_expired_tokens_are_good_for_nothing(company, new_tenant, admin):
    addresses = [new_address() for _ in range(3)]
    commands.invite(company.owner, addresses, "member")
    tokens = [company.token(each) for each in addresses]
    person = new_tenant()
    commands.decline(person.user_id, tokens[0])
    ids = {each.email: each.id for each in queries.invitations(company.owner)}
    commands.revoke(company.owner, ids[addresses[1]])
    admin.execute(
        "update organizations_invitation set expires_at = now() - interval '1 second' where id = %s",
        [ids[addresses[2]]],
    )
    for token in tokens:
        assert queries.offer(token) is None
        with pytest.raises(NotFound):
            commands.accept(person.user_id, token)
        with pytest.raises(NotFound):
            commands.decline(person.user_id, token)
    assert {each.email: each.state for each in queries.invitations(company.owner)} == dict(
        zip(addresses, ("declined", "revoked", "expired"), strict=True)
    )
    assert queries.seats(company.owner).used == 1
    with pytest.raises(Conflict):
        commands.revoke(company.owner, ids[addresses[0]])


def test_the_database_holds_nothing_that_opens(company, admin):
    address = new_address()
    commands.invite(company.owner, [address], "member")
    token = company.token(address)
    row = admin.execute(
        "select i::text, (select string_agg(convert_from(q.payload, 'UTF8') || coalesce(q.dedupe_key, ''), ',')"
        " from pgq.pgqueuer as q) from organizations_invitation as i where email = %s",
        [address],
    ).fetchone()
    assert hash_of(token) in row[0]
    assert token not in row[0] + row[1]


def test_members_read_neither_tokens_nor_seeds(company):
    admin_person = company.hire("admin")
    commands.invite(company.owner, [new_address()], "member")
    for column in ("token_hash", "seed", "*"):
        with (
            pytest.raises(Exception, match="permission denied"),
            acting_as(admin_person),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"select {column} from organizations_invitation")


def test_sent_again_the_old_link_is_dead_and_the_new_one_good(company, new_tenant):
    person = new_tenant()
    commands.invite(company.owner, [person.email], "member")
    before = company.token(person.email)
    [invitation] = queries.invitations(company.owner)
    commands.resend(company.owner, invitation.id)
    after = company.token(person.email)
    assert before != after
    with pytest.raises(NotFound):
        commands.accept(person.user_id, before)
    commands.accept(person.user_id, after)
    with pytest.raises(Conflict):
        commands.resend(company.owner, invitation.id)


def test_a_revoked_invitation_opens_again_by_sending_it(company, new_tenant):
    person = new_tenant()
    commands.invite(company.owner, [person.email], "member")
    [invitation] = queries.invitations(company.owner)
    commands.revoke(company.owner, invitation.id)
    commands.resend(company.owner, invitation.id)
    commands.accept(person.user_id, company.token(person.email))


def test_the_answer_is_the_same_with_and_without_an_account(company, new_tenant):
    known, unknown = new_tenant().email, new_address()
    said = commands.invite(company.owner, [known, unknown], "member")
    assert [each.outcome for each in said] == ["invited", "invited"]
    shown = queries.invitations(company.owner)
    assert {(each.state, each.mail, each.role) for each in shown} == {("open", "waiting", "member")}


def test_whoever_is_a_member_or_invited_is_not_invited_again(company):
    colleague = company.hire()
    [person] = [each for each in queries.roster(company.owner) if each.user_id == colleague.user_id]
    open_one = new_address()
    commands.invite(company.owner, [open_one], "member")
    said = commands.invite(company.owner, [person.email, open_one, new_address()], "member")
    assert [each.outcome for each in said] == ["member", "open", "invited"]
    assert queries.seats(company.owner).used == 4


def test_ten_at_once_on_three_seats_make_three(company):
    company.seats(3)
    found = at_once(10, lambda _: commands.invite(company.owner, [new_address()], "member"))
    assert sum(isinstance(each, list) for each in found) == 2
    assert sum(isinstance(each, SeatsExhausted) for each in found) == 8
    assert queries.seats(company.owner) == queries.Seats(seats=3, used=3)


def test_resent_at_once_seats_stay_within_the_plan(company):
    """Also the other doors to a seat: sending what was revoked."""
    addresses = [new_address() for _ in range(5)]
    commands.invite(company.owner, addresses, "member")
    ids = [each.id for each in queries.invitations(company.owner)]
    for each in ids:
        commands.revoke(company.owner, each)
    company.seats(3)
    found = at_once(5, lambda index: commands.resend(company.owner, ids[index]))
    assert [type(each) for each in found].count(SeatsExhausted) == 3
    assert queries.seats(company.owner).used == 3


def test_where_one_seat_is_missing_nobody_is_invited(company):
    company.seats(3)
    with pytest.raises(SeatsExhausted) as caught:
        commands.invite(company.owner, [new_address() for _ in range(3)], "member")
    assert caught.value.detail == {"seats": 3, "used": 1}
    assert queries.invitations(company.owner) == []


def test_a_plan_that_has_shrunk_keeps_the_invitation_until_there_is_room(company, new_tenant):
    person = new_tenant()
    colleague = company.hire()
    commands.invite(company.owner, [person.email], "member")
    company.seats(2)
    with pytest.raises(Conflict):
        commands.accept(person.user_id, company.token(person.email))
    commands.remove(company.owner, colleague.user_id)
    commands.accept(person.user_id, company.token(person.email))


@pytest.mark.parametrize("role", ["owner", "boss", "", None])
def test_nobody_is_invited_as_something_else(company, role):
    with pytest.raises(Invalid):
        commands.invite(company.owner, [new_address()], role)


def test_members_invite_nobody(company):
    colleague = company.hire()
    for act in (
        lambda: commands.invite(colleague, [new_address()], "member"),
        lambda: commands.resend(colleague, uuid4()),
        lambda: commands.revoke(colleague, uuid4()),
    ):
        with pytest.raises(Forbidden):
            act()
    assert queries.invitations(colleague) == []


def test_an_invitation_of_another_workspace_is_not_there(company, new_tenant):
    commands.invite(company.owner, [new_address()], "member")
    [invitation] = queries.invitations(company.owner)
    stranger = new_tenant()
    for actor in (stranger.actor, Actor(stranger.user_id, company.id)):
        for act in (commands.revoke, commands.resend):
            with pytest.raises((NotFound, Forbidden)):
                act(actor, invitation.id)
    assert [each.state for each in queries.invitations(company.owner)] == ["open"]


def test_sixty_mails_a_day_are_the_most(company):
    company.seats(100)
    commands.invite(company.owner, [new_address() for _ in range(50)], "member")
    with pytest.raises(Conflict, match="60"):
        commands.invite(company.owner, [new_address() for _ in range(11)], "member")
    commands.invite(company.owner, [new_address() for _ in range(10)], "member")
    [latest, *_] = queries.invitations(company.owner)
    with pytest.raises(Conflict, match="60"):
        commands.resend(company.owner, latest.id)


def test_it_is_all_in_the_log(company, new_tenant):
    person, other = new_tenant(), new_tenant()
    commands.invite(company.owner, [person.email, other.email], "member")
    boss = company.boss.user_id
    commands.accept(person.user_id, company.token(person.email))
    commands.decline(other.user_id, company.token(other.email))
    assert company.log() == [
        ("organization.opened", boss, "A Person's studio"),
        ("invitation.sent", boss, person.email),
        ("invitation.sent", boss, other.email),
        ("member.joined", person.user_id, person.email),
        ("invitation.declined", other.user_id, other.email),
    ]


@given(st.uuids(), st.uuids(), st.uuids())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_tokens_differ_with_invitation_and_seed(first, second, seed):
    assert len(token_of(first, seed)) == 43
    assert (token_of(first, seed) == token_of(second, seed)) == (first == second)
    assert (token_of(seed, first) == token_of(seed, second)) == (first == second)
