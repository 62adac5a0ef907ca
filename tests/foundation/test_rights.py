"""Who may do what in the database, asked of its own catalogue: a table or function nobody thought of fails here."""

from __future__ import annotations

import pytest

from tests.tables import IDENTITY, INFRASTRUCTURE, all_tables, key_column, tenant_tables_of

LOGINS = ["packshot_web", "packshot_worker", "packshot_staff", "packshot_member"]
WRITES = ["INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]


@pytest.fixture(scope="module")
def catalogue(server):
    import psycopg

    with psycopg.connect(server.database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def tenant_tables(catalogue) -> list[str]:
    return tenant_tables_of(catalogue)


def rights(catalogue, role: str, table: str) -> set[str]:
    """What a login may do with a table, or with any column of it."""
    return {
        kind
        for kind in ["SELECT", *WRITES]
        if catalogue.execute(
            "select has_table_privilege(%s, %s, %s)", [role, f"public.{table}", kind]
        ).fetchone()[0]
        or (
            kind in {"INSERT", "UPDATE", "REFERENCES"}
            and catalogue.execute(
                "select has_any_column_privilege(%s, %s, %s)", [role, f"public.{table}", kind]
            ).fetchone()[0]
        )
    }


def test_nothing_of_the_lists_has_gone(catalogue):
    assert {*IDENTITY, *INFRASTRUCTURE} <= set(all_tables(catalogue))


def test_identity_is_the_web_logins_alone(catalogue):
    for table in sorted(IDENTITY):
        assert rights(catalogue, "packshot_web", table) == {"SELECT", "INSERT", "UPDATE", "DELETE"}, table
        for role in LOGINS[1:]:
            assert rights(catalogue, role, table) == set(), (role, table)


def test_the_worker_knows_people_by_name_and_address_only(catalogue):
    columns = catalogue.execute(
        """
        select attname from pg_attribute
        where attrelid = 'public.accounts_user'::regclass and attnum > 0
          and has_column_privilege('packshot_worker', attrelid, attnum, 'SELECT')
        """
    )
    assert {row[0] for row in columns} == {"id", "email", "name", "is_active"}


def test_infrastructure_is_open_to_whom_it_says(catalogue):
    for table, allowed in INFRASTRUCTURE.items():
        for role in LOGINS:
            assert rights(catalogue, role, table) == allowed.get(role, set()), (role, table)


def test_a_tenants_table_is_guarded_by_rows(catalogue, tenant_tables):
    wrong = {}
    for table in tenant_tables:
        enabled, forced, policies = catalogue.execute(
            """
            select relrowsecurity, relforcerowsecurity,
                (select count(*) from pg_policy where polrelid = pg_class.oid)
            from pg_class where oid = %s::regclass
            """,
            [f"public.{table}"],
        ).fetchone()
        # Not forced: privileged functions belong to the owner and rely on passing by.
        if not enabled or forced or policies == 0:
            wrong[table] = (enabled, forced, policies)
    assert wrong == {}


def test_a_policy_compares_with_the_claimed_organization_once_a_statement(catalogue, tenant_tables):
    found = catalogue.execute(
        """
        select relname, polname, pg_get_expr(polqual, polrelid) from pg_policy
        join pg_class on pg_class.oid = polrelid
        where relnamespace = 'public'::regnamespace
          and (polroles && array['packshot_member'::regrole::oid, 0::oid])
        """
    ).fetchall()
    wrong = [
        (table, policy, text)
        for table, policy, text in found
        if f"({key_column(table)} = ( SELECT app.organization_id()" not in text
    ]
    assert wrong == []
    readable = {table for table, _policy, _text in found}
    assert set(tenant_tables) <= readable


def test_a_tenants_table_is_written_by_functions_only(catalogue, tenant_tables):
    wrong = {
        (role, table): writes
        for table in tenant_tables
        for role in [*LOGINS, "public"]
        if (writes := rights(catalogue, role, table) & set(WRITES))
    }
    assert wrong == {}


def test_logins_read_tenants_only_as_their_members(catalogue, tenant_tables):
    wrong = {
        (role, table)
        for table in tenant_tables
        for role in ("packshot_web", "packshot_worker")
        if rights(catalogue, role, table)
    }
    assert wrong == set()


def test_the_organization_is_in_every_tenants_key(catalogue, tenant_tables):
    wrong = []
    for table in tenant_tables:
        key = catalogue.execute(
            """
            select array_agg(attname::text) from pg_index
            join pg_attribute on attrelid = indrelid and attnum = any (indkey)
            where indrelid = %s::regclass and indisprimary
            """,
            [f"public.{table}"],
        ).fetchone()[0]
        if key_column(table) not in (key or []):
            wrong.append((table, key))
    assert wrong == []


def test_no_view_looks_past_the_rows_rights(catalogue):
    found = catalogue.execute(
        """
        select relname from pg_class
        where relnamespace in ('public'::regnamespace, 'app'::regnamespace) and relkind in ('v', 'm')
          and not coalesce('security_invoker=true' = any (reloptions), false)
        """
    )
    assert found.fetchall() == []


def test_a_function_is_nobodys_until_it_is_granted(catalogue):
    found = catalogue.execute(
        """
        select oid::regprocedure::text from pg_proc
        where pronamespace in ('public'::regnamespace, 'app'::regnamespace)
          and (proacl is null or exists (select from aclexplode(proacl) where grantee = 0))
        """
    )
    assert found.fetchall() == []


def test_a_privileged_function_finds_nothing_by_search_path(catalogue):
    found = catalogue.execute(
        """
        select oid::regprocedure::text, proconfig from pg_proc
        where prosecdef and pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
          and not coalesce(proconfig @> array['search_path=""'], false)
        """
    )
    assert found.fetchall() == []


def test_a_privileged_function_belongs_to_the_owner_of_the_tables(catalogue):
    found = catalogue.execute(
        """
        select oid::regprocedure::text, proowner::regrole::text from pg_proc
        where prosecdef and pronamespace in ('public'::regnamespace, 'app'::regnamespace)
          and proowner <> 'packshot_owner'::regrole
        """
    )
    assert found.fetchall() == []


def test_the_logins_are_nothing_more_than_they_say(catalogue):
    found = catalogue.execute(
        """
        select rolname::text, rolinherit, rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication
        from pg_roles where rolname = any (%s)
        """,
        [["packshot_owner", *LOGINS[:3]]],
    ).fetchall()
    assert sorted(found) == [(role, False, False) for role in sorted(["packshot_owner", *LOGINS[:3]])]
    memberships = catalogue.execute(
        """
        select member::regrole::text, roleid::regrole::text, inherit_option, admin_option from pg_auth_members
        where member::regrole::text like 'packshot%' order by 1
        """
    ).fetchall()
    assert memberships == [
        ("packshot_web", "packshot_member", False, False),
        ("packshot_worker", "packshot_member", False, False),
    ]


@pytest.mark.parametrize("role", LOGINS)
def test_nobody_but_the_owner_makes_anything(catalogue, role):
    for schema in ("public", "app", "pgq"):
        assert not catalogue.execute(
            "select has_schema_privilege(%s, %s, 'CREATE')", [role, schema]
        ).fetchone()[0]
    for kind in ("CREATE", "TEMPORARY"):
        found = catalogue.execute("select has_database_privilege(%s, current_database(), %s)", [role, kind])
        assert not found.fetchone()[0]
