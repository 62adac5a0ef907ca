"""Webhooks as workers deliver them: real HTTP in every weather, and workers that are killed in the middle."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.utils.translation import override
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot.adapters.fetch.poster import SafePoster
from packshot.foundation.letters.writing import mail, write
from packshot.foundation.webhooks import commands, queries, registry
from packshot.foundation.webhooks.commands import Wanted
from packshot.settings import settings
from packshot.worker import hooks
from packshot.worker.database import Database
from packshot.worker.pace import Pace
from tests.fakes.hooks import Received, Receiver, verified
from tests.worker.support import QUICK, wait_for, worker_process

pytestmark = pytest.mark.usefixtures("own_database")
PACE = Pace(webhooks=0.05)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(registry, "_check", lambda _url: None)
    with Receiver() as found:
        yield found


@contextlib.asynccontextmanager
async def delivering(receiver: Receiver) -> AsyncIterator[None]:
    """A worker's loop, on the worker's own login."""
    database = await Database.connect(os.environ["DATABASE_URL"], 4)
    task = asyncio.create_task(hooks.deliver_for_ever(database, SafePoster(trusted=[receiver.place]), PACE))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await database.close()


def deliver(receiver: Receiver, until: Any) -> None:
    """Deliver until it holds."""

    async def run() -> None:
        async with delivering(receiver):
            await asyncio.to_thread(wait_for, until, bool, 30)

    asyncio.run(run())


def made(tenant: Any, receiver: Receiver, path: str = "/") -> tuple[UUID, str]:
    endpoint_id = uuid7()
    return endpoint_id, commands.create(tenant.actor, endpoint_id, Wanted(receiver.url(path)))


def emit(admin: Any, tenant: Any, **data: Any) -> None:
    admin.execute(
        "select public.webhooks_emit_v1(%s, 'thing.made', %s, %s)",
        [tenant.organization_id, uuid7(), Jsonb(data)],
    )


def tries(tenant: Any, endpoint_id: UUID) -> list[Any]:
    found, _ = queries.deliveries(tenant.actor, endpoint_id)
    return [each for delivery in found for each in delivery.attempts]


def believed(received: Received, *secrets: str) -> list[bool]:
    return [verified(received, secret, now=time.time()) for secret in secrets]


def test_a_message_is_signed_so_that_its_receiver_believes_it(tenant, receiver, admin):
    endpoint_id, secret = made(tenant, receiver)
    emit(admin, tenant, colour="rot und grün")
    deliver(receiver, lambda: tries(tenant, endpoint_id))
    (came,) = receiver.got
    assert came.headers["content-type"] == "application/json"
    assert (came.type, came.said["data"], came.said["id"]) == (
        "thing.made",
        {"colour": "rot und grün"},
        came.id,
    )
    assert "." not in came.id
    assert believed(came, secret) == [True]
    assert believed(Received(0, "/", came.headers, came.body + b" "), secret) == [False]
    assert verified(came, secret, now=time.time() + 3600) is False
    kept = admin.execute("select secret from webhooks_endpoint").fetchone()[0]
    assert secret not in kept
    assert secret.removeprefix("whsec_") not in kept


def test_for_a_day_after_a_rotation_both_secrets_sign(tenant, receiver, admin):
    endpoint_id, old = made(tenant, receiver)
    new = commands.rotate(tenant.actor, endpoint_id)
    emit(admin, tenant)
    deliver(receiver, lambda: len(tries(tenant, endpoint_id)) == 1)
    assert believed(receiver.got[0], old, new) == [True, True]
    admin.execute("update webhooks_endpoint set previous_until = now() - interval '1 second'")
    emit(admin, tenant)
    deliver(receiver, lambda: len(tries(tenant, endpoint_id)) == 2)
    assert believed(receiver.got[1], old, new) == [False, True]


def test_every_weather_is_written_down(tenant, receiver, admin, monkeypatch):
    monkeypatch.setattr(hooks, "_TIMEOUT_S", 0.5)
    weather = {
        "/500": (receiver.says(500, b"\0broken " + b"x" * 5000), 500, None),
        "/302": (receiver.says(302, Location="/500"), 302, None),
        "/slow": (receiver.slow, None, "timeout"),
        "/closes": (receiver.closes, None, "unreachable"),
        "/huge": (receiver.endless, 200, None),
        "/429": (receiver.says(429, Retry_After="1800"), 429, None),
    }
    endpoints = {}
    for path, (answer, _, _) in weather.items():
        receiver.answers[path] = answer
        endpoints[path], _ = made(tenant, receiver, path)
    nowhere = uuid7()
    commands.create(tenant.actor, nowhere, Wanted("https://localhost/inside"))
    emit(admin, tenant)
    everyone = [*endpoints.values(), nowhere]
    deliver(receiver, lambda: all(tries(tenant, each) for each in everyone))
    for path, (_, status, error) in weather.items():
        [first, *_] = tries(tenant, endpoints[path])
        assert (path, first.status, first.error) == (path, status, error)
        assert len(first.excerpt) <= 1024
    assert tries(tenant, endpoints["/500"])[0].excerpt.startswith("broken x")
    assert [each.error for each in tries(tenant, nowhere)] == ["refused"]
    asked = admin.execute(
        "select extract(epoch from next_at - now()) from webhooks_delivery where endpoint_id = %s",
        [endpoints["/429"]],
    ).fetchone()[0]
    assert 1700 < asked < 1810


@pytest.mark.parametrize(("language", "words"), [("en", "it is gone (410)"), ("de", "nicht mehr gibt (410)")])
def test_one_who_says_gone_is_left_and_its_owners_are_told(tenant, receiver, admin, login, language, words):
    receiver.answers["/"] = receiver.says(410)
    endpoint_id, _ = made(tenant, receiver)
    emit(admin, tenant)
    deliver(receiver, lambda: queries.endpoint(tenant.actor, endpoint_id).state == "disabled")
    letter = login("packshot_worker").execute("select public.letters_claim_v1()").fetchone()[0]
    assert letter["to"] == tenant.email
    with override(language):
        said = mail(write(letter["kind"], letter["body"]), letter["to"])
    assert words in said.body
    assert f"/settings/webhooks/{endpoint_id}" in said.body


def test_a_slow_endpoint_delays_no_other(tenant, new_tenant, receiver, admin):
    receiver.answers["/slow"] = receiver.slow
    slow, _ = made(tenant, receiver, "/slow")
    other = new_tenant()
    quick, _ = made(other, receiver, "/quick")
    for _ in range(10):
        emit(admin, tenant)

    async def run() -> None:
        async with delivering(receiver):
            await asyncio.to_thread(wait_for, lambda: len(receiver.at("/slow")) == 4, bool, 30)
            for _ in range(10):
                await asyncio.to_thread(emit, admin, other)
            await asyncio.to_thread(wait_for, lambda: len(tries(other, quick)) == 10, bool, 30)
            assert await asyncio.to_thread(tries, tenant, slow) == []
            assert len(receiver.at("/slow")) == 4
            receiver.open.set()
            await asyncio.to_thread(wait_for, lambda: len(tries(tenant, slow)) == 10, bool, 30)

    asyncio.run(run())


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_a_worker_that_is_killed_before_it_wrote_down_sends_again_under_the_same_id(tenant, receiver, admin):
    receiver.answers["/"] = receiver.slow
    endpoint_id, secret = made(tenant, receiver)
    emit(admin, tenant)
    environment = {
        "PACKSHOT_FETCH_TRUSTED": f'["{receiver.place}"]',
        "PACKSHOT_SECRET_KEY": settings().secret(),
    }
    with worker_process(QUICK, **environment) as first:
        wait_for(lambda: receiver.got, bool)
        first.kill()
    admin.execute("update webhooks_delivery set lease_until = now() where lease_until is not null")
    receiver.answers["/"] = receiver.says(204)
    with worker_process(QUICK, **environment) as second:
        wait_for(lambda: tries(tenant, endpoint_id), bool)
        assert second.end() == 0, "".join(second.output)
    once, again = receiver.got
    assert once.id == again.id
    assert once.body == again.body
    assert believed(again, secret) == [True]
    assert [each.status for each in tries(tenant, endpoint_id)] == [204]
