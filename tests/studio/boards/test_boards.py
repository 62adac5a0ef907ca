"""Boards: who sees them, what their commands promise."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from packshot.errors import Forbidden, Invalid, NotFound
from packshot.studio.boards import commands, queries


def test_a_new_board_is_at_its_address_and_on_the_list(tenant):
    slug = commands.create(tenant.actor, uuid7(), "  A mug on oak ")
    assert queries.board(tenant.actor, slug).title == "A mug on oak"
    assert [board.slug for board in queries.home(tenant.actor)] == [slug]


def test_the_same_id_is_the_same_board(tenant):
    board_id = uuid7()
    first = commands.create(tenant.actor, board_id, "First")
    assert commands.create(tenant.actor, board_id, "Second") == first
    assert queries.board(tenant.actor, first).title == "First"


def test_two_at_once_with_one_id_are_one_board(tenant):
    board_id, found = uuid7(), []
    barrier = threading.Barrier(4)

    def create() -> None:
        barrier.wait()
        found.append(commands.create(tenant.actor, board_id, "Raced"))

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_work_moves_a_board_to_the_front(tenant):
    first, second = (commands.create(tenant.actor, uuid7(), title) for title in ("One", "Two"))
    assert [board.slug for board in queries.home(tenant.actor)] == [second, first]
    commands.touch(tenant.actor, first)
    assert [board.slug for board in queries.home(tenant.actor)] == [first, second]


def test_renaming_answers_with_the_title_before(tenant):
    slug = commands.create(tenant.actor, uuid7(), "Before")
    assert commands.rename(tenant.actor, slug, " After ") == "Before"
    assert queries.board(tenant.actor, slug).title == "After"


@pytest.mark.parametrize("title", ["", "   ", "x" * 121])
def test_a_title_has_1_to_120_characters(tenant, title):
    slug = commands.create(tenant.actor, uuid7(), "Kept")
    with pytest.raises(Invalid):
        commands.rename(tenant.actor, slug, title)
    assert queries.board(tenant.actor, slug).title == "Kept"


def test_another_organizations_board_is_not_there(new_tenant):
    mine, other = new_tenant(), new_tenant()
    board_id = uuid7()
    slug = commands.create(other.actor, board_id, "Theirs")
    assert queries.home(mine.actor) == []
    assert queries.slugs(mine.actor, [board_id]) == {}
    for attempt in (
        lambda: queries.board(mine.actor, slug),
        lambda: commands.rename(mine.actor, slug, "Mine now"),
        lambda: commands.touch(mine.actor, slug),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert queries.board(other.actor, slug).title == "Theirs"


def test_another_organizations_id_opens_a_board_of_ones_own(new_tenant):
    mine, other = new_tenant(), new_tenant()
    board_id = uuid7()
    theirs = commands.create(other.actor, board_id, "Theirs")
    ours = commands.create(mine.actor, board_id, "Mine")
    assert ours != theirs
    assert queries.board(other.actor, theirs).title == "Theirs"
    assert queries.board(mine.actor, ours).title == "Mine"


def test_nobody_opens_a_board_in_an_organization_that_is_not_theirs(new_tenant):
    from packshot.db.tenancy import Actor

    mine, other = new_tenant(), new_tenant()
    with pytest.raises(Forbidden):
        commands.create(Actor(mine.user_id, other.organization_id), uuid7(), "Intruder")
    assert queries.home(other.actor) == []


@given(st.text(max_size=300))
def test_a_title_taken_from_a_prompt_fits(prompt):
    title = commands.title_from(prompt)
    assert len(title) <= commands.TITLE_LENGTH + 1
    assert title == " ".join(title.split())


def test_a_title_ends_with_a_whole_word():
    prompt = "On white marble, soft window light from the left, a sprig of eucalyptus beside it"
    assert commands.title_from(prompt) == "On white marble, soft window light from the left, a sprig of…"
