"""Endpoints: who may have them, how many, what is said of them, and what is kept of their secrets."""

from __future__ import annotations

import pytest
from uuid_utils.compat import uuid7

from packshot.errors import Conflict, Forbidden, Invalid, NotFound
from packshot.foundation.webhooks import commands, keys, queries, registry
from packshot.foundation.webhooks.commands import Wanted
from tests.foundation.at_once import at_once

HERE = Wanted("https://hooks.example.com/")


def test_ten_are_the_most_however_many_ask_at_once(tenant, anywhere):
    found = at_once(14, lambda _: commands.create(tenant.actor, uuid7(), HERE))
    assert sum(isinstance(each, Conflict) for each in found) == 4
    assert len(queries.endpoints(tenant.actor)) == queries.MOST == 10


def test_a_form_that_is_sent_twice_makes_one(tenant, new_tenant, anywhere):
    endpoint_id = uuid7()
    commands.create(tenant.actor, endpoint_id, HERE)
    for actor in (tenant.actor, new_tenant().actor):
        with pytest.raises(Conflict):
            commands.create(actor, endpoint_id, HERE)
    assert len(queries.endpoints(tenant.actor)) == 1


def test_every_act_is_noted_and_no_secret_with_it(company, anywhere):
    endpoint_id = uuid7()
    secrets = [commands.create(company.owner, endpoint_id, HERE)]
    admin = company.hire("admin")
    commands.change(admin, endpoint_id, Wanted("https://other.example.com/", "  Ours ", ["thing.made"]))
    secrets.append(commands.rotate(admin, endpoint_id))
    commands.switch(admin, endpoint_id, enabled=False)
    commands.switch(admin, endpoint_id, enabled=False)
    commands.switch(admin, endpoint_id, enabled=True)
    found = queries.endpoint(admin, endpoint_id)
    assert (found.url, found.description, found.types) == (
        "https://other.example.com/",
        "Ours",
        ["thing.made"],
    )
    assert (found.state, found.reason) == ("enabled", None)
    commands.delete(admin, endpoint_id)
    noted = [(action, actor) for action, actor, _ in company.log() if action.startswith("webhook.")]
    by = admin.user_id
    assert noted == [
        ("webhook.created", company.owner.user_id),
        ("webhook.changed", by),
        ("webhook.rotated", by),
        ("webhook.disabled", by),
        ("webhook.enabled", by),
        ("webhook.deleted", by),
    ]
    everything = str(company.admin.execute("select array_agg(e::text) from audit_event as e").fetchone())
    assert not [each for each in secrets if each in everything]
    with pytest.raises(NotFound):
        queries.endpoint(admin, endpoint_id)


def test_members_neither_see_nor_touch_them(company, anywhere):
    endpoint_id = uuid7()
    commands.create(company.owner, endpoint_id, HERE)
    member = company.hire()
    assert queries.endpoints(member) == []
    for act in (
        lambda: commands.create(member, uuid7(), HERE),
        lambda: commands.change(member, endpoint_id, HERE),
        lambda: commands.rotate(member, endpoint_id),
        lambda: commands.switch(member, endpoint_id, enabled=False),
        lambda: commands.delete(member, endpoint_id),
        lambda: commands.test(member, endpoint_id),
    ):
        with pytest.raises(Forbidden):
            act()
    assert queries.endpoint(company.owner, endpoint_id).state == "enabled"


def test_a_secret_is_sealed_and_of_the_right_size(tenant, anywhere, admin):
    endpoint_id = uuid7()
    secret = commands.create(tenant.actor, endpoint_id, HERE)
    kept = admin.execute("select secret from webhooks_endpoint where id = %s", [endpoint_id]).fetchone()[0]
    assert secret.startswith("whsec_")
    assert secret not in kept
    assert keys.unseal(kept) == secret
    fresh = {keys.fresh() for _ in range(20)}
    assert len(fresh) == 20


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("http://hooks.example.com/"),
        Wanted("https://127.0.0.1/"),
        Wanted("https://10.0.0.1:443/"),
        Wanted("https://localhost/"),
        Wanted("https://hooks.example.com:8443/"),
        Wanted("javascript:alert(1)"),
        Wanted(""),
        Wanted("https://hooks.example.com/" + "a" * 2000),
        Wanted("https://hooks.example.com/", "d" * 201),
        Wanted("https://hooks.example.com/", types=["no.event"]),
        Wanted("https://hooks.example.com/", types=["x'; drop table"]),
    ],
)
def test_what_cannot_be_is_refused_by_the_real_door(tenant, wanted):
    assert registry.events(), "the wiring has told of the studio's events"
    with pytest.raises(Invalid):
        commands.create(tenant.actor, uuid7(), wanted)
    assert queries.endpoints(tenant.actor) == []


def test_a_test_message_goes_to_one_endpoint_whatever_it_listens_to(tenant, endpoint):
    wanted = endpoint(tenant.actor, "https://a.example.com/", "thing.lost")
    other = endpoint(tenant.actor, "https://b.example.com/")
    commands.test(tenant.actor, wanted)
    (one,), _ = queries.deliveries(tenant.actor, wanted)
    assert (one.type, one.state) == ("webhook.test", "pending")
    assert queries.deliveries(tenant.actor, other) == ([], None)
    commands.switch(tenant.actor, wanted, enabled=False)
    with pytest.raises(Conflict):
        commands.test(tenant.actor, wanted)


def test_what_was_sealed_with_another_secret_key_is_not_read(monkeypatch):
    from cryptography.fernet import InvalidToken
    from pydantic import SecretStr

    from packshot import sealing
    from packshot.settings import settings

    sealed = keys.seal("whsec_x")
    other = settings().model_copy(update={"secret_key": SecretStr("another")})
    monkeypatch.setattr(sealing, "settings", lambda: other)
    with pytest.raises(InvalidToken):
        keys.unseal(sealed)
