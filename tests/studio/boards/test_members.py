"""Seats on a board: who may do what, and that no board is ever without an owner, whatever happens at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from uuid_utils.compat import uuid7

from packshot.db.addresses import parameters
from packshot.db.tenancy import Actor
from packshot.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from packshot.studio.boards import commands, queries
from tests.studio.boards.people import Office


@pytest.fixture
def office(tenant, admin, new_tenant) -> Office:
    return Office(tenant, admin, new_tenant)


def opened(actor: Actor, title: str = "Bottles") -> tuple[str, UUID]:
    board_id = uuid7()
    return commands.create(actor, board_id, title), board_id


def seats(actor: Actor, board_id: UUID) -> dict[UUID, str]:
    return {seat.person.user_id: seat.role for seat in queries.seats(actor, board_id) if seat.role}


def test_a_board_is_everybodys_until_it_is_made_private(office):
    maker, colleague = office.hire(), office.hire()
    slug, board_id = opened(maker)
    assert queries.board(colleague, slug).role == "editor"
    assert commands.open_to(maker, slug, "invited") == "organization"
    with pytest.raises(NotFound):
        queries.board(colleague, slug)
    assert queries.home(colleague) == []
    assert queries.board(office.owner, slug).role == "owner", "who runs the organization owns its boards"
    assert commands.seat(maker, slug, colleague.user_id, "viewer") is None
    assert queries.board(colleague, slug).role == "viewer"
    assert seats(maker, board_id) == {maker.user_id: "owner", colleague.user_id: "viewer"}
    assert commands.seat(maker, slug, colleague.user_id, None) == "viewer"
    with pytest.raises(NotFound):
        queries.board(colleague, slug)
    assert commands.open_to(maker, slug, "organization") == "invited"
    assert queries.board(colleague, slug).role == "editor"


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_only_owners_give_seats(office, role):
    maker, colleague, third = office.hire(), office.hire(), office.hire()
    slug, board_id = opened(maker)
    commands.seat(maker, slug, colleague.user_id, role)
    for attempt in (
        lambda: commands.seat(colleague, slug, third.user_id, "viewer"),
        lambda: commands.seat(colleague, slug, colleague.user_id, "owner"),
        lambda: commands.seat(colleague, slug, maker.user_id, None),
        lambda: commands.open_to(colleague, slug, "invited"),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert seats(maker, board_id) == {maker.user_id: "owner", colleague.user_id: role}


def test_seats_are_for_people_of_the_organization(office, new_tenant):
    slug, _ = opened(office.owner)
    with pytest.raises(NotFound):
        commands.seat(office.owner, slug, new_tenant().user_id, "editor")
    with pytest.raises(Invalid):
        commands.seat(office.owner, slug, office.owner.user_id, "king")  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        commands.open_to(office.owner, slug, "world")  # type: ignore[arg-type]


def test_the_last_owner_names_another_first(office):
    maker, colleague = office.hire(), office.hire()
    slug, board_id = opened(maker)
    for role in ("editor", "viewer", None):
        with pytest.raises(Conflict, match="at least one owner"):
            commands.seat(maker, slug, maker.user_id, role)
    commands.seat(maker, slug, colleague.user_id, "owner")
    assert commands.seat(maker, slug, maker.user_id, None) == "owner"
    assert office.owners(board_id) == {colleague.user_id}


def test_leaving_can_be_taken_back_for_a_minute_by_who_left(office):
    maker, colleague = office.hire(), office.hire()
    slug, board_id = opened(maker)
    commands.open_to(maker, slug, "invited")
    commands.seat(maker, slug, colleague.user_id, "editor")
    commands.seat(colleague, slug, colleague.user_id, None)
    with pytest.raises(NotFound):
        queries.board(colleague, slug)
    assert commands.come_back(colleague, slug) == "editor"
    assert commands.come_back(colleague, slug) == "editor"
    assert seats(maker, board_id)[colleague.user_id] == "editor"

    commands.seat(maker, slug, colleague.user_id, None)
    with pytest.raises(NotFound):
        commands.come_back(colleague, slug)

    commands.seat(maker, slug, colleague.user_id, "editor")
    commands.seat(colleague, slug, colleague.user_id, None)
    office.admin.execute(
        "update boards_activity set created_at = created_at - interval '61 s' where board_id = %s", [board_id]
    )
    with pytest.raises(NotFound):
        commands.come_back(colleague, slug)


def test_who_leaves_the_organization_leaves_its_boards_to_the_next(office):
    maker, editor, viewer = office.hire(), office.hire(), office.hire()
    slug, board_id = opened(maker)
    commands.seat(maker, slug, viewer.user_id, "viewer")
    commands.seat(maker, slug, editor.user_id, "editor")
    for leaver, heir in ((maker, editor), (editor, viewer), (viewer, office.owner)):
        office.dismiss(leaver)
        assert office.owners(board_id) == {heir.user_id}
        with pytest.raises((NotFound, Forbidden)):
            queries.board(leaver, slug)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each gave or raised, all begun in the same moment."""
    barrier, found = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            found[place] = act()
        except Problem as problem:
            found[place] = problem

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("turn", range(8))
def test_two_owners_who_leave_at_once_leave_one(office, turn):
    first, second = office.hire(), office.hire()
    slug, board_id = opened(first)
    commands.seat(first, slug, second.user_id, "owner")
    found = at_once(
        lambda: commands.seat(first, slug, first.user_id, None),
        lambda: commands.seat(second, slug, second.user_id, None),
    )
    assert sorted(type(each).__name__ for each in found) == ["Conflict", "str"]
    assert len(office.owners(board_id)) == 1


