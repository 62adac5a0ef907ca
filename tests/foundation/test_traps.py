"""The traps of roles, claims and pools that were found when the design was tried; each stays shut.

Those of `tests/db/test_tenancy.py` are not repeated: claims after commit and rollback, nesting, `reset role`,
becoming another login.
"""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from packshot.db.sql import call
from packshot.db.tenancy import acting_as
from packshot.foundation.organizations.models import Membership, Organization


def test_a_savepoint_inside_a_block_neither_loses_nor_leaks_the_claims(tenant):
    with acting_as(tenant.actor):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select set_config('app.organization_id', '', true)")
        assert Organization.objects.count() == 0  # what a savepoint sets, its release keeps
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(current_setting('app.user_id', true), ''), current_user")
        assert cursor.fetchone() == ("", "packshot_web")


def test_a_failed_savepoint_leaves_the_block_as_it_was(tenant):
    with acting_as(tenant.actor):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select 1 / 0")
        assert [each.id for each in Organization.objects.all()] == [tenant.organization_id]


def test_a_queryset_that_is_read_after_its_block_is_refused(tenant):
    with acting_as(tenant.actor):
        lazy = Organization.objects.all()
    with pytest.raises(DatabaseError, match="permission denied"):
        list(lazy)


def test_what_runs_on_commit_has_no_tenant(tenant):
    seen: list[object] = []

    def after() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select current_user, coalesce(current_setting('app.user_id', true), '')")
            seen.append(cursor.fetchone())
        with pytest.raises(DatabaseError, match="permission denied"):
            Organization.objects.count()
        seen.append("refused")

    with acting_as(tenant.actor):
        transaction.on_commit(after)
    assert seen == [("packshot_web", ""), "refused"]


def test_a_block_gives_its_connection_back(tenant):
    """More threads than connections: each gets one because nobody keeps one after its block."""
    connection.close()  # this thread's own
    connection.close_pool()  # and what threads of other tests took with them when they died
    size = connection.settings_dict["OPTIONS"]["pool"]["max_size"]
    inside, kept = threading.Barrier(size), []

    def run() -> None:
        with acting_as(tenant.actor):
            inside.wait(60)
            Organization.objects.count()
        kept.append(connection.connection)

    threads = [threading.Thread(target=run) for _ in range(size * 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert kept == [None] * size * 3


@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.organizations_organization (id, name, personal) values (app.uuid7(), 'x', true)",
        "update public.organizations_organization set name = 'x'",
        "delete from public.organizations_organization",
        "truncate public.organizations_organization",
        "select 1 from public.organizations_organization for update",
        "update public.organizations_membership set role = 'owner'",
        "delete from public.organizations_membership",
        "select 1 from public.accounts_user",
        "select 1 from public.django_session",
        "create table public.mine ()",
        "create temporary table mine ()",
    ],
)
def test_members_read_and_nothing_else(tenant, statement):
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        acting_as(tenant.actor),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_member_cannot_open_organizations(tenant):
    with pytest.raises(DatabaseError, match="permission denied"), acting_as(tenant.actor):
        call("organizations_open_v1", tenant.user_id, "Mine too")


def test_a_definer_function_reads_the_claims_of_its_caller(new_tenant):
    mine, other = new_tenant(), new_tenant()
    with acting_as(mine.actor):
        assert call("app.organization_id") == mine.organization_id
        assert call("app.user_id") == mine.user_id
        assert call("app.role") == "owner"
    with acting_as(type(mine.actor)(mine.user_id, other.organization_id)):
        assert call("app.organization_id") is None
        assert call("app.role") is None


def test_a_membership_that_ends_ends_at_once(tenant, admin):
    with acting_as(tenant.actor):
        assert Organization.objects.count() == 1
        admin.execute("delete from organizations_membership where user_id = %s", [tenant.user_id])
        assert Organization.objects.count() == 0
        assert Membership.objects.count() == 0


def test_a_policy_asks_for_the_claim_once_a_statement(tenant, admin):
    """`(select app.organization_id())` is planned as one sub-plan, not as a filter of every row."""
    with acting_as(tenant.actor), connection.cursor() as cursor:
        cursor.execute("explain (verbose) select * from public.organizations_membership")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "InitPlan" in plan
    assert "organization_id = app.organization_id()" not in plan
