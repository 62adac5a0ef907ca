"""What a conversation keeps: what was asked and sent, prompts and snippets, measured times, words about failures."""

from __future__ import annotations

import contextlib
import json
import shlex
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from packshot.errors import Conflict, Invalid, NotFound
from packshot.studio.assets import queries as assets
from packshot.studio.boards import commands as boards
from packshot.studio.generation import bulk, commands, queries
from packshot.studio.generation.contracts import JobState
from packshot.studio.generation.errors import InvalidOrder
from packshot.studio.generation.typical import measured
from packshot.studio.generation.wording import ORIGIN, api_call, failures, listed
from tests.studio.assets.support import add
from tests.studio.boards.people import Office
from tests.studio.generation.hand import Hand, picture
from tests.worker.support import order

MICRO = 1_000_000


@pytest.fixture
def hand(login):
    return Hand(login("packshot_worker"))


@pytest.fixture(autouse=True)
def _swept(tenant):
    yield
    for batch_id in queries.running(tenant.actor).batches:
        commands.cancel_batch(tenant.actor, batch_id)


def made(tenant, hand, **changes):
    """A finished batch."""
    batch_id = commands.submit(tenant.actor, order(**changes)).batch_id
    ids = [tile.job_id for tile in queries.batch(tenant.actor, batch_id).tiles]
    for job_id in ids:
        hand.settle(hand.claim(tenant.organization_id, job_id), assets=[picture()])
    return queries.batch(tenant.actor, batch_id)


def test_a_batch_keeps_what_was_asked_and_what_was_sent(tenant, admin):
    product, style, about = (add(admin, tenant.organization_id) for _ in range(3))
    asked = order(
        prompt="On slate, warmer",
        asked="warmer",
        refers_to=about,
        negative="flowers",
        references=(product,),
        styles=(style,),
        variants=2,
    )
    view = queries.batch(tenant.actor, commands.submit(tenant.actor, asked).batch_id)
    assert (view.asked, view.prompt, view.negative) == ("warmer", "On slate, warmer", "flowers")
    assert (view.refers_to, view.references, view.styles) == (about, (product,), (style,))
    # Adapters read both beside the prompt.
    assert (view.parameters["negative"], view.parameters["styles"]) == ("flowers", 1)
    again = queries.order_of(tenant.actor, view.id, key="again")
    assert again == replace(asked, key="again", seed=None, parameters=again.parameters)
    assert "styles" not in again.parameters


def test_what_only_lends_its_style_is_nobodys_parent(tenant, admin, hand):
    product, style = (add(admin, tenant.organization_id) for _ in range(2))
    for references, parent in (((), None), ((product,), product)):
        batch = made(tenant, hand, references=references, styles=(style,), variants=1)
        assert assets.asset(tenant.actor, batch.tiles[0].asset_id).parent_id == parent


def test_a_picture_made_with_a_style_can_be_varied(tenant, admin, hand):
    style = add(admin, tenant.organization_id)
    batch = made(tenant, hand, styles=(style,), negative="flowers", variants=1)
    (submission,) = bulk.submit(tenant.actor, [batch.tiles[0].asset_id], "vary", key=uuid7())
    varied = queries.batch(tenant.actor, submission.batch_id)
    assert (varied.styles, varied.negative, varied.prompt) == ((style,), "flowers", batch.prompt)


def test_a_model_takes_styles_and_words_to_avoid_only_where_it_says_so(tenant, admin):
    style = add(admin, tenant.organization_id)
    for changes in ({"styles": (style,)}, {"negative": "flowers"}):
        with pytest.raises(InvalidOrder):
            commands.submit(tenant.actor, order(model="mock-remote", **changes))
    with pytest.raises(InvalidOrder):
        commands.submit(tenant.actor, order(styles=(style, style, style)))


