"""From the composer's form to an order, follow-ups above all."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from uuid_utils.compat import uuid7

from packshot.studio.boards.orders import order_from
from packshot.studio.generation import commands, queries
from packshot.studio.generation.errors import InvalidOrder
from tests.studio.assets.support import add
from tests.studio.generation.hand import Hand, picture
from tests.worker.support import order


def form(**fields: object) -> QueryDict:
    found = QueryDict(mutable=True)
    for name, value in {"key": str(uuid7()), "model": "mock-scene", "prompt": "warmer", **fields}.items():
        found.setlist(
            name, [str(each) for each in value] if isinstance(value, (list, tuple)) else [str(value)]
        )
    return found


@pytest.fixture
def photo(tenant, admin):
    return add(admin, tenant.organization_id, origin="upload", kind="photo", operation=None, job_id=None)


@pytest.fixture
def scene(tenant, login, photo):
    """The second picture of a finished batch from the photo."""
    hand = Hand(login("packshot_worker"))
    asked = order(prompt="On slate.", references=(photo,), variants=2, seed=100)
    batch_id = commands.submit(tenant.actor, asked).batch_id
    for tile in queries.batch(tenant.actor, batch_id).tiles:
        hand.settle(hand.claim(tenant.organization_id, tile.job_id), assets=[picture()])
    return queries.batch(tenant.actor, batch_id).tiles[1].asset_id


def test_an_edit_gets_the_picture_its_photo_and_the_words_that_made_it(tenant, scene, photo):
    found = order_from(tenant.actor, form(model="mock-edit", refers_to=scene), board_id=None)
    assert (found.operation, found.prompt, found.asked, found.refers_to) == (
        "edit",
        "warmer",
        "warmer",
        scene,
    )
    assert found.references == (scene, photo)
    assert found.parameters == {"base": "On slate"}
    assert found.seed == 101, "the picture's own: what the words do not touch stays"
    assert order_from(tenant.actor, form(model="mock-edit", refers_to=scene, seed=7), board_id=None).seed == 7


def test_an_edit_by_the_local_engine_is_told_which_variant_it_was(tenant, scene):
    found = order_from(tenant.actor, form(model="local-edit", refers_to=scene), board_id=None)
    assert found.parameters == {"base": "On slate", "variant": 1}


def test_an_edit_of_an_edit_knows_all_that_was_said_before(tenant, scene, photo, login):
    asked = order_from(tenant.actor, form(model="mock-edit", refers_to=scene), board_id=None)
    batch_id = commands.submit(tenant.actor, asked).batch_id
    hand = Hand(login("packshot_worker"))
    (tile,) = queries.batch(tenant.actor, batch_id).tiles
    hand.settle(hand.claim(tenant.organization_id, tile.job_id), assets=[picture()])
    edited = queries.batch(tenant.actor, batch_id).tiles[0].asset_id
    found = order_from(
        tenant.actor, form(model="mock-edit", refers_to=edited, prompt="on oak"), board_id=None
    )
    assert found.parameters["base"] == "On slate, warmer"
    assert found.references == (edited, photo)


def test_any_other_model_makes_something_new_from_the_picture_and_both_words(tenant, scene, photo):
    found = order_from(tenant.actor, form(refers_to=scene, reference=[photo, scene]), board_id=None)
    assert (found.operation, found.prompt, found.asked) == ("generate", "On slate, warmer", "warmer")
    assert found.references == (scene, photo)
    assert found.seed is None


def test_a_follow_up_wants_words_and_a_picture_that_is_there(tenant, scene, new_tenant, admin):
    theirs = add(admin, new_tenant().organization_id)
    for changes in ({"refers_to": scene, "prompt": " "}, {"refers_to": theirs}, {"refers_to": "nonsense"}):
        with pytest.raises(InvalidOrder):
            order_from(tenant.actor, form(**changes), board_id=None)


def test_styles_and_words_to_avoid_go_to_models_that_take_them(tenant, photo, scene):
    fields = {"style": [scene], "negative": " flowers ", "reference": [photo, photo]}
    found = order_from(tenant.actor, form(**fields), board_id=None)
    assert (found.references, found.styles, found.negative) == ((photo,), (scene,), "flowers")
    found = order_from(tenant.actor, form(model="mock-remote", **fields), board_id=None)
    assert (found.styles, found.negative) == ((), "")
