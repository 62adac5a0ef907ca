"""The viewer's panel: its acts, words and family."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from uuid_utils.compat import uuid7

from packshot.foundation.accounts.models import User
from packshot.studio.assets import commands, queries
from packshot.studio.assets.contracts import Selection
from packshot.studio.assets.queries import AssetView
from packshot.studio.boards import commands as boards
from tests.studio.assets.test_uploads import ready
from tests.test_tenancy_matrix import picture


@pytest.fixture
def client(tenant) -> Client:
    found = Client()
    found.force_login(User.objects.get(id=tenant.user_id))
    return found


@pytest.fixture
def photo(tenant, login) -> AssetView:
    board_id = uuid7()
    boards.create(tenant.actor, board_id, "Bottles")
    view = commands.upload(tenant.actor, data=picture(), filename="bottle.png", board_id=board_id)
    ready(login, (tenant.organization_id, view.id))
    return queries.asset(tenant.actor, view.id)


def test_the_panel_of_a_photo(client, photo):
    answer = client.get(f"/assets/{photo.id}/details")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "bottle.png" in text
    assert "Use again" not in text, "nobody asked for a photo"
    assert "Lineage" not in text, "it has no family"
    assert 'data-key="approve"' in text


def test_the_menu_of_a_photo(client, photo):
    answer = client.get(f"/pictures/{photo.id}/actions")
    assert answer.status_code == 200
    assert "Follow up" in answer.content.decode()


def test_who_approved_is_told(tenant, client, photo):
    commands.change(tenant.actor, Selection(ids=(photo.id,)), "approve")
    text = client.get(f"/assets/{photo.id}/details").content.decode()
    assert "Approved by" in text
    assert 'value="undecide"' in text


def test_words_are_kept_and_come_back(tenant, client, photo):
    address = f"/assets/{photo.id}/words"
    answer = client.post(
        address, {"title": "Amber", "alt": "A brown bottle", "tags": "spring, Hero ", "product": "Nora"},
        headers={"HX-Request": "true"},
    )  # fmt: skip
    assert answer.status_code == 200
    assert "studio:changed" in answer["HX-Trigger"]
    now = queries.asset(tenant.actor, photo.id)
    assert (now.title, now.alt, now.tags, now.product) == ("Amber", "A brown bottle", ("spring", "hero"), "Nora")
    assert "Undo" in answer.content.decode()
    back = client.post(address, {"title": "", "alt": "", "tags": "", "product": "", "undo": "1"})
    assert back.status_code == 200
    now = queries.asset(tenant.actor, photo.id)
    assert (now.title, now.alt, now.tags, now.product) == ("", "", (), "")


def test_the_same_words_again_are_no_change(client, photo):
    address = f"/assets/{photo.id}/words"
    client.post(address, {"title": "Amber"})
    assert client.post(address, {"title": "Amber"}).status_code == 204


def test_words_that_are_too_long_are_refused(client, photo):
    assert client.post(f"/assets/{photo.id}/words", {"title": "x" * 201}).status_code == 422


def test_a_picture_that_is_not_on_the_page_has_a_link(client, photo):
    text = client.get(f"/assets/{photo.id}/link").content.decode()
    assert f'data-picture="{photo.id}"' in text
    assert client.get(f"/assets/{uuid7()}/link").status_code == 404
    assert json.dumps(str(photo.id)) in text
