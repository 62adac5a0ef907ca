"""An organization on a plan of a test's own terms, as a provider would have told of it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot.foundation.billing.plans import book
from packshot.foundation.billing.states import dump
from tests.foundation.people import subscription


def on(organization_id: UUID, *, quantity: int = 1, of: str = "team", **terms: Any) -> str:
    """The plan `of` with these terms instead of its own, from now on; the price's key.

    `limits` are added to those of the plan.
    """
    key = f"test-{uuid7().hex}"
    found = book().terms(of)
    found |= terms | {"limits": found["limits"] | terms.get("limits", {})}
    told = replace(subscription(organization_id, quantity), price=key)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin, admin.transaction():
        admin.execute(
            "insert into billing_price (key, item, kind, interval, unit, currency, terms, sold)"
            " values (%s, %s, 'plan', 'month', 100, 'usd', %s, false)",
            [key, of, Jsonb(found)],
        )
        admin.execute(
            "insert into billing_record values (%s, 'mock', 'subscription', %s, now(), %s)"
            " on conflict (organization_id, provider, kind, ref) do update set state = excluded.state",
            [organization_id, told.ref, Jsonb(dump(told))],
        )
    return key


def off(organization_id: UUID) -> None:
    """No plan any more: the free one's terms hold."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(
            "delete from billing_record where organization_id = %s and kind = 'subscription'",
            [organization_id],
        )
