"""Changes, and taking them back in any order, by two people: against a model that a page can hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.foundation.accounts.models import User
from packshot.foundation.organizations.commands import open_personal
from packshot.studio.assets import commands
from packshot.studio.assets.contracts import ACTIONS, Action, Selection
from tests.studio.assets.support import add, board

PICTURES = 3
FIELDS = ("board_id", "pinned_at", "tags", "favourite", "review", "review_by", "deleted_at")
# What a change sets beside its own value is told apart by the change: the day and the person of a review, a pin, a
# deletion. The model writes the change's number where the table has its moment.


@dataclass
class Done:
    id: UUID
    action: str
    value: str | None
    actor: int
    touched: dict[int, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    undone: bool = False


def after(row: dict[str, Any], action: str, value: Any, actor: int, number: int) -> dict[str, Any] | None:
    """The fields that an action sets on this picture; None where it is no news."""
    live = row["deleted"] is None
    if action == "restore":
        return None if live else {"deleted": None}
    if not live:
        return None
    said = (row["review"] or ("",))[0]
    news: dict[str, tuple[bool, dict[str, Any]]] = {
        "move": (row["board"] != value, {"board": value, "pinned": None}),
        "tag": (value not in row["tags"], {"tags": row["tags"] | {value}}),
        "untag": (value in row["tags"], {"tags": row["tags"] - {value}}),
        "favourite": (not row["favourite"], {"favourite": True}),
        "unfavourite": (row["favourite"], {"favourite": False}),
        "approve": (said != "approved", {"review": ("approved", actor, number)}),
        "reject": (said != "rejected", {"review": ("rejected", actor, number)}),
        "undecide": (said != "", {"review": None}),
        "pin": (row["pinned"] is None, {"pinned": number}),
        "unpin": (row["pinned"] is not None, {"pinned": None}),
        "trash": (True, {"deleted": number}),
    }
    is_news, fields = news[action]
    return fields if is_news else None


class Changes(RuleBasedStateMachine):
    server: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.admin = psycopg.connect(self.server.database_url, autocommit=True)
        with transaction.atomic():
            people = [
                User.objects.create_user(f"{uuid7()}@example.com", "a long password", name="P") for _ in "12"
            ]
            organization = open_personal(people[0].id, "S")
        self.admin.execute(
            "insert into public.organizations_membership (organization_id, user_id, role) values (%s, %s, 'member')",
            [organization, people[1].id],
        )
        self.actors = [Actor(person.id, organization) for person in people]
        self.boards = [board(self.actors[0], "One"), board(self.actors[0], "Two")]
        self.ids = [add(self.admin, organization, board_id=self.boards[0]) for _ in range(PICTURES)]
        self.rows: list[dict[str, Any]] = [
            {
                "board": 0,
                "pinned": None,
                "tags": frozenset(),
                "favourite": False,
                "review": None,
                "deleted": None,
            }
            for _ in range(PICTURES)
        ]
        self.done: list[Done] = []

    def teardown(self) -> None:
        self.admin.close()

    @rule(
        actor=st.integers(0, 1),
        picked=st.sets(st.integers(0, PICTURES - 1), min_size=1),
        action=st.sampled_from([each for each in ACTIONS if each != "copy"]),
        value=st.integers(0, 1),
    )
    def change(self, actor: int, picked: set[int], action: Action, value: int) -> None:
        said = {"move": str(self.boards[value]), "tag": f"t{value}", "untag": f"t{value}"}.get(action)
        meant = value if action == "move" else said
        number = len(self.done) + 1
        view = commands.change(
            self.actors[actor],
            Selection(ids=tuple(self.ids[each] for each in picked)),
            action,
            said,
        )
        done = Done(view.id, action, said, actor)
        for each in picked:
            new = after(self.rows[each], action, meant, actor, number)
            if new is not None:
                done.touched[each] = ({name: self.rows[each][name] for name in new}, new)
                self.rows[each] |= new
        self.done.append(done)
        assert (view.state, view.done) == ("done", len(done.touched))

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        done = data.draw(st.sampled_from(self.done))
        view = commands.undo(self.actors[done.actor], done.id)
        if done.undone:
            return
        done.undone, restored = True, 0
        for each, (old, new) in done.touched.items():
            row = self.rows[each]
            if done.action == "tag":
                back = {"tags": row["tags"] - {done.value}} if done.value in row["tags"] else None
            elif done.action == "untag":
                back = {"tags": row["tags"] | {done.value}} if done.value not in row["tags"] else None
            else:
                back = old if all(row[name] == value for name, value in new.items()) else None
            if back is not None:
                row |= back
                restored += 1
        assert (view.state, view.done, view.kept) == ("undone", restored, len(done.touched) - restored)

    @invariant()
    def the_table_says_what_the_model_says(self) -> None:
        for each, row in zip(self.ids, self.rows, strict=True):
            found = self.admin.execute(
                f"select {', '.join(FIELDS)} from public.assets_asset where id = %s", [each]
            ).fetchone()
            assert found is not None
            lies, pinned, tags, favourite, review, review_by, deleted = found
            where = self.boards[row["board"]]
            assert (lies, pinned is not None, set(tags)) == (where, row["pinned"] is not None, row["tags"])
            assert (favourite, deleted is not None) == (row["favourite"], row["deleted"] is not None)
            said = row["review"]
            assert (review, review_by) == (
                (None, None) if said is None else (said[0], self.actors[said[1]].user_id)
            )


@pytest.mark.timeout(300)
def test_changes_and_their_undoing_follow_the_model(server):
    from hypothesis.stateful import run_state_machine_as_test

    Changes.server = server
    run_state_machine_as_test(
        Changes,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
