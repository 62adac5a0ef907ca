"""`packshot org grant`: credits from the operator, with a reason, once a key."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.db import connections
from typer.testing import CliRunner

from packshot.cli import app
from packshot.studio.credits import operator, queries
from packshot.studio.credits.errors import KeyReused
from packshot.studio.credits.money import MICRO


@pytest.fixture
def org(monkeypatch, server):
    """Run `packshot org` on this process's database."""
    monkeypatch.setenv("DATABASE_URL", server.database_url)
    monkeypatch.setitem(
        connections["owner"].settings_dict, "NAME", connections["default"].settings_dict["NAME"]
    )
    yield lambda *words: CliRunner().invoke(app, ["org", *map(str, words)])
    connections["owner"].close()


def test_a_grant_is_booked_with_its_reason(tenant, org):
    done = org("grant", tenant.organization_id, "12.5", "--reason", "sorry for Tuesday")
    assert done.exit_code == 0, done.output
    assert "12.5 credits granted" in done.output
    assert "512.5 credits are available now" in done.output
    newest = queries.entries(tenant.actor, 1)[0]
    assert (newest.kind, newest.amount, newest.note) == (
        "grant",
        12_500_000,
        {"reason": "sorry for Tuesday"},
    )
    (lot,) = [lot for lot in queries.balance(tenant.actor).lots if lot.source == "promotional"]
    assert lot.expires_at is None


def test_json_names_the_lot(tenant, org):
    done = org("grant", tenant.organization_id, 5, "--reason", "a test", "--json")
    found = json.loads(done.output)
    assert (found["amount"], found["available"], found["repaid"]) == (5 * MICRO, 505 * MICRO, 0)
    assert found["organization"] == str(tenant.organization_id)
    assert found["lot"] in {str(lot.id) for lot in queries.balance(tenant.actor).lots}


def test_a_key_grants_once(tenant, org):
    first = org("grant", tenant.organization_id, 5, "--reason", "a test", "--key", "ticket-7", "--json")
    again = org("grant", tenant.organization_id, 5, "--reason", "a test", "--key", "ticket-7", "--json")
    assert first.output == again.output
    assert queries.balance(tenant.actor).available == 505 * MICRO
    other = org("grant", tenant.organization_id, 6, "--reason", "a test", "--key", "ticket-7")
    assert other.exit_code == 2
    with pytest.raises(KeyReused):
        operator.grant(tenant.organization_id, "6", "a test", "ticket-7")


@pytest.mark.parametrize(
    ("amount", "reason", "says"),
    [
        ("0", "a test", "more than 0"),
        ("0.0000001", "a test", "not an amount"),
        ("many", "a test", "not an amount"),
        ("nan", "a test", "not an amount"),
        ("9007199254", "a test", "No wallet can hold"),
        ("5", "  ", "Say why"),
    ],
)
def test_nonsense_is_the_callers_mistake(tenant, org, amount, reason, says):
    done = org("grant", tenant.organization_id, amount, "--reason", reason)
    assert done.exit_code == 2
    assert says in done.output
    assert queries.balance(tenant.actor).available == 500 * MICRO


def test_an_unknown_organization_and_no_reason(org):
    assert org("grant", uuid4(), 5, "--reason", "a test").exit_code == 2
    assert org("grant", uuid4(), 5).exit_code == 2
    assert org("grant", "nobody", 5, "--reason", "a test").exit_code == 2


def test_no_page_and_no_worker_can_grant(tenant, login):
    import psycopg

    for role in ("packshot_web", "packshot_worker", "packshot_staff"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login(role).execute(
                "select credits_operator_grant_v1(%s, 'mine', 1, 'because')", [tenant.organization_id]
            )


def test_it_is_in_the_audit_log_once(tenant, org, login):
    for _ in range(2):
        org("grant", tenant.organization_id, 5, "--reason", "a test", "--key", "once")
    found = login("packshot_owner").execute(
        "select action, details from audit_event where organization_id = %s and action like 'credits.%%'",
        [tenant.organization_id],
    )
    assert found.fetchall() == [("credits.granted", {"amount": 5 * MICRO, "reason": "a test"})]
