"""An organization that is to be deleted is not renewed, and pays nobody once it is erased."""

from __future__ import annotations

from uuid import uuid4

from packshot.foundation.billing import commands, queries
from packshot.foundation.billing.leaving import end_at_once, leave
from packshot.foundation.organizations import commands as organizations
from tests.foundation.billing.conftest import client_of
from tests.foundation.billing.test_pages import buy, pay


def test_a_plan_ends_with_its_period_once_and_is_taken_up_again_by_hand(sold, tenant, new_tenant, hear):
    neighbour = new_tenant()
    for each in (tenant, neighbour):
        client = client_of(each)
        client.get(pay(client, buy(client, "store-100")))
    assert leave() == 0
    organizations.close(tenant.actor)
    assert leave() == 1
    assert leave() == 0
    hear()
    assert queries.standing(tenant.actor).subscription.cancel_at is not None
    assert queries.standing(neighbour.actor).subscription.cancel_at is None
    organizations.keep(tenant.actor)
    commands.resume(tenant.actor, uuid4())
    assert leave() == 0
    organizations.close(tenant.actor)
    assert leave() == 1, "another deletion is another act"


def test_the_erased_pay_nobody(sold, tenant, hear):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "store-100")))
    assert end_at_once(tenant.organization_id, tenant.organization_id) == 1
    hear()
    assert end_at_once(tenant.organization_id, tenant.organization_id) == 0


def test_papers_are_taken_along(sold, tenant, login):
    client = client_of(tenant)
    client.get(pay(client, buy(client, "store-100")))
    worker, lines, after = login("packshot_worker"), [], ""
    while page := worker.execute(
        "select key, line from public.billing_takeout_v1(%s, %s, 1)", [tenant.organization_id, after]
    ).fetchall():
        lines += [line for _key, line in page]
        after = page[-1][0]
    assert {"order", "subscription", "invoice", "payment"} <= {line["kind"] for line in lines}
    assert [line["status"] for line in lines if line["kind"] == "order"] == ["paid"]
