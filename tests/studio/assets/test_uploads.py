"""Files by their content: what is here already is not sent again."""

from __future__ import annotations

import hashlib

import pytest
from django.test import Client
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.errors import Forbidden, Invalid, NotFound
from packshot.foundation.accounts.models import User
from packshot.studio.assets import commands, queries
from packshot.studio.assets.uploads import adopt
from packshot.studio.boards import commands as boards
from tests.test_tenancy_matrix import picture


def board(actor: Actor):
    board_id = uuid7()
    boards.create(actor, board_id, "Bottles")
    return board_id


def ready(login, asset) -> None:
    """What the worker says of a picture it has looked at."""
    from psycopg.types.json import Jsonb

    facts = {"width": 16, "height": 16, "placeholder": "data:,", "source_type": "digitalCapture"}
    facts |= {"organization_id": str(asset[0]), "id": str(asset[1])}
    assert (
        login("packshot_worker")
        .execute("select public.assets_inspected_v1(%s)", [Jsonb(facts)])
        .fetchone()[0]
    )


@pytest.fixture
def photo(tenant, login):
    """A photo on a board, looked at; with its hash."""
    data, where = picture(), board(tenant.actor)
    view = commands.upload(tenant.actor, data=data, filename="bottle.png", board_id=where)
    ready(login, (tenant.organization_id, view.id))
    return where, view.id, hashlib.sha256(data).hexdigest()


def test_a_file_that_is_on_the_board_stays_one(tenant, photo):
    where, asset_id, sha256 = photo
    found = adopt(tenant.actor, sha256=sha256, filename="again.png", board_id=where)
    assert (found.state, found.asset_id) == ("here", asset_id)
    assert len(queries.on_board(tenant.actor, where)) == 1


def test_another_board_gets_a_picture_of_the_same_bytes(tenant, photo):
    _where, asset_id, sha256 = photo
    other = board(tenant.actor)
    found = adopt(tenant.actor, sha256=sha256, filename="../../again.png", board_id=other)
    assert found.state == "known"
    assert found.asset_id != asset_id
    [made] = queries.on_board(tenant.actor, other)
    assert (made.id, made.state, made.name, made.width) == (found.asset_id, "ready", "again.png", 16)


def test_unknown_bytes_have_to_be_sent(tenant, photo):
    where, *_ = photo
    found = adopt(tenant.actor, sha256="0" * 64, filename="new.png", board_id=where)
    assert (found.state, found.asset_id) == ("unknown", None)


def test_what_nobody_has_looked_at_yet_is_not_known(tenant):
    data, where = picture(), board(tenant.actor)
    commands.upload(tenant.actor, data=data, filename="bottle.png", board_id=where)
    digest = hashlib.sha256(data).hexdigest()
    assert adopt(tenant.actor, sha256=digest, filename="bottle.png", board_id=where).state == "unknown"


def test_anothers_bytes_are_not_known(new_tenant, photo):
    _where, _asset_id, sha256 = photo
    stranger = new_tenant()
    found = adopt(stranger.actor, sha256=sha256, filename="bottle.png")
    assert found.state == "unknown"


def test_anothers_board_does_not_exist(new_tenant, photo):
    where, _asset_id, sha256 = photo
    with pytest.raises(NotFound):
        adopt(new_tenant().actor, sha256=sha256, filename="bottle.png", board_id=where)
    with pytest.raises(Forbidden):
        adopt(Actor(uuid7(), uuid7()), sha256=sha256, filename="bottle.png")


@pytest.mark.parametrize("digest", ["", "0" * 63, "G" * 64, "0" * 65])
def test_what_is_no_hash_is_refused(tenant, digest):
    with pytest.raises(Invalid):
        adopt(tenant.actor, sha256=digest, filename="bottle.png")


def test_the_page_is_told_in_one_word(tenant, photo):
    where, _asset_id, sha256 = photo
    client = Client()
    client.force_login(User.objects.get(id=tenant.user_id))
    asked = {"sha256": sha256, "name": "bottle.png", "board": str(where)}
    answer = client.post("/assets/known", asked)
    assert (answer.status_code, answer.json()) == (200, {"state": "here"})
    assert client.post("/assets/known", {**asked, "board": "nonsense"}).status_code == 422
    assert client.post("/assets/known", {**asked, "board": str(uuid7())}).status_code == 404
