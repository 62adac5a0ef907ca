"""The database of a simulation: one clock that the seed moves, ids in their order, empty at each seed's start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from packshot.db.tenancy import Actor

EPOCH = datetime(2027, 1, 31, 10, tzinfo=UTC)
"""A month's last day: renewals are clamped, and the 31st comes back."""

_RULES = f"""
create sequence if not exists app.simulated;
grant usage on sequence app.simulated to packshot_owner;
create or replace function app.uuid7() returns uuid
language sql volatile security definer set search_path = ''
as $$ select ('00000000-0000-7000-8000-' || lpad(to_hex(nextval('app.simulated')), 12, '0'))::uuid $$;
create or replace function app.now() returns timestamptz
language sql volatile security definer set search_path = ''
as $$ select timestamptz '{EPOCH.isoformat()}' + coalesce((select c.ahead from app.clock as c), interval '0') $$;
create or replace function app.ahead() returns interval
language sql volatile security definer set search_path = ''
as $$ select app.now() - statement_timestamp() $$;
"""
_TABLES = """
select string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_tables
where schemaname = 'public' and (tablename ~ '^(credits|organizations|accounts_user|boards|audit)'
    or tablename ~ '^billing_' and tablename not in ('billing_plan', 'billing_price'))
"""


class World:
    """`admin` is a superuser's autocommitting connection to the database that the process works in."""

    def __init__(self, admin: psycopg.Connection) -> None:
        self.admin = admin
        self._now = EPOCH
        admin.execute(_RULES)

    def begin(self) -> None:
        """Nobody is here and nothing has happened."""
        row = self.admin.execute(_TABLES).fetchone()
        assert row is not None
        with self.admin.transaction():
            self.admin.execute("set local session_replication_role = replica")
            self.admin.execute(f"truncate {row[0]} restart identity cascade")
            self.admin.execute("delete from app.clock")
            self.admin.execute("insert into app.clock (ahead) values ('0')")
            self.admin.execute("alter sequence app.simulated restart")
        self._now = EPOCH

    def now(self) -> datetime:
        """As app.now() says; only `forward` moves it, so nobody has to be asked."""
        return self._now

    def forward(self, by: timedelta) -> None:
        self.admin.execute("update app.clock set ahead = ahead + %s", [by])
        self._now += by

    def open(self, number: int) -> Actor:
        """A person with an organization, made as the sign-up makes them."""
        from django.db import connection, transaction

        from packshot.foundation.accounts.models import User
        from packshot.foundation.organizations.commands import open_personal

        user_id = UUID(int=0xABC << 64 | number)
        with transaction.atomic():
            User.objects.create_user(f"person-{number}@example.com", None, id=user_id, name="A Person")
            found = open_personal(user_id, f"Studio {number}")
        connection.close()
        return Actor(user_id, found)

    def pages(self, organization: UUID) -> set[str]:
        """Checkouts whose address we have, and so can have told."""
        found = self.admin.execute(
            "select ref from billing_order where organization_id = %s and url is not null", [organization]
        ).fetchall()
        return {row[0] for row in found}

    def due(self) -> list[int]:
        """Messages that wait, whenever they are to be tried."""
        found = self.admin.execute(
            "select id from billing_message where state = 'waiting' order by id"
        ).fetchall()
        return [row[0] for row in found]

    def next(self, message: int | None) -> None:
        """Time passes in the inbox: this message is the next that is tried; None: all of them are due."""
        self.admin.execute(
            "update billing_message set due_at = case when %s::bigint is null or id = %s then"
            " timestamptz 'epoch' + id * interval '1 second' else 'infinity' end where state = 'waiting'",
            [message, message],
        )