@pytest.mark.parametrize("turn", range(8))
def test_leaving_and_being_lowered_at_once_leaves_an_owner(office, turn):
    first, second = office.hire(), office.hire()
    slug, board_id = opened(first)
    commands.seat(first, slug, second.user_id, "owner")
    at_once(
        lambda: commands.seat(first, slug, second.user_id, "viewer"),
        lambda: commands.seat(second, slug, first.user_id, "editor"),
        lambda: commands.seat(second, slug, second.user_id, None),
    )
    assert len(office.owners(board_id)) == 1


@pytest.mark.parametrize("turn", range(8))
def test_two_owners_who_leave_the_organization_at_once_leave_an_heir(office, server, turn):
    first, second, heir = office.hire(), office.hire(), office.hire()
    slug, board_id = opened(first)
    commands.seat(first, slug, second.user_id, "owner")
    commands.seat(first, slug, heir.user_id, "viewer")

    def quit_as(actor: Actor) -> Callable[[], object]:
        def go() -> object:
            with psycopg.connect(**parameters(server.database_url)) as connection:
                connection.execute(
                    "delete from organizations_membership where organization_id = %s and user_id = %s",
                    [actor.organization_id, actor.user_id],
                )
            return None

        return go

    at_once(
        quit_as(first), quit_as(second), lambda: commands.seat(office.owner, slug, heir.user_id, "editor")
    )
    assert office.owners(board_id) == {heir.user_id}


def test_the_end_of_a_membership_waits_for_the_one_before_it(office, server):
    """Even where both have looked for an owner before either commits: the second cannot even begin."""
    first, second, heir = office.hire(), office.hire(), office.hire()
    slug, board_id = opened(first)
    for actor, role in ((second, "owner"), (heir, "viewer")):
        commands.seat(first, slug, actor.user_id, role)
    leaving = "delete from organizations_membership where organization_id = %s and user_id = %s"
    with (
        psycopg.connect(**parameters(server.database_url)) as one,
        psycopg.connect(**parameters(server.database_url)) as other,
    ):
        one.execute(leaving, [first.organization_id, first.user_id])
        one.execute("set constraints all immediate")
        other.execute("set lock_timeout = '100ms'")
        other.commit()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(leaving, [second.organization_id, second.user_id])
        other.rollback()
        one.commit()
        other.execute(leaving, [second.organization_id, second.user_id])
        other.execute("set constraints all immediate")
    assert office.owners(board_id) == {heir.user_id}


