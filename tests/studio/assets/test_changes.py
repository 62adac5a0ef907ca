"""One act on many pictures, and taking it back."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from packshot.errors import Conflict, Forbidden, Invalid, NotFound
from packshot.studio.assets import commands, queries
from packshot.studio.assets.contracts import ACTIONS, Search, Selection
from tests.studio.assets.support import add, board, column, invite, member

ROW = (
    "select board_id, tags, favourite, review, review_by, review_at, pinned_at, deleted_at, deleted_by"
    " from public.assets_asset where organization_id = %s order by id"
)


def state(admin, tenant):
    return admin.execute(ROW, [tenant.organization_id]).fetchall()


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
