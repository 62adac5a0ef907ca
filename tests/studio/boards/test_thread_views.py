"""What is asked again from a thread, over HTTP."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from uuid_utils.compat import uuid7

from packshot.studio.assets import queries as pictures
from packshot.studio.boards import commands as boards
from packshot.studio.boards import queries
from packshot.studio.generation import commands
from packshot.studio.generation import queries as work
from packshot.studio.generation.contracts import JobState
from tests.studio.assets.support import add
from tests.studio.generation.hand import Hand, picture
from tests.web.conftest import signed_in
from tests.worker.support import order

HTMX = {"HX-Request": "true"}


@pytest.fixture
def visit(tenant):
    return signed_in(tenant)


@pytest.fixture
def board(tenant):
    board_id = uuid7()
    return board_id, boards.create(tenant.actor, board_id, "Thread")


@pytest.fixture
def hand(login):
    return Hand(login("packshot_worker"))


@pytest.fixture(autouse=True)
def _swept(tenant):
    yield
    for batch_id in work.running(tenant.actor).batches:
        commands.cancel_batch(tenant.actor, batch_id)


def finished(tenant, hand, board_id, outcome="succeeded", **changes):
    batch_id = commands.submit(tenant.actor, order(board_id=board_id, **changes)).batch_id
    for tile in work.batch(tenant.actor, batch_id).tiles:
        claims = hand.claim(tenant.organization_id, tile.job_id)
        facts = {"assets": [picture()]} if outcome == "succeeded" else {"code": "refused", "message": "No."}
        hand.settle(claims, outcome, **facts)
    return work.batch(tenant.actor, batch_id)


def test_again_is_the_same_order_with_another_seed_once_for_each_press(visit, tenant, board, hand):
    batch = finished(tenant, hand, board[0], variants=2, prompt="on oak", negative="flowers")
    key = str(uuid7())
    here = {**HTMX, "HX-Current-URL": f"http://testserver{reverse('board', args=[board[1]])}"}
    for _ in range(2):
        answer = visit.post(reverse("batch-again", args=[batch.id]), {"key": key}, headers=here)
        assert answer.status_code == 200
        assert 'hx-target="#thread"' in answer.content.decode()
    first, *older = work.thread(tenant.actor, board[0])
    assert [each.id for each in older] == [batch.id]
    assert (first.prompt, first.negative, len(first.tiles)) == ("on oak", "flowers", 2)
    assert first.seed != batch.seed


def test_elsewhere_a_toast_leads_to_the_board(visit, tenant, board, hand):
    batch = finished(tenant, hand, board[0], variants=1)
    answer = visit.post(reverse("batch-again", args=[batch.id]), {"key": str(uuid7())}, headers=HTMX)
    assert reverse("board", args=[board[1]]) in answer.content.decode()


def test_a_picture_offers_what_can_be_made_of_it_with_its_price(visit, tenant, board, hand):
    batch = finished(tenant, hand, board[0], variants=1)
    asset_id = batch.tiles[0].asset_id
    text = visit.get(reverse("picture-actions", args=[asset_id])).content.decode()
    for words in ("One more like this", "Remove background", "1 credit", "Use as style", "Follow up"):
        assert words in text
    for act, operation in (
        ("vary", "generate"),
        ("remove_background", "remove_background"),
        ("upscale", "upscale"),
    ):
        data = {"act": act, "key": str(uuid7())}
        assert visit.post(reverse("picture-make", args=[asset_id]), data, headers=HTMX).status_code == 200
        made = work.thread(tenant.actor, board[0])[0]
        assert (made.operation, len(made.tiles)) == (operation, 1)
    assert (
        visit.post(reverse("picture-make", args=[asset_id]), {"act": "sing"}, headers=HTMX).status_code == 422
    )


def test_what_failed_is_tried_again_all_at_once(visit, tenant, board, hand):
    batch = finished(tenant, hand, board[0], "failed", variants=3)
    text = visit.get(reverse("batch", args=[batch.id]), headers=HTMX).content.decode()
    assert "All 3 failed: No. 6 credits came back." in text
    assert "Try failed again (3)" in text
    for _ in range(2):
        assert visit.post(reverse("batch-retry", args=[batch.id]), headers=HTMX).status_code == 200
    after = work.batch(tenant.actor, batch.id)
    assert [tile.state for tile in after.tiles] == [JobState.QUEUED] * 3
    assert after.cost_quoted == 2 * batch.cost_quoted


def test_a_request_shows_what_was_asked_and_on_opening_what_was_sent(visit, tenant, board, hand, admin):
    about = add(admin, tenant.organization_id, board_id=board[0])
    commands.submit(
        tenant.actor,
        order(
            board_id=board[0], prompt="On slate, warmer", asked="warmer", refers_to=about, references=(about,)
        ),
    )
    text = visit.get(reverse("board", args=[board[1]])).content.decode()
    assert '<span class="said">warmer</span>' in text
    assert f'href="#{about}"' in text
    assert "On slate, warmer" in text


def test_chips_are_of_ones_own_pictures_in_their_order(visit, tenant, admin, new_tenant):
    mine = [add(admin, tenant.organization_id) for _ in range(2)]
    theirs = add(admin, new_tenant().organization_id)
    query = {"as": "style", "asset": [str(each) for each in (mine[1], theirs, mine[0])]}
    body = visit.get(reverse("composer-chips"), query).content.decode()
    assert str(theirs) not in body
    assert 0 < body.index(str(mine[1])) < body.index(str(mine[0]))
    assert 'name="style"' in body


def test_past_prompts_come_as_json(visit, tenant):
    commands.submit(tenant.actor, order(prompt="on oak"))
    assert json.loads(visit.get(reverse("prompts")).content) == {"prompts": ["on oak"]}


def test_a_snippet_kept_without_a_name_is_called_by_its_first_words(visit, tenant):
    data = {"id": str(uuid7()), "text": "soft window light from the left, a sprig of eucalyptus beside it"}
    answer = visit.post(reverse("snippets"), data, headers=HTMX)
    assert "Kept as soft window light" in answer.content.decode()
    (kept,) = work.snippets(tenant.actor)
    assert len(kept.name) <= 41
    answer = visit.post(reverse("snippet-delete", args=[kept.id]), headers=HTMX)
    assert "Undo" in answer.content.decode()
    assert work.snippets(tenant.actor) == []


def test_uploads_of_a_first_request_lie_on_its_board(visit, tenant, admin):
    photo = add(admin, tenant.organization_id, origin="upload", kind="photo", operation=None, job_id=None)
    assert pictures.asset(tenant.actor, photo).board_id == queries.inbox(tenant.actor).board.id
    data = {"key": str(uuid7()), "model": "mock-scene", "prompt": "on oak", "reference": str(photo)}
    slug = visit.post(reverse("board-create"), data)["Location"].strip("/").split("/")[-1]
    assert pictures.asset(tenant.actor, photo).board_id == queries.board(tenant.actor, slug).id


def test_signing_out_clears_what_the_browser_kept(visit):
    assert visit.post(reverse("account_logout"))["Clear-Site-Data"] == '"storage"'
