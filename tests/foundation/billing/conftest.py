"""Pages with a mock that takes the money, in a database and a home of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client

from packshot import wiring
from packshot.adapters.mock.payments.desk import Desk
from packshot.foundation.billing import inbox, providers
from packshot.settings import settings
from tests.conftest import Tenant


@pytest.fixture
def sold(own_database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The mock is switched on, as the settings do it; what people do there."""
    monkeypatch.setattr(settings(), "payments", "mock")
    monkeypatch.setattr(settings(), "home", tmp_path)
    wiring.mock_payments.cache_clear()
    wiring.payments.cache_clear()
    providers.connect("mock", wiring.payments)
    yield Desk(wiring.mock_payments())
    providers.connect(None, wiring.payments)
    wiring.mock_payments.cache_clear()
    wiring.payments.cache_clear()


@pytest.fixture
def by_hand(own_database, admin, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Invoices are written by hand; the operator's commands run as the worker, and here both are this process."""
    admin.execute("grant execute on function billing_order_of_v1(uuid, text, text) to packshot_web")
    monkeypatch.setattr(settings(), "payments", "custom")
    wiring.payments.cache_clear()
    providers.connect("custom", wiring.payments)
    yield
    providers.connect(None, wiring.payments)
    wiring.payments.cache_clear()


@pytest.fixture
def hear(sold) -> Callable[[], None]:
    """The worker's step."""

    def step() -> None:
        for headers, body in wiring.mock_payments().unsent():
            inbox.receive("mock", headers, body)
        while inbox.work():
            pass

    return step


@pytest.fixture
def invite_due(sold) -> Callable[[], int]:
    """The worker's step for seats that were bought, through the worker's login."""
    from django.db import connections

    from packshot.foundation.billing import seating

    settings_ = connections["default"].settings_dict

    def become(login: str) -> None:
        connections.close_all()
        connections["default"].close_pool()
        settings_["USER"] = login

    def step() -> int:
        before = settings_["USER"]
        become("packshot_worker")
        try:
            return seating.invite_due()
        finally:
            become(before)

    return step


def client_of(tenant: Tenant) -> Client:
    from packshot.foundation.accounts.models import User

    client = Client()
    client.force_login(User.objects.get(id=tenant.user_id))
    return client


def join(admin, tenant: Tenant, organization_id, role: str) -> None:
    """Make this person a colleague, who acts for that organization from now on."""
    admin.execute("delete from organizations_membership where user_id = %s", [tenant.user_id])
    admin.execute(
        "insert into organizations_membership (organization_id, user_id, role, created_at) values (%s, %s, %s, now())",
        [organization_id, tenant.user_id, role],
    )
