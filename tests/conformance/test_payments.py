"""What every payment provider must do: one suite, run on each till (`tills.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from packshot.foundation.billing import commands, providers
from packshot.foundation.billing.plans import offers
from packshot.studio.credits.queries import balance
from tests.conformance.tills import TILLS, Till
from tests.conftest import Tenant

C = 1_000_000


class Shop:
    """An organization at a till."""

    def __init__(self, till: Till, tenant: Tenant) -> None:
        self.till, self.tenant, self.actor = till, tenant, tenant.actor

    def price(self, item: str, interval: str | None = "month") -> str:
        return next(k for k, o in offers().items() if (o.price.item, o.price.interval) == (item, interval))

    def order(self, item: str, interval: str | None = "month", quantity: int = 1, back: str = "/billing"):
        return commands.buy(self.actor, uuid4(), self.price(item, interval), quantity, back)

    def available(self) -> int:
        return balance(self.actor).available // C


@pytest.fixture(params=TILLS)
def shop(own_database, new_tenant, request, tmp_path: Path) -> Iterator[Shop]:
    till = TILLS[request.param](tmp_path, 0)
    providers.connect(till.name, lambda: till.provider)
    yield Shop(till, new_tenant())
    providers.connect(None, lambda: till.provider)
    till.close()


def test_a_pack_is_bought_once_however_often_it_is_told(shop):
    order = shop.order("pack-1000", None)
    assert shop.available() == 500
    shop.till.pay(order.ref)
    shop.till.deliver()
    assert shop.available() == 1500
    assert commands.fulfil(shop.actor, order.id).status == "paid"
    shop.till.deliver()
    assert shop.available() == 1500


def test_a_plan_brings_its_months(shop):
    order = shop.order("team", quantity=2)
    shop.till.pay(order.ref)
    shop.till.deliver()
    assert shop.available() == 20_000