def test_the_same_key_about_another_picture_is_another_order(tenant, admin):
    one, other = (add(admin, tenant.organization_id) for _ in range(2))
    asked = order(refers_to=one)
    first = commands.submit(tenant.actor, asked)
    assert commands.submit(tenant.actor, asked).batch_id == first.batch_id
    with pytest.raises(Conflict):
        commands.submit(tenant.actor, replace(asked, refers_to=other))


def test_a_request_is_about_no_picture_of_another_organization(new_tenant, admin):
    mine, other = new_tenant(), new_tenant()
    theirs = add(admin, other.organization_id)
    with pytest.raises(NotFound):
        commands.submit(mine.actor, order(refers_to=theirs))


def test_prompts_are_ones_own_newest_first_each_once(tenant, admin, new_tenant):
    office = Office(tenant, admin, new_tenant)
    colleague = office.hire()
    for prompt in ("one", "two", "one", "three"):
        commands.submit(tenant.actor, order(prompt=prompt))
    commands.submit(tenant.actor, order(prompt="on oak, warmer", asked="warmer"))
    commands.submit(colleague, order(prompt="theirs"))
    assert queries.prompts(tenant.actor) == ["warmer", "three", "one", "two"]
    assert queries.prompts(tenant.actor, limit=2) == ["warmer", "three"]


def test_snippets_are_the_organizations_and_deleting_one_can_be_undone(tenant, admin, new_tenant):
    colleague = Office(tenant, admin, new_tenant).hire()
    snippet_id = uuid7()
    for _ in range(2):
        commands.save_snippet(tenant.actor, snippet_id, name=" Light ", text="soft light from the left")
    assert [(s.name, s.text) for s in queries.snippets(colleague)] == [("Light", "soft light from the left")]
    assert commands.rename_snippet(colleague, snippet_id, "Window light") == "Light"
    gone = commands.delete_snippet(tenant.actor, snippet_id)
    assert queries.snippets(tenant.actor) == []
    with pytest.raises(NotFound):
        commands.rename_snippet(tenant.actor, snippet_id, "Nothing")
    commands.save_snippet(tenant.actor, gone.id, name=gone.name, text=gone.text)
    assert queries.snippets(tenant.actor) == [gone]
    assert queries.snippets(new_tenant().actor) == []


@pytest.mark.parametrize(
    ("name", "text"), [("", "words"), ("x" * 81, "words"), ("name", " "), ("n", "x" * 2001)]
)
def test_a_snippet_has_a_name_and_words(tenant, name, text):
    with pytest.raises(Invalid):
        commands.save_snippet(tenant.actor, uuid7(), name=name, text=text)


def test_a_model_is_guessed_at_until_five_were_made_and_measured_after(own_database, new_tenant, hand, admin):
    tenant = new_tenant()  # in the database of this test's own

    def typical():
        measured.forget()
        return next(m.typical for m in queries.models(tenant.actor) if m.id == "mock-edit")

    product = add(admin, tenant.organization_id)
    changes = {"model": "mock-edit", "operation": "edit", "references": (product,), "ratio": "source"}
    before = typical()
    assert not before.measured
    for seconds in (2, 4, 6, 8, 10):
        batch = made(tenant, hand, variants=1, **changes)
        admin.execute(
            "update public.generation_job set started_at = finished_at - %s * interval '1 s' where batch_id = %s",
            [seconds, batch.id],
        )
    after = typical()
    assert after.measured
    assert (round(after.least_s, 1), round(after.most_s, 1)) == (3.6, 8.4)
    measured.forget()


def test_failures_are_told_by_their_reasons_with_what_came_back(tenant, hand):
    batch_id = commands.submit(tenant.actor, order(variants=4)).batch_id
    ids = [tile.job_id for tile in queries.batch(tenant.actor, batch_id).tiles]
    for at, job_id in enumerate(ids):
        claims = hand.claim(tenant.organization_id, job_id)
        if at in (1, 3):
            hand.settle(claims, "failed", code="refused", message="The provider refused the prompt")
        elif at == 2:
            hand.settle(claims, "failed", code="provider", message="It fell asleep.")
        else:
            hand.settle(claims, assets=[picture()])
    assert failures(queries.batch(tenant.actor, batch_id)) == [
        "2 and 4 failed: The provider refused the prompt. 4 credits came back.",
        "3 failed: It fell asleep. 2 credits came back.",
    ]


