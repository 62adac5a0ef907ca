"""The settings of webhooks as pages."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot.foundation.accounts.models import User
from packshot.foundation.webhooks import queries

URL = "https://hooks.example.com/in"


def client_of(tenant) -> Client:
    client = Client()
    client.force_login(User.objects.get(id=tenant.user_id))
    return client


@pytest.fixture
def client(tenant) -> Client:
    return client_of(tenant)


def make(client: Client, **changes):
    form = {"id": str(uuid7()), "url": URL, "description": "Ours", "some": ""}
    return client.post(reverse("webhook-new"), form | changes)


def secret_on(page) -> str:
    found = re.search(r">(whsec_[A-Za-z0-9+/=]+)<", page.content.decode())
    assert found is not None
    return found.group(1)


def test_the_secret_is_shown_once(client, tenant):
    form = {"id": str(uuid7())}
    made = make(client, **form)
    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    secret = secret_on(made)
    again = make(client, **form)
    assert (again.status_code, again["Location"]) == (302, reverse("webhook", args=[form["id"]]))
    for address in (reverse("webhooks"), reverse("webhook", args=[form["id"]])):
        assert secret not in client.get(address).content.decode()
    assert len(queries.endpoints(tenant.actor)) == 1
    rotated = client.post(reverse("webhook-rotate", args=[form["id"]]))
    assert secret_on(rotated) != secret
    assert "signs as well until" in client.get(reverse("webhook", args=[form["id"]])).content.decode()


def test_a_form_with_a_mistake_comes_back_as_it_was(client, tenant):
    page = make(client, url="https://10.0.0.1/", some="1", types=["batch.completed"])
    said = page.content.decode()
    assert page.status_code == 422
    assert "https://10.0.0.1/" in said
    assert "public hosts" in said
    assert re.search(r'value="batch.completed"\s+checked', said)
    assert queries.endpoints(tenant.actor) == []


def test_only_these_and_none_of_them_is_not_all(client, tenant):
    page = make(client, some="1")
    assert page.status_code == 422
    assert "Choose at least one event." in page.content.decode()
    assert queries.endpoints(tenant.actor) == []


def test_from_the_test_message_to_the_replay(client, tenant, admin):
    make(client)
    [endpoint] = queries.endpoints(tenant.actor)
    here = reverse("webhook", args=[endpoint.id])
    assert client.post(reverse("webhook-test", args=[endpoint.id]))["Location"] == here
    [delivery], _ = queries.deliveries(tenant.actor, endpoint.id)
    assert "on its way" in client.get(here).content.decode()
    admin.execute(
        "insert into webhooks_attempt select organization_id, gen_random_uuid(), id, now(), 500, 12, %s, null"
        " from webhooks_delivery where id = %s",
        ["<script>alert(1)</script>", delivery.id],
    )
    admin.execute(
        "update webhooks_delivery set state = 'failed', ended_at = now() where id = %s", [delivery.id]
    )
    said = client.get(here + "?state=failed").content.decode()
    assert "answered 500 after 12 ms" in said
    assert "<script>alert(1)" not in said
    client.post(reverse("webhook-replay", args=[delivery.id]))
    assert queries.deliveries(tenant.actor, endpoint.id)[0][0].state == "pending"
    admin.execute(
        "update webhooks_delivery set state = 'failed', ended_at = now() where id = %s", [delivery.id]
    )
    client.post(reverse("webhook-replay-failed", args=[endpoint.id]), {"days": "1"})
    assert queries.deliveries(tenant.actor, endpoint.id)[0][0].state == "pending"
    client.post(reverse("webhook-switch", args=[endpoint.id]))
    assert "Switched off on" in client.get(here).content.decode()
    client.post(reverse("webhook-delete", args=[endpoint.id]))
    assert queries.endpoints(tenant.actor) == []


def test_many_messages_stand_on_several_pages(client, tenant, admin):
    make(client)
    [endpoint] = queries.endpoints(tenant.actor)
    for _ in range(queries.PAGE + 5):
        admin.execute(
            "select webhooks_emit_v1(%s, 'batch.completed', %s, %s)",
            [tenant.organization_id, uuid7(), Jsonb({})],
        )
    here = reverse("webhook", args=[endpoint.id])
    first = client.get(here).content.decode()
    assert first.count("<details") == queries.PAGE
    found = re.search(r'href="([^"]+before=[^"]+)"', first)
    assert found is not None
    assert client.get(found.group(1).replace("&amp;", "&")).content.decode().count("<details") == 5


@pytest.mark.parametrize("query", ["?before=x", "?state=%00", "?before=" + "9" * 400])
def test_an_address_that_was_meddled_with_shows_the_first_page(client, tenant, query):
    make(client)
    [endpoint] = queries.endpoints(tenant.actor)
    assert client.get(reverse("webhook", args=[endpoint.id]) + query).status_code == 200
