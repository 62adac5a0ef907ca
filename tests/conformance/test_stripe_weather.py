"""Stripe's API in bad weather: answers that are lost, 500s after the deed, reads of yesterday. Nothing comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import stripe

from packshot.errors import Problem
from packshot.foundation.billing import commands, inbox, providers
from packshot.ports.payments import PaymentsUnavailable
from tests.conformance.shops import Shop, clean, price
from tests.conformance.stripe_till import StripeTill
from tests.conformance.tills import storm
from tests.fakes.stripe import Chaos


@pytest.fixture
def till(own_database, tmp_path: Path, monkeypatch) -> Iterator[StripeTill]:
    monkeypatch.setattr(stripe.HTTPClient, "_sleep_time_seconds", lambda *_: 0)
    made = StripeTill(tmp_path)
    providers.connect(made.name, lambda: made.provider)
    yield made
    providers.connect(None, lambda: made.provider)
    made.close()


def insist(act: Callable[[UUID], object]) -> None:
    """The same act again and again, as its caller does, until it is done."""
    name = uuid4()
    for _ in range(30):
        try:
            act(name)
        except (Problem, PaymentsUnavailable):
            continue
        return
    raise AssertionError("it was never done")


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_api_does_everything_happens_once(till, new_tenant, admin, seed):
    shop = Shop(till, new_tenant())
    weather = till.fake.chaos = till.fake.sender.chaos = Chaos(seed, broken=0.15, cut=0.15, stale=0.15)

    def bought(item: str, interval: str | None) -> None:
        insist(lambda key: commands.buy(shop.actor, key, price(item, interval), 1, "/billing"))
        open_ = list(till.fake.world.all("checkout.session", status="open"))
        till.pay(open_[-1]["id"])
        till.deliver(storm(seed, drop=0.3))

    def calm() -> None:
        """The weather clears, and the daily round finds what was missed."""
        till.fake.chaos = Chaos()
        till.deliver()
        inbox.reconcile()

    def rough() -> None:
        till.fake.chaos = weather

    bought("store-100", "month")
    calm()
    assert (shop.plan, shop.available) == (("store-100", "active"), 3000)
    rough()
    bought("pack-1000", None)
    calm()
    assert shop.available == 4000

    found = shop.preview("store-500")
    before = shop.micro
    rough()
    upgrade = uuid4()
    for _ in range(30):
        try:
            commands.change(shop.actor, upgrade, found.asked.price.key, 1, found.asked.at, found.asked.seen)
        except (Problem, PaymentsUnavailable):
            if shop.plan[0] == "store-500":
                break
    calm()
    assert (shop.plan, shop.micro - before) == (("store-500", "active"), found.credits)
    rough()
    till.refund(next(p.ref for p in shop.payments() if p.order is not None), 600)
    till.deliver(storm(seed, drop=0.5))
    calm()
    assert shop.micro - before == found.credits - 500 * 1_000_000
    assert len(till.fake.events("payment_intent.succeeded")) == 3
    assert weather.struck > 3
    clean(admin, shop.tenant.organization_id)
