"""One act on many pictures, and taking it back."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from packshot.errors import Conflict, Forbidden, Invalid, NotFound
from packshot.studio.assets import commands, queries
from packshot.studio.assets.contracts import ACTIONS, Search, Selection
from tests.studio.assets.support import add, board, column, invite, many, member

ROW = (
    "select board_id, tags, favourite, review, review_by, review_at, pinned_at, deleted_at, deleted_by"
    " from public.assets_asset where organization_id = %s order by id"
)


def state(admin, tenant):
    return admin.execute(ROW, [tenant.organization_id]).fetchall()


EVERYTHING = Selection(search=Search())


def picked(*ids: UUID) -> Selection:
    return Selection(ids=ids)


@pytest.fixture
def three(tenant, admin):
    here = board(tenant.actor, "Here")
    return here, [add(admin, tenant.organization_id, board_id=here) for _ in range(3)]


@pytest.mark.parametrize("action", [action for action in ACTIONS if action not in ("copy", "restore")])
def test_an_act_changes_what_was_picked_and_its_undo_leaves_no_trace(tenant, admin, three, action):
    _, ids = three
    value = {"move": str(board(tenant.actor, "There")), "tag": " Summer ", "untag": "old"}.get(action)
    admin.execute(
        "update public.assets_asset set tags = '{old}', favourite = %s, review = %s, review_at = %s, pinned_at = %s"
        " where id = %s",
        [
            action == "unfavourite",
            "rejected" if action in ("approve", "undecide") else None,
            "2026-01-01" if action in ("approve", "undecide") else None,
            "2026-01-01" if action in ("unpin", "move") else None,
            ids[0],
        ],
    )
    before = state(admin, tenant)
    view = commands.change(tenant.actor, picked(*ids[:2]), action, value)
    changed = 1 if action in ("unfavourite", "undecide", "unpin", "untag") else 2
    assert (view.state, view.done, view.total, view.kept) == ("done", changed, changed, 0)
    after = state(admin, tenant)
    assert sum(old != new for old, new in zip(before, after, strict=True)) == changed
    assert after[2] == before[2]
    undone = commands.undo(tenant.actor, view.id)
    assert (undone.state, undone.done, undone.kept) == ("undone", changed, 0)
    assert state(admin, tenant) == before
    assert commands.undo(tenant.actor, view.id) == undone


def test_a_copy_is_a_picture_of_its_own_with_the_same_bytes_and_descent(tenant, admin, three):
    _, ids = three
    there = board(tenant.actor, "There")
    parent = add(admin, tenant.organization_id, product="Mug")
    child = add(admin, tenant.organization_id, parent_id=parent, prompt="a mug", tags=["x"], phash=5)
    view = commands.change(tenant.actor, picked(ids[0], child), "copy", str(there))
    copies = queries.page(tenant.actor, Search(board=there))
    assert (view.done, len(copies)) == (2, 2)
    copy = next(each for each in copies if each.prompt)
    assert copy.id != child
    assert (copy.parent_id, copy.product, copy.tags, copy.url) == (
        parent,
        "Mug",
        ("x",),
        queries.asset(tenant.actor, child).url,
    )
    assert commands.undo(tenant.actor, view.id).done == 2
    assert queries.page(tenant.actor, Search(board=there)) == []
    assert len(queries.page(tenant.actor, Search(trash=True))) == 2


def test_a_copy_that_went_on_is_left_where_it_is(tenant, admin, three):
    _, ids = three
    there, further = board(tenant.actor, "There"), board(tenant.actor, "Further")
    view = commands.change(tenant.actor, picked(*ids), "copy", str(there))
    one = queries.page(tenant.actor, Search(board=there))[0].id
    commands.change(tenant.actor, picked(one), "move", str(further))
    undone = commands.undo(tenant.actor, view.id)
    assert (undone.done, undone.kept) == (2, 1)
    assert [each.id for each in queries.page(tenant.actor, Search(board=further))] == [one]


def test_an_undo_leaves_what_somebody_changed_since(tenant, admin, three, new_tenant):
    _, ids = three
    other = member(admin, tenant.organization_id, new_tenant)
    view = commands.change(tenant.actor, picked(*ids), "approve")
    commands.change(other, picked(ids[1]), "reject")
    undone = commands.undo(tenant.actor, view.id)
    assert (undone.done, undone.kept) == (2, 1)
    assert [column(admin, each, "review") for each in ids] == [None, "rejected", None]
    # The tag of another stays beside the one that goes.
    view = commands.change(tenant.actor, picked(*ids), "tag", "sale")
    commands.change(other, picked(*ids), "tag", "summer")
    commands.change(other, picked(ids[0]), "untag", "sale")
    assert commands.undo(tenant.actor, view.id).kept == 1
    assert [column(admin, each, "tags") for each in ids] == [["summer"]] * 3


def test_moving_takes_the_pin_away_and_its_undo_puts_it_back(tenant, admin, three):
    here, ids = three
    there = board(tenant.actor, "There")
    commands.change(tenant.actor, picked(ids[0]), "pin")
    view = commands.change(tenant.actor, picked(ids[0]), "move", str(there))
    assert (column(admin, ids[0], "pinned_at"), column(admin, ids[0], "board_id")) == (None, there)
    commands.undo(tenant.actor, view.id)
    assert [each.id for each in queries.pinned(tenant.actor, here)] == [ids[0]]


def test_everything_that_a_search_finds_but_for_some(tenant, admin):
    ids = [add(admin, tenant.organization_id, prompt="mug" if each % 2 else "jar") for each in range(6)]
    upto = queries.newest(tenant.actor, Search(text="mug"))
    later = add(admin, tenant.organization_id, prompt="mug")
    everything = Selection(search=Search(text="mug"), upto=upto, but=(ids[3],))
    assert commands.change(tenant.actor, everything, "favourite").done == 2
    changed = {each.id for each in queries.page(tenant.actor, Search(favourite=True))}
    assert changed == {ids[1], ids[5]}
    assert later not in changed


def test_the_same_change_again_is_the_same_change(tenant, admin, three):
    _, ids = three
    change_id = uuid7()
    first = commands.change(tenant.actor, picked(*ids), "favourite", change_id=change_id)
    commands.change(tenant.actor, picked(ids[0]), "unfavourite")
    assert commands.change(tenant.actor, picked(*ids), "favourite", change_id=change_id) == first
    assert not column(admin, ids[0], "favourite")


def test_a_viewer_changes_nothing_that_was_picked_and_skips_it_in_a_search(tenant, admin, three, new_tenant):
    here, ids = three
    other = member(admin, tenant.organization_id, new_tenant)
    invite(admin, tenant.organization_id, here, other, "viewer")
    mine = add(admin, tenant.organization_id)
    for action, value in (("favourite", None), ("trash", None), ("move", str(board(other, "Mine")))):
        with pytest.raises(Forbidden):
            commands.change(other, picked(mine, ids[0]), action, value)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        commands.change(other, picked(mine), "move", str(here))
    with pytest.raises(Forbidden):
        commands.describe(other, ids[0], title="Mine")
    assert commands.change(other, Selection(search=Search()), "favourite").done == 1
    assert [column(admin, each, "favourite") for each in (*ids, mine)] == [False, False, False, True]


def test_what_is_hidden_or_anothers_is_not_there(tenant, admin, three, new_tenant):
    here, ids = three
    outsider, stranger = member(admin, tenant.organization_id, new_tenant), new_tenant()
    invite(admin, tenant.organization_id, here, tenant.actor, "owner")
    change = commands.change(tenant.actor, picked(ids[0]), "pin")
    before = state(admin, tenant)
    for actor in (outsider, stranger.actor):
        with pytest.raises(NotFound):
            commands.change(actor, picked(*ids), "trash")
        with pytest.raises(NotFound):
            commands.change(actor, picked(), "move", str(here))
        with pytest.raises(NotFound):
            commands.describe(actor, ids[0], title="x")
        for act in (commands.undo, commands.cancel_change, queries.change):
            with pytest.raises(NotFound):
                act(actor, change.id)
        commands.change(actor, Selection(search=Search()), "trash")
        commands.change(actor, Selection(search=Search(board=here)), "trash")
    assert state(admin, tenant) == before


def test_rights_at_the_undo_are_those_of_then(tenant, admin, new_tenant):
    other = member(admin, tenant.organization_id, new_tenant)
    here, there = board(tenant.actor, "Here"), board(tenant.actor, "There")
    ids = [add(admin, tenant.organization_id, board_id=here) for _ in range(2)]
    moved = commands.change(other, picked(*ids), "move", str(there))
    invite(admin, tenant.organization_id, here, other, "viewer")
    undone = commands.undo(other, moved.id)
    assert (undone.done, undone.kept) == (0, 2)
    assert [column(admin, each, "board_id") for each in ids] == [there, there]


@pytest.mark.parametrize(
    ("action", "value"),
    [("paint", None), ("tag", ""), ("tag", "x" * 41), ("tag", None)],
)
def test_what_means_nothing_is_refused(tenant, three, action, value):
    with pytest.raises(Invalid):
        commands.change(tenant.actor, picked(three[1][0]), action, value)
    with pytest.raises(NotFound):
        commands.change(tenant.actor, picked(three[1][0]), "move", str(uuid7()))


def test_two_changes_at_once_of_the_same_pictures_both_come_to_their_end(tenant, admin):
    ids = [add(admin, tenant.organization_id) for _ in range(60)]
    gate, ended = threading.Barrier(6), []

    def act(number: int) -> None:
        some = ids[::-1] if number % 2 else ids
        gate.wait()
        for _ in range(3):
            view = commands.change(tenant.actor, picked(*some), "tag", f"t{number}")
            ended.append(commands.undo(tenant.actor, view.id).done)
            commands.change(tenant.actor, Selection(search=Search()), "tag", f"t{number}")

    threads = [threading.Thread(target=act, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 18
    assert all(set(column(admin, each, "tags")) == {f"t{number}" for number in range(6)} for each in ids)


def test_boards_tell_what_was_done_on_them(tenant, admin, three):
    here, ids = three
    there = board(tenant.actor, "There")
    commands.undo(tenant.actor, commands.change(tenant.actor, picked(*ids), "trash").id)
    commands.change(tenant.actor, picked(*ids), "move", str(there))
    told = admin.execute(
        "select board_id, verb, subject ->> 'number' from public.boards_activity"
        " where organization_id = %s and verb <> 'created' order by id",
        [tenant.organization_id],
    ).fetchall()
    assert told[:2] == [(here, "trashed", "3"), (here, "undone", "3")]
    # One statement tells both boards: which of the two comes first says nothing.
    assert sorted(told[2:]) == sorted([(here, "moved", "3"), (there, "moved", "3")])


def test_words_are_given_and_given_back(tenant, admin):
    each = add(admin, tenant.organization_id, title="Old", tags=["a"])
    before = commands.describe(tenant.actor, each, title=" New ", tags=["B ", "b", "c", ""], alt="A mug")
    assert (before.title, before.tags, before.alt, before.product) == ("Old", ("a",), "", None)
    view = queries.asset(tenant.actor, each)
    assert (view.title, view.tags, view.alt) == ("New", ("b", "c"), "A mug")
    assert [found.id for found in queries.page(tenant.actor, Search(tags=("c",)))] == [each]
    commands.describe(tenant.actor, each, title=before.title, tags=before.tags, alt=before.alt)
    assert (queries.asset(tenant.actor, each).title, queries.asset(tenant.actor, each).tags) == (
        "Old",
        ("a",),
    )
    assert queries.facets(tenant.actor).tags == ("a",)
    for words in (
        {"title": "x" * 201},
        {"alt": "x" * 2001},
        {"tags": ["x" * 41]},
        {"tags": [str(n) for n in range(51)]},
    ):
        with pytest.raises(Invalid):
            commands.describe(tenant.actor, each, **words)  # type: ignore[arg-type]


def test_deleting_for_good_takes_what_is_in_the_trash_and_cannot_be_undone(tenant, admin, three):
    _, ids = three
    commands.change(tenant.actor, picked(ids[0], ids[1]), "trash")
    gone = commands.erase(tenant.actor, picked(*ids))
    assert (gone.state, gone.done) == ("done", 2)
    assert len(state(admin, tenant)) == 1
    with pytest.raises(Conflict):
        commands.undo(tenant.actor, gone.id)
    commands.change(tenant.actor, picked(ids[2]), "trash")
    assert commands.erase(tenant.actor, Selection(search=Search(trash=True))).done == 1
    assert state(admin, tenant) == []


def test_a_saved_view_is_kept_renamed_dropped_and_brought_back(tenant, new_tenant):
    first = commands.save_view(tenant.actor, " Sale ", "tag=sale&q=mug")
    commands.save_view(tenant.actor, "Rest", "")
    assert [(view.name, view.query) for view in queries.views(tenant.actor)] == [
        ("Sale", "q=mug&tag=sale"),
        ("Rest", ""),
    ]
    assert commands.rename_view(tenant.actor, first, "Summer") == "Sale"
    dropped = commands.delete_view(tenant.actor, first)
    assert [view.name for view in queries.views(tenant.actor)] == ["Rest"]
    commands.restore_view(tenant.actor, dropped)
    assert [view.name for view in queries.views(tenant.actor)] == ["Summer", "Rest"]
    stranger = new_tenant()
    assert queries.views(stranger.actor) == []
    for act in (
        lambda: commands.delete_view(stranger.actor, first),
        lambda: commands.rename_view(stranger.actor, first, "x"),
    ):
        with pytest.raises(NotFound):
            act()
    for name, query in (("", ""), ("x" * 61, ""), ("x", "kind=film")):
        with pytest.raises(Invalid):
            commands.save_view(tenant.actor, name, query)


def test_a_large_change_is_cancelled_and_what_it_did_is_taken_back(tenant, admin):
    here = board(tenant.actor, "Here")
    many(admin, tenant, 1500, here)
    view = commands.change(tenant.actor, EVERYTHING, "favourite")
    step = "select public.assets_change_step_v1(%s, %s, 400)"
    admin.execute(step, [tenant.organization_id, view.id])
    working = queries.change(tenant.actor, view.id)
    assert (working.state, working.done, working.total) == ("working", 400, 1500)
    with pytest.raises(Conflict):
        commands.undo(tenant.actor, view.id)
    cancelled = commands.cancel_change(tenant.actor, view.id)
    assert (cancelled.state, cancelled.done, cancelled.total) == ("cancelled", 400, 400)
    assert admin.execute(step, [tenant.organization_id, view.id]).fetchone() == ("cancelled",)
    assert queries.count(tenant.actor, Search(favourite=True)).number == 400
    assert commands.undo(tenant.actor, view.id).done == 400
    assert queries.count(tenant.actor, Search(favourite=True)).number == 0


def test_who_leaves_in_the_middle_of_a_change_changes_nothing_more(tenant, admin, new_tenant):
    here = board(tenant.actor, "Here")
    many(admin, tenant, 1200, here)
    other = member(admin, tenant.organization_id, new_tenant)
    view = commands.change(other, EVERYTHING, "trash")
    admin.execute("delete from public.organizations_membership where user_id = %s and organization_id = %s",
                  [other.user_id, tenant.organization_id])  # fmt: skip
    step = "select public.assets_change_step_v1(%s, %s, 2000)"
    assert admin.execute(step, [tenant.organization_id, view.id]).fetchone() == ("cancelled",)
    assert queries.count(tenant.actor, Search(board=here), cap=None).number == 1200
