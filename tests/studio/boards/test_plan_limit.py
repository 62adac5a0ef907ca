"""As many boards as the plan allows: exactly so many, whoever asks at the same moment, and nothing is lost by it."""

from __future__ import annotations

import pytest
from uuid_utils.compat import uuid7

from packshot.errors import UpgradeNeeded
from packshot.studio.boards import commands, queries
from packshot.studio.boards.contracts import Listing
from tests.foundation.at_once import at_once
from tests.foundation.terms import off, on


def opened(actor) -> int:
    shelves = [queries.listing(actor, Listing(shelf)) for shelf in ("active", "archived")]
    return sum(len(page.cards) for page in shelves)


def test_ten_at_once_at_a_limit_of_three_make_three(tenant):
    on(tenant.organization_id, limits={"boards": 3})
    found = at_once(10, lambda n: commands.create(tenant.actor, uuid7(), f"Board {n}"))
    refused = [each for each in found if not isinstance(each, str)]
    assert len(refused) == 7
    assert opened(tenant.actor) == 3
    assert {type(each) for each in refused} == {UpgradeNeeded}
    assert {(each.status, each.code) for each in refused} == {(402, "upgrade_needed")}
    assert all(each.detail == {"feature": "boards", "limit": 3} for each in refused)


def test_the_same_board_asked_for_at_once_takes_the_last_place_once(tenant):
    on(tenant.organization_id, limits={"boards": 1})
    board_id = uuid7()
    found = at_once(6, lambda _: commands.create(tenant.actor, board_id, "Mugs"))
    assert len(set(found)) == 1
    assert opened(tenant.actor) == 1
    assert commands.create(tenant.actor, board_id, "Mugs") == found[0]


def test_the_trash_makes_room_and_the_archive_does_not(tenant):
    on(tenant.organization_id, limits={"boards": 2})
    first, second = (commands.create(tenant.actor, uuid7(), name) for name in ("One", "Two"))
    commands.archive(tenant.actor, second)
    with pytest.raises(UpgradeNeeded):
        commands.create(tenant.actor, uuid7(), "Three")
    commands.archive(tenant.actor, second, archived=False)
    commands.delete(tenant.actor, first)
    commands.create(tenant.actor, uuid7(), "Three")
    with pytest.raises(UpgradeNeeded):
        commands.restore(tenant.actor, first)
    assert opened(tenant.actor) == 2
    on(tenant.organization_id, limits={"boards": 3})
    commands.restore(tenant.actor, first)
    commands.restore(tenant.actor, first)  # it is there: nothing to be refused
    assert opened(tenant.actor) == 3


def test_boards_taken_out_of_the_trash_and_opened_at_once_share_the_places(tenant):
    gone = [commands.create(tenant.actor, uuid7(), f"Old {n}") for n in range(5)]
    for slug in gone:
        commands.delete(tenant.actor, slug)
    on(tenant.organization_id, limits={"boards": 4})

    def ask(n: int) -> object:
        if n % 2:
            return commands.create(tenant.actor, uuid7(), f"New {n}")
        return commands.restore(tenant.actor, gone[n // 2])

    found = at_once(10, ask)
    assert sum(isinstance(each, UpgradeNeeded) for each in found) == 6
    assert opened(tenant.actor) == 4


def test_a_smaller_plan_takes_no_board_away(tenant):
    on(tenant.organization_id, limits={"boards": 5})
    for n in range(4):
        commands.create(tenant.actor, uuid7(), f"Board {n}")
    on(tenant.organization_id, limits={"boards": 2})
    assert opened(tenant.actor) == 4
    with pytest.raises(UpgradeNeeded) as refused:
        commands.create(tenant.actor, uuid7(), "One more")
    assert refused.value.detail["limit"] == 2
    off(tenant.organization_id)  # the free plan has no limit
    commands.create(tenant.actor, uuid7(), "One more")


def test_the_inbox_takes_no_place_and_neighbours_share_none(new_tenant):
    from packshot.studio.assets import commands as assets
    from tests.test_tenancy_matrix import picture

    mine, other = new_tenant(), new_tenant()
    for each in (mine, other):
        on(each.organization_id, limits={"boards": 1})
    assets.upload(mine.actor, data=picture(), filename="a.png")
    assert queries.inbox(mine.actor) is not None
    commands.create(mine.actor, uuid7(), "Mine")
    commands.create(other.actor, uuid7(), "Theirs")