def test_numbers_are_listed_as_people_list_them():
    assert [listed(words) for words in ([], ["1"], ["1", "2"], ["1", "2", "4"])] == [
        "",
        "1",
        "1 and 2",
        "1, 2 and 4",
    ]


def test_the_api_call_is_a_shell_command_with_the_whole_order(tenant, admin):
    product = add(admin, tenant.organization_id)
    asked = order(prompt="it's on 'oak' $HOME", references=(product,), variants=3, negative="flowers", seed=9)
    told = api_call(queries.batch(tenant.actor, commands.submit(tenant.actor, asked).batch_id))
    assert told.startswith(f"curl -X POST '{ORIGIN}/v1/generations'")
    assert "Authorization: Bearer $PACKSHOT_KEY" in told
    words = shlex.split(told.replace("\\\n", " "))
    body = json.loads(words[words.index("-d") + 1])
    assert body["prompt"] == "it's on 'oak' $HOME"
    assert (body["references"], body["variants"], body["seed"], body["negative"]) == (
        [str(product)], 3, 9, "flowers",
    )  # fmt: skip


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "succeed", "fail", "park", "cancel", "retry", "more"]), st.integers(0, 7)
    ),
    max_size=14,
)


@given(STEPS)
@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_ring_board_and_tiles_count_alike(new_tenant, hand, steps):
    """The header's ring, the list of what is under way and the tiles on the board are one number, always."""
    tenant = new_tenant()
    board_id = uuid7()
    boards.create(tenant.actor, board_id, "Counted")
    commands.submit(tenant.actor, order(variants=3, board_id=board_id))
    claims: dict[UUID, list] = {}
    for step, pick in steps:
        _act(tenant, hand, board_id, claims, step, pick)
        running = queries.running(tenant.actor)
        thread = queries.thread(tenant.actor, board_id)
        tiles = [tile for batch in thread for tile in batch.tiles]
        waiting = [tile for tile in tiles if tile.state is JobState.QUEUED]
        assert running.count == sum(not tile.state.final for tile in tiles)
        assert running.queued == len(waiting)
        assert set(running.batches) == {batch.id for batch in thread if not batch.state.final}
        assert sorted(tile.place for tile in waiting) == list(range(1, len(waiting) + 1))
        for batch in thread:
            assert still(batch) == still(queries.batch(tenant.actor, batch.id))
    for batch_id in queries.running(tenant.actor).batches:
        commands.cancel_batch(tenant.actor, batch_id)


def still(batch):
    """Without what a later look tells otherwise: how long it waits, and how long it may take yet."""
    tiles = tuple(replace(tile, estimate=None) for tile in batch.tiles)
    return replace(batch, tiles=tiles, waited_s=None, took_s=None)


def _act(tenant, hand, board_id, claims, step, pick) -> None:
    tiles = [tile for batch in queries.thread(tenant.actor, board_id) for tile in batch.tiles]
    job_id = tiles[pick % len(tiles)].job_id
    held = claims.get(job_id)
    if step == "claim":
        found = hand.claim(tenant.organization_id, job_id)
        if found[0] and "token" in found[0]:
            claims[job_id] = found
    elif step == "more":
        commands.submit(tenant.actor, order(variants=1, board_id=board_id))
    elif step == "cancel":
        commands.cancel_job(tenant.actor, job_id)
    elif step == "retry":
        with contextlib.suppress(Conflict):
            commands.retry_job(tenant.actor, job_id, key=f"retry:{job_id}")
    elif held and step == "succeed":
        hand.settle(held, assets=[picture()])
    elif held and step == "fail":
        hand.settle(held, "failed", code="refused", message="No.")
    elif held and step == "park":
        hand.park(held)
