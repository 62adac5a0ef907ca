"""Who may change whose role, who may leave, and that no workspace is ever without an owner."""

from __future__ import annotations

from functools import partial
from itertools import product
from uuid import uuid4

import pytest
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from packshot.facts import _listeners
from packshot.foundation.organizations import commands, queries
from packshot.foundation.organizations.facts import MemberRemoved, OrganizationClosing, OrganizationKept
from packshot.studio.boards import commands as boards
from tests.foundation.at_once import at_once

ROLES = ("owner", "admin", "member")


@pytest.fixture
def told():
    """The facts that were told, in their order."""
    seen = []
    kinds = (MemberRemoved, OrganizationClosing, OrganizationKept)
    for kind in kinds:
        _listeners[kind].append(seen.append)
    yield seen
    for kind in kinds:
        _listeners[kind].pop()


def person(company, role):
    """Somebody with this role; the owner is one of two, so that no guard of the last one speaks."""
    return company.hire(role)


def may_give(who, before, after):
    """Owners may everything; admins whatever concerns no owner."""
    return who == "owner" or (who == "admin" and "owner" not in (before, after))


@pytest.mark.parametrize(("who", "before", "after"), list(product(ROLES, ROLES, ROLES)))
def test_who_may_give_which_role(company, who, before, after):
    actor, target = person(company, who), person(company, before)
    if may_give(who, before, after) or (who == "admin" and before == after and before != "owner"):
        assert commands.change_role(actor, target.user_id, after) == before
        assert company.roles()[target.user_id] == after
    else:
        with pytest.raises(Forbidden):
            commands.change_role(actor, target.user_id, after)
        assert company.roles()[target.user_id] == before


@pytest.mark.parametrize(("who", "whom"), list(product(ROLES, ROLES)))
def test_who_may_remove_whom(company, who, whom, told):
    actor, target = person(company, who), person(company, whom)
    if who == "owner" or (who == "admin" and whom != "owner"):
        commands.remove(actor, target.user_id)
        assert target.user_id not in company.roles()
        assert told == [MemberRemoved(company.id, target.user_id)]
    else:
        with pytest.raises(Forbidden):
            commands.remove(actor, target.user_id)
        assert target.user_id in company.roles()
        assert told == []


@pytest.mark.parametrize("who", ROLES)
def test_everybody_may_leave(company, who, told):
    actor = person(company, who)
    commands.leave(actor)
    assert actor.user_id not in company.roles()
    assert told == [MemberRemoved(company.id, actor.user_id)]
    with pytest.raises(Problem):
        commands.rename(actor, "Mine")


@pytest.mark.parametrize("who", ROLES)
def test_only_owners_hand_over(company, who):
    actor, target = person(company, who), person(company, "member")
    if who != "owner":
        with pytest.raises(Forbidden):
            commands.transfer(actor, target.user_id)
        return
    commands.transfer(actor, target.user_id)
    roles = company.roles()
    assert (roles[actor.user_id], roles[target.user_id]) == ("admin", "owner")
    with pytest.raises(Forbidden):
        commands.transfer(actor, target.user_id)


def test_the_last_owner_stays(company):
    company.hire("admin")
    for act in (
        lambda: commands.leave(company.owner),
        lambda: commands.change_role(company.owner, company.boss.user_id, "admin"),
    ):
        with pytest.raises(Conflict):
            act()
    with pytest.raises(Invalid):
        commands.transfer(company.owner, company.boss.user_id)
    assert company.roles()[company.boss.user_id] == "owner"


@pytest.mark.parametrize("round_", range(5))
def test_of_two_owners_who_leave_at_once_one_stays(company, round_):
    other = company.hire("owner")
    found = at_once(2, lambda index: commands.leave((company.owner, other)[index]))
    assert [type(each) for each in found].count(Conflict) == 1
    assert list(company.roles().values()) == ["owner"]


@pytest.mark.parametrize("round_", range(5))
def test_owners_who_demote_each_other_at_once_leave_one(company, round_):
    """Whoever comes second is an owner no more, and may not."""
    owners = [company.owner, company.hire("owner"), company.hire("owner")]

    def work(index):
        commands.change_role(owners[index], owners[(index + 1) % 3].user_id, "member")

    found = at_once(3, work)
    assert "owner" in company.roles().values()
    assert all(each is None or isinstance(each, (Forbidden, Conflict)) for each in found)


@pytest.mark.parametrize("round_", range(5))
def test_leaving_handing_over_and_removing_at_once_leave_an_owner(company, round_):
    """Whatever meets whatever: an owner is left, nobody waits for ever, and nobody is in two roles."""
    others = [company.hire("owner"), company.hire("admin"), company.hire("member")]
    acts = [
        lambda: commands.leave(company.owner),
        lambda: commands.transfer(others[0], others[2].user_id),
        lambda: commands.remove(others[0], company.boss.user_id),
        lambda: commands.remove(company.owner, others[0].user_id),
        lambda: commands.change_role(others[1], others[2].user_id, "admin"),
        lambda: commands.leave(others[2]),
    ]
    at_once(len(acts), lambda index: acts[index]())
    assert "owner" in company.roles().values()


