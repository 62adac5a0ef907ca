"""What the database's tables are to people and organizations; the rest are tenants' tables.

A new table is a tenant's unless it is put here, and a tenant's table must meet `tests/foundation/test_rights.py`
and `tests/test_tenancy_matrix.py`.
"""

from __future__ import annotations

import psycopg

# Who a person is: the web login's alone, no organization's.
IDENTITY = {
    "account_emailaddress",
    "account_emailconfirmation",
    "accounts_user",
    "django_session",
    "mfa_authenticator",
    "usersessions_usersession",
}

# Neither a person's nor an organization's: which login may do what, everything else being refused.
INFRASTRUCTURE: dict[str, dict[str, set[str]]] = {
    "apikeys_bucket": {},  # how much keys and addresses have asked lately; a function's
    "assets_round": {},  # when a day's round was begun last, by whichever worker; a function's
    "auth_group": {},
    "auth_group_permissions": {},
    "auth_permission": {},
    "billing_message": {},  # what payment providers sent, before it is known whose it is; worked off by functions
    "billing_plan": {},  # what is sold, read through functions
    "billing_price": {"packshot_member": {"SELECT"}},  # what was ever sold, and what it brings
    "billing_round": {},  # when all was last compared with the payment provider; a function's
    "django_content_type": {},
    "django_migrations": {},
    "generation_callback": {},  # what providers sent, before it is known whose it is; worked off by functions
    "generation_modelsetting": {},  # the operator's, read through a function
    "generation_provider": {},  # the providers' breakers, moved by the workers' functions
    "web_cache": {"packshot_web": {"SELECT", "INSERT", "UPDATE", "DELETE"}},
}

# What of a tenant's only owners and admins change: who is here, what is paid for, and what others may spend.
RIGHTS_AND_MONEY = {
    "apikeys_key",
    "audit_event",
    "billing_customer",
    "billing_fact",
    "billing_order",
    "billing_record",
    "credits_membercap",
    "credits_topuprule",
    "credits_topuptry",
    "credits_watch",
    "generation_limit",
    "organizations_invitation",
    "organizations_membership",
    "organizations_organization",
    "organizations_takeout",
    "webhooks_endpoint",
}

# The tenant itself: its own id is its organization's.
ORGANIZATION = "organizations_organization"


def all_tables(connection: psycopg.Connection) -> list[str]:
    found = connection.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
        " order by 1"
    )
    return [row[0] for row in found]


def tenant_tables_of(connection: psycopg.Connection) -> list[str]:
    return [name for name in all_tables(connection) if name not in IDENTITY and name not in INFRASTRUCTURE]


def key_column(table: str) -> str:
    """The column of a tenant's table that says whose row it is."""
    return "id" if table == ORGANIZATION else "organization_id"
