"""Visitors: browsers without a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client


@pytest.fixture
def visit(tenant) -> Client:
    """A client that is signed in as the test's tenant."""
    return signed_in(tenant)


@pytest.fixture
def visitor(new_tenant) -> Callable[[], Client]:
    """Make clients, each signed in as another tenant."""
    return lambda: signed_in(new_tenant())


def signed_in(tenant) -> Client:
    from packshot.foundation.accounts.models import User  # not before the database is there

    client = Client(headers={"user-agent": "tests"})
    client.force_login(
        User.objects.get(id=tenant.user_id), "allauth.account.auth_backends.AuthenticationBackend"
    )
    client.tenant = tenant
    return client