ROLES = ["owner", "editor", "viewer", None]
people = st.integers(0, 4)


class Seats(RuleBasedStateMachine):
    """Any acts of any people against what a dictionary says; nobody here runs the organization but the first."""

    make_office: Callable[[], Office]

    @initialize()
    def begin(self) -> None:
        self.office = type(self).make_office()
        self.staff = [self.office.owner, *(self.office.hire() for _ in range(4))]
        self.slug, self.board_id = opened(self.staff[1])
        self.seats: dict[int, str] = {1: "owner"}
        self.order: list[int] = [1]
        self.here = set(range(5))
        self.audience = "organization"

    def role(self, who: int) -> str | None:
        if who not in self.here:
            return None
        if who == 0:
            return "owner"
        return self.seats.get(who) or ("editor" if self.audience == "organization" else None)

    def refusal(self, who: int, needs_owner: bool) -> type[Problem] | None:
        if who not in self.here:
            return Forbidden
        role = self.role(who)
        if role is None:
            return NotFound
        return Forbidden if needs_owner and role != "owner" else None

    def last(self, whose: int) -> bool:
        return self.seats.get(whose) == "owner" and list(self.seats.values()).count("owner") == 1

    @rule(who=people, whose=people, role=st.sampled_from(ROLES))
    def seat(self, who: int, whose: int, role: Any) -> None:
        expected = self.refusal(who, needs_owner=not (role is None and who == whose))
        if expected is None and whose not in self.here:
            expected = NotFound
        if expected is None and role != "owner" and self.last(whose):
            expected = Conflict
        found = self.attempt(
            lambda: commands.seat(self.staff[who], self.slug, self.staff[whose].user_id, role)
        )
        if expected is not None:
            assert type(found) is expected
            return
        assert found == self.seats.get(whose)
        self.place(whose, role)

    def place(self, whose: int, role: str | None) -> None:
        if role is None:
            self.seats.pop(whose, None)
            self.order = [each for each in self.order if each != whose]
        else:
            self.seats[whose] = role
            if whose not in self.order:
                self.order.append(whose)

    @rule(who=people, to=st.sampled_from(["organization", "invited"]))
    def open_to(self, who: int, to: Any) -> None:
        expected = self.refusal(who, needs_owner=True)
        found = self.attempt(lambda: commands.open_to(self.staff[who], self.slug, to))
        if expected is not None:
            assert type(found) is expected
            return
        assert found == self.audience
        self.audience = to

    @rule(whose=st.integers(1, 4))
    def dismiss(self, whose: int) -> None:
        if whose not in self.here:
            self.office.take_in(self.staff[whose].user_id)
            self.here.add(whose)
            return
        self.office.dismiss(self.staff[whose])
        self.here.remove(whose)
        was_last = self.last(whose)
        self.place(whose, None)
        if was_last:
            editors = [each for each in self.order if self.seats[each] == "editor"]
            heir = (editors or self.order or [0])[0]
            self.place(heir, "owner")

    def attempt(self, act: Callable[[], object]) -> object:
        try:
            return act()
        except Problem as problem:
            return problem

    @invariant()
    def everybody_is_what_the_model_says(self) -> None:
        if not hasattr(self, "seats"):
            return
        ids = {self.staff[each].user_id: role for each, role in self.seats.items()}
        assert seats(self.office.owner, self.board_id) == ids
        assert "owner" in ids.values()
        for who in self.here:
            found = self.attempt(lambda who=who: queries.board(self.staff[who], self.slug).role)
            assert (found if isinstance(found, str) else None) == self.role(who)


def test_seats_are_what_a_small_model_says(admin, new_tenant):
    class Here(Seats):
        make_office = staticmethod(lambda: Office(new_tenant(), admin, new_tenant))

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
