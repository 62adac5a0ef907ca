"""What receivers are told of generations: the end of every job and batch, in the transaction that ends it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from uuid_utils.compat import uuid7

from packshot.foundation.webhooks import commands as webhooks
from packshot.foundation.webhooks.commands import Wanted
from packshot.studio.generation import commands, queries
from packshot.studio.generation.contracts import Order
from packshot.studio.generation.hooks import events
from tests.studio.generation.hand import Hand, picture

CREDIT = 1_000_000


@pytest.fixture
def hand(login) -> Hand:
    return Hand(login("packshot_worker"))


@pytest.fixture
def listens(tenant) -> None:
    webhooks.create(tenant.actor, uuid7(), Wanted("https://hooks.example.com/"))


def submit(tenant, variants: int = 2) -> tuple[UUID, list[UUID]]:
    order = Order(None, "generate", "mock-scene", "a cup", str(uuid7()), variants)
    batch_id = commands.submit(tenant.actor, order).batch_id
    return batch_id, [tile.job_id for tile in queries.batch(tenant.actor, batch_id).tiles]


def told(admin, tenant) -> list[dict[str, Any]]:
    found = admin.execute(
        "select v.body from webhooks_event as v join webhooks_delivery as d"
        " on d.organization_id = v.organization_id and d.event_id = v.id"
        " where v.organization_id = %s order by d.seq",
        [tenant.organization_id],
    ).fetchall()
    return [body for (body,) in found]


def types(admin, tenant) -> list[str]:
    return [each["type"] for each in told(admin, tenant)]


def test_nobody_listens_and_nothing_is_written(tenant, hand, admin):
    _, jobs = submit(tenant)
    hand.settle(hand.claim(tenant.organization_id, *jobs), assets=[])
    assert told(admin, tenant) == []


def test_each_job_is_told_and_the_batch_with_its_last(tenant, listens, hand, admin):
    batch_id, (one, two) = submit(tenant)
    shown = picture()
    hand.settle(hand.claim(tenant.organization_id, one), assets=[shown])
    (first,) = told(admin, tenant)
    assert first["type"] == "generation.succeeded"
    said = first["data"]
    price = queries.batch(tenant.actor, batch_id).price
    assert (said["id"], said["index"], said["status"]) == (str(one), 0, "succeeded")
    assert said["generation"] == str(batch_id)
    assert said["api"] == f"/v1/generations/{batch_id}"
    assert (said["asset_id"], said["model"], said["operation"]) == (shown["id"], "mock-scene", "generate")
    assert (said["price_micros"], said["charged_micros"], said["returned_micros"]) == (price, price, 0)
    assert (said["error"], said["late"]) == (None, False)
    times = [datetime.fromisoformat(said[each]) for each in ("created_at", "started_at", "finished_at")]
    assert times == sorted(times)
    assert all(each.utcoffset() == timedelta(0) and said["created_at"].endswith("Z") for each in times)

    hand.settle(
        hand.claim(tenant.organization_id, two), "failed", code="content_refused", message="It was refused."
    )
    _, second, batch = told(admin, tenant)
    assert second["type"] == "generation.failed"
    assert second["data"]["error"] == {"code": "content_refused", "detail": "It was refused."}
    assert (second["data"]["charged_micros"], second["data"]["returned_micros"]) == (0, price)
    assert batch["type"] == "batch.completed"
    assert (batch["data"]["id"], batch["data"]["status"]) == (str(batch_id), "partial")
    assert batch["data"]["status"] == queries.batch(tenant.actor, batch_id).state.value
    assert (batch["data"]["quoted_micros"], batch["data"]["charged_micros"]) == (2 * price, price)
    assert [each["id"] for each in batch["data"]["outputs"]] == [str(one), str(two)]


@pytest.mark.parametrize(
    ("outcome", "status"), [("succeeded", "succeeded"), ("failed", "failed"), ("cancelled", "cancelled")]
)
def test_all_of_a_batch_in_one_settle_is_one_batch(tenant, listens, hand, admin, outcome, status):
    batch_id, jobs = submit(tenant, 4)
    facts = {"assets": []} if outcome == "succeeded" else {"code": "provider_error", "message": "No."}
    hand.settle(hand.claim(tenant.organization_id, *jobs), outcome, **facts)
    found = told(admin, tenant)
    assert [each["type"] for each in found] == [f"generation.{outcome}"] * 4 + ["batch.completed"]
    assert found[-1]["data"]["status"] == status == queries.batch(tenant.actor, batch_id).state.value


def test_what_a_person_cancels_is_told(tenant, listens, admin):
    batch_id, _ = submit(tenant)
    commands.cancel_batch(tenant.actor, batch_id)
    assert types(admin, tenant) == ["generation.cancelled"] * 2 + ["batch.completed"]


def test_a_picture_that_comes_late_is_told_after_its_failure(tenant, listens, hand, admin):
    _, (job,) = submit(tenant, 1)
    claims = hand.claim(tenant.organization_id, job)
    hand.settle(claims, "failed", code="timeout", message="It took too long.")
    shown = picture()
    assert hand.settle(claims, assets=[shown]) == ["late"]
    found = told(admin, tenant)
    assert [each["type"] for each in found] == [
        "generation.failed",
        "batch.completed",
        "generation.succeeded",
    ]
    said = found[-1]["data"]
    assert (said["late"], said["asset_id"], said["charged_micros"]) == (True, shown["id"], 0)


def test_what_is_rolled_back_was_not_told(tenant, listens, hand, admin, server):
    _, jobs = submit(tenant)
    claims = hand.claim(tenant.organization_id, *jobs)
    with psycopg.connect(server.database_url) as connection:
        Hand(connection).settle(claims, assets=[])
        connection.rollback()
    assert told(admin, tenant) == []


def test_two_organizations_in_one_settle_hear_of_their_own(tenant, new_tenant, listens, hand, admin):
    other = new_tenant()
    webhooks.create(other.actor, uuid7(), Wanted("https://hooks.example.com/"))
    silent = new_tenant()
    claims = []
    for each in (tenant, other, silent):
        claims += hand.claim(each.organization_id, *submit(each, 1)[1])
    hand.settle(claims, assets=[])
    assert types(admin, tenant) == types(admin, other) == ["generation.succeeded", "batch.completed"]
    assert told(admin, tenant)[0]["data"]["id"] != told(admin, other)[0]["data"]["id"]
    assert told(admin, silent) == []


def test_the_events_that_can_be_chosen_are_those_that_are_told(tenant, listens, hand, admin):
    for outcome in ("succeeded", "failed", "cancelled"):
        hand.settle(hand.claim(tenant.organization_id, *submit(tenant, 1)[1]), outcome, assets=[])
    assert set(types(admin, tenant)) == set(events())
