"""Row-level security through `acting_as`: what a member sees, and the traps of roles and claims."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from packshot.db.tenancy import acting_as
from packshot.foundation.organizations.models import Membership, Organization


def test_a_member_sees_its_own_organization_only(new_tenant):
    mine, other = new_tenant(), new_tenant()
    with acting_as(mine.actor):
        assert [o.id for o in Organization.objects.all()] == [mine.organization_id]
        assert not Organization.objects.filter(id=other.organization_id).exists()
        assert [m.user_id for m in Membership.objects.all()] == [mine.user_id]


def test_outside_a_block_a_tenant_table_is_an_error(tenant):
    with pytest.raises(DatabaseError, match="permission denied"):
        Organization.objects.count()


def test_a_claim_without_a_membership_shows_nothing(new_tenant):
    from packshot.db.tenancy import Actor

    mine, other = new_tenant(), new_tenant()
    with acting_as(Actor(user_id=mine.user_id, organization_id=other.organization_id)):
        assert Organization.objects.count() == 0


def test_claims_end_with_the_block_after_commit_and_after_rollback(tenant):
    with acting_as(tenant.actor):
        pass
    with pytest.raises(RuntimeError), acting_as(tenant.actor):
        raise RuntimeError
    for _ in range(4):
        with connection.cursor() as cursor:
            cursor.execute("select current_user, current_setting('app.user_id', true)")
            assert cursor.fetchone() in [("packshot_web", None), ("packshot_web", "")]


def test_blocks_do_not_nest(tenant):
    with pytest.raises(RuntimeError, match="durable"), acting_as(tenant.actor), acting_as(tenant.actor):
        pass
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), acting_as(tenant.actor):
        pass


def test_resetting_the_role_gains_nothing(tenant):
    with acting_as(tenant.actor), connection.cursor() as cursor:
        cursor.execute("reset role")
        with pytest.raises(DatabaseError, match="permission denied"):
            cursor.execute("select count(*) from public.organizations_organization")


@pytest.mark.parametrize("role", ["packshot_owner", "packshot_staff", "packshot_worker", "postgres"])
def test_the_web_login_can_become_a_member_and_nobody_else(login, role):
    with pytest.raises(Exception, match="permission denied"):
        login("packshot_web").execute(f"set role {role}")


def test_a_character_that_no_text_holds_is_refused_in_words(tenant):
    from packshot.db.sql import call
    from packshot.errors import Invalid

    for words in ("a\0b", {"a": "\0"}):
        with pytest.raises(Invalid, match="cannot be kept"), acting_as(tenant.actor):
            call("pg_catalog.to_json", words)