@pytest.mark.parametrize("round_", range(5))
def test_seats_on_boards_and_leaving_at_once_wait_for_each_other(company, round_):
    """Both take the membership, then the organization: no deadlock, and every board has an owner."""
    colleague = company.hire()
    slug = boards.create(colleague, uuid7(), "Mugs")
    boards.seat(company.owner, slug, company.boss.user_id, "editor")
    acts = [
        lambda: commands.leave(colleague),
        lambda: boards.seat(company.owner, slug, colleague.user_id, "viewer"),
        lambda: boards.seat(company.owner, slug, company.boss.user_id, None),
        lambda: commands.change_role(company.owner, colleague.user_id, "admin"),
    ]
    at_once(len(acts), lambda index: acts[index]())
    owners = company.admin.execute(
        "select count(*) from boards_member m join boards_board b on b.id = m.board_id"
        " where b.slug = %s and m.role = 'owner'",
        [slug],
    ).fetchone()[0]
    assert owners >= 1


def test_who_is_removed_loses_the_boards_and_they_keep_an_owner(company):
    colleague = company.hire()
    board_id = uuid7()
    boards.create(colleague, board_id, "Mugs")
    commands.remove(company.owner, colleague.user_id)
    seats = company.admin.execute(
        "select user_id, role from boards_member where board_id = %s", [board_id]
    ).fetchall()
    assert seats == [(company.boss.user_id, "owner")]


def test_a_stranger_is_not_there(company, new_tenant):
    stranger = new_tenant()
    forger = Actor(stranger.user_id, company.id)
    acts = (partial(commands.change_role, role="member"), commands.remove, commands.transfer)
    for user_id, act in product((stranger.user_id, uuid4()), acts):
        with pytest.raises(NotFound):
            act(company.owner, user_id)
    for actor, act in product((stranger.actor, forger), acts):
        with pytest.raises((NotFound, Forbidden)):
            act(actor, company.boss.user_id)
    for act in (commands.close, commands.keep, commands.take_out, commands.leave):
        with pytest.raises(Forbidden):
            act(forger)
    with pytest.raises(Forbidden):
        commands.rename(forger, "Mine")
    assert company.roles() == {company.boss.user_id: "owner"}


@pytest.mark.parametrize("who", ["admin", "member"])
def test_only_owners_end_or_take_out_a_workspace(company, who, told):
    actor = company.hire(who)
    for act in (commands.close, commands.keep, commands.take_out):
        with pytest.raises(Forbidden):
            act(actor)
    assert queries.takeouts(actor) == []
    assert told == []


def test_a_deletion_is_told_once_decided_and_once_taken_back(company, told):
    at = commands.close(company.owner)
    assert commands.close(company.owner) == at, "asked again it stays the day it was"
    commands.keep(company.owner)
    commands.keep(company.owner)
    kinds = [type(each) for each in told]
    assert kinds == [OrganizationClosing, OrganizationClosing, OrganizationKept]
    assert told[0].erase_at == at
    assert queries.workspace(company.owner).erase_at is None


def test_a_workspace_on_its_way_out_takes_nobody_in(company, new_tenant):
    people = [new_tenant() for _ in range(2)]
    commands.invite(company.owner, [people[0].email], "member")
    token = company.token(people[0].email)
    commands.close(company.owner)
    with pytest.raises(NotFound):
        commands.accept(people[0].user_id, token)
    with pytest.raises(Conflict):
        commands.invite(company.owner, [people[1].email], "member")
    [invitation] = queries.invitations(company.owner)
    with pytest.raises(Conflict):
        commands.resend(company.owner, invitation.id)
    commands.keep(company.owner)
    commands.invite(company.owner, [people[1].email], "member")


def test_every_change_of_rights_is_in_the_log(company):
    colleague = company.hire()
    boss = company.boss.user_id
    mail = next(each.email for each in queries.roster(company.owner) if each.user_id == colleague.user_id)
    before = len(company.log())
    commands.change_role(company.owner, colleague.user_id, "admin")
    commands.change_role(company.owner, colleague.user_id, "admin")
    commands.transfer(company.owner, colleague.user_id)
    commands.rename(colleague, "Kiln")
    commands.close(colleague)
    commands.keep(colleague)
    commands.take_out(colleague)
    commands.leave(company.owner)
    assert company.log()[before:] == [
        ("member.role", boss, mail),
        ("organization.transferred", boss, mail),
        ("organization.renamed", colleague.user_id, "Kiln"),
        ("organization.closing", colleague.user_id, ""),
        ("organization.kept", colleague.user_id, ""),
        ("organization.exported", colleague.user_id, ""),
        ("member.left", boss, company.boss.email),
    ]


def test_what_is_refused_leaves_no_line(company):
    colleague = company.hire()
    before = company.log()
    for act in (
        lambda: commands.change_role(colleague, company.boss.user_id, "member"),
        lambda: commands.leave(company.owner),
        lambda: commands.rename(company.owner, ""),
        lambda: commands.close(colleague),
    ):
        with pytest.raises(Problem):
            act()
    assert company.log() == before
