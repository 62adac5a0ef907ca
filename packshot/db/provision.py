"""Making a database ready: roles, schemas, migrations. Safe to run at every start, by several at once."""

from __future__ import annotations

import hashlib
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import psycopg
from psycopg import sql

import packshot
from packshot.db.addresses import LOGINS, parameters, password_of

# Any number; the same for all who provision, so that they do it one after the other.
_LOCK = 8_730_001


def provision(url: str) -> None:
    """Create the roles and schemas that are missing in the database at `url`, an administrator's address.

    Raises psycopg.Error where the server cannot be reached or the administrator may not create roles.
    """
    with psycopg.connect(**parameters(url), autocommit=True) as connection:
        connection.execute("select pg_catalog.pg_advisory_lock(%s)", [_LOCK])
        version = connection.info.server_version
        if version < 160000:
            raise RuntimeError(f"PostgreSQL 16 or newer is needed; this server is {version // 10000}.")
        connection.execute(_script("roles.sql"))
        for login in LOGINS:
            connection.execute(
                sql.SQL("alter role {} password {}").format(
                    sql.Identifier(login), sql.Literal(password_of(login))
                )
            )
        name = connection.info.dbname
        connection.execute(
            sql.SQL("grant connect, temporary, create on database {} to packshot_owner").format(
                sql.Identifier(name)
            )
        )
        for login in LOGINS[1:]:
            connection.execute(
                sql.SQL("grant connect on database {} to {}").format(
                    sql.Identifier(name), sql.Identifier(login)
                )
            )
        connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
        connection.execute(_script("database.sql"))


def migrate(url: str) -> None:
    """Bring the schema up to date as its owner, and note with what. Django must be set up."""
    from django.core.management import call_command

    call_command("migrate", database="owner", interactive=False, verbosity=0)
    with psycopg.connect(**parameters(url), autocommit=True) as connection:
        connection.execute(sql.SQL("comment on schema app is {}").format(sql.Literal(_stamp())))


def up_to_date(url: str) -> bool:
    """Whether this very schema was provisioned with this very key: then a start has nothing to do here."""
    with psycopg.connect(**parameters(url), autocommit=True) as connection:
        row = connection.execute(
            "select pg_catalog.obj_description(pg_catalog.to_regnamespace('app'), 'pg_namespace')"
        ).fetchone()
    return row is not None and row[0] == _stamp()


def _stamp() -> str:
    """Of everything the schema is made from: our SQL and migrations, the libraries with tables, the passwords."""
    found = hashlib.sha256(password_of("packshot_owner").encode())
    for library in ("django", "django-allauth"):
        found.update(metadata.version(library).encode())
    root = Path(packshot.__file__).parent
    for path in sorted(root.rglob("*")):
        if path.suffix == ".sql" or (path.suffix == ".py" and path.parent.name == "migrations"):
            found.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def _script(name: str) -> bytes:
    return files("packshot.db").joinpath(name).read_bytes()
