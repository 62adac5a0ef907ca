"""The database of the tests: real PostgreSQL, one template, one clone a test process.

The clone is made before Django is set up, so the code under test connects exactly as it does in production:
as `packshot_web`, through the pool, with real commits. Tests share their process's database and keep apart as
tenants do, each with an organization of its own; a test that needs a database to itself asks for
`fresh_database`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from _pytest.nodes import coerce_node_id
from psycopg import sql

if TYPE_CHECKING:
    from django.core.mail import EmailMultiAlternatives

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".test-home"

os.environ.setdefault("PACKSHOT_HOME", str(HOME))
os.environ.setdefault("PACKSHOT_ROLE", "web")
os.environ["PACKSHOT_MOCK_PROVIDER"] = "true"
os.environ["DJANGO_SETTINGS_MODULE"] = "packshot.web.conf"
os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)


def _source_hash() -> str:
    """Of everything the schema is made from: another schema, another template."""
    found = hashlib.sha256()
    for path in sorted((ROOT / "packshot").rglob("*")):
        made_from = path.suffix in (".sql", ".toml") or (
            path.suffix == ".py" and path.parent.name == "migrations"
        )
        if made_from:
            found.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return found.hexdigest()[:12]


@contextmanager
def _administrator(url: str, database: str = "postgres") -> Iterator[psycopg.Connection]:
    from packshot.db.addresses import parameters

    with psycopg.connect(**parameters(url, database=database), autocommit=True) as connection:
        yield connection


def _named(url: str, database: str) -> str:
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{database}" + (f"?{query}" if query else "")


def _template(url: str) -> str:
    """The migrated template of this schema; made by whichever test process comes first."""
    name = f"packshot_template_{_source_hash()}"
    with _administrator(url) as connection:
        connection.execute("select pg_advisory_lock(8730002)")
        if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            return name
        draft = f"{name}_draft"
        for database in (draft, *_forgotten(connection)):
            connection.execute(sql.SQL("drop database if exists {} (force)").format(sql.Identifier(database)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(draft)))
        environment = {**os.environ, "DATABASE_URL": _named(url, draft)}
        script = "import django; django.setup(); from packshot.db import provision as p; "
        script += f"p.provision({_named(url, draft)!r}); p.migrate({_named(url, draft)!r})"
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"the schema could not be made:\n{done.stderr[-4000:]}")
        connection.execute(
            sql.SQL("alter database {} rename to {}").format(sql.Identifier(draft), sql.Identifier(name))
        )
    return name


def _forgotten(connection: psycopg.Connection) -> list[str]:
    """Clones that a killed test run left, and templates of schemas nobody has used for many schemas."""
    found = [row[0] for row in connection.execute("select datname from pg_database").fetchall()]
    dead = [
        name
        for name in found
        if name.startswith("packshot_test_") and not _lives(int(name.rsplit("_", 1)[1]))
    ]
    templates = connection.execute(
        "select datname from pg_database where datname ~ '^packshot_template_[0-9a-f]{12}$' order by oid desc offset 8"
    ).fetchall()
    return dead + [row[0] for row in templates]


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _clone(url: str, name: str) -> str:
    template = _template(url)
    with _administrator(url) as connection:
        connection.execute(sql.SQL("drop database if exists {} (force)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        # A database's own rights are not copied with it.
        connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
        for login in ("packshot_owner", "packshot_web", "packshot_worker", "packshot_staff"):
            connection.execute(
                sql.SQL("grant connect on database {} to {}").format(
                    sql.Identifier(name), sql.Identifier(login)
                )
            )
        connection.execute(
            sql.SQL("grant create, temporary on database {} to packshot_owner").format(sql.Identifier(name))
        )
    return _named(url, name)


def _drop(url: str, name: str) -> None:
    with _administrator(url) as connection:
        connection.execute(sql.SQL("drop database if exists {} (force)").format(sql.Identifier(name)))


class Server:
    """The server of the whole run and this process's database on it."""

    def __init__(self) -> None:
        from packshot.db.guard import Guard

        self.guard: Guard | None = None
        self.url = os.environ.get("PACKSHOT_TEST_DATABASE_URL", "")
        if not self.url:
            # Not flushed: nothing here outlives a power cut. Tests of crashes start servers of their own.
            self.guard = Guard.over(HOME, {"fsync": "off", "max_connections": "400"})
            self.url = self.guard.url
        self.name = f"packshot_test_{os.getpid()}"
        self.database_url = _clone(self.url, self.name)

    def close(self) -> None:
        from django.db import connections

        connections.close_all()
        _drop(self.url, self.name)
        if self.guard is not None:
            self.guard.close()


_server: Server | None = None


def pytest_xdist_auto_num_workers() -> int | None:
    """`-n auto`: three for two cores, for tests wait as long as they work: for pages, leases and killed processes."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # xdist obeys it
    return (os.cpu_count() or 1) * 3 // 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one `xdist_group` stay in one process: xdist 3.8 writes the group where pytest 9.2 does not look."""
    if getattr(config.option, "loadgroup", False):
        for item in items:
            groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
            if groups and not item.nodeid.endswith(f"@{'_'.join(groups)}"):
                item._id = coerce_node_id(f"{item.nodeid}@{'_'.join(groups)}")  # type: ignore[attr-defined]


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module is imported: models may be imported at the top of one."""
    global _server
    if config.option.collectonly or _is_controller(config):
        os.environ.setdefault("DATABASE_URL", "postgresql://nobody@/none")
    else:
        _server = Server()
        os.environ["DATABASE_URL"] = _server.database_url
    import django
    from django.test import override_settings

    from packshot import logs

    django.setup()
    # What is said goes to pytest, which shows it where a test fails: lines, not rich tracebacks, and no handler of
    # ours, whose stream would be closed with the first test.
    logs.configure()
    logging.getLogger().handlers.clear()
    # Half a second a password is right for people and wrong for tests.
    override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]).enable()


def _is_controller(config: pytest.Config) -> bool:
    """With -n the controlling process runs no test and needs no database."""
    return bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server is not None:
        _server.close()


@pytest.fixture(autouse=True)
def _logs_go_to_pytest() -> Iterator[None]:
    """A command that a test runs in this process sets the log up for a stream that ends with the test."""
    root = logging.getLogger()
    before = root.handlers[:]
    yield
    root.handlers[:] = before


@pytest.fixture(autouse=True)
def _language_ends_with_the_test() -> Iterator[None]:
    """Whoever asks a page in German leaves this thread speaking it, as a thread of a server may until its next page."""
    yield
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(scope="session")
def server() -> Server:
    assert _server is not None
    return _server


@pytest.fixture
def admin(server: Server) -> Iterator[psycopg.Connection]:
    """A superuser's connection to this process's database: to look behind the curtain, and to tamper."""
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def login(server: Server) -> Callable[[str], psycopg.Connection]:
    """Connect to this process's database as one of the logins, e.g. `login("packshot_worker")`."""
    from packshot.db.addresses import parameters

    opened: list[psycopg.Connection] = []

    def connect(role: str) -> psycopg.Connection:
        opened.append(psycopg.connect(**parameters(server.database_url, login=role), autocommit=True))
        return opened[-1]

    yield connect  # type: ignore[misc]  # a fixture gives what it yields
    for connection in opened:
        connection.close()


@dataclass(frozen=True)
class FreshDatabase:
    """A database of its own: `url` is the superuser's, `login_url(role)` a login's."""

    url: str

    def login_url(self, role: str) -> str:
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{role}@{rest.partition('@')[2]}"


@pytest.fixture
def fresh_database(server: Server) -> Iterator[FreshDatabase]:
    """A clone for one test, for what looks at a whole database or tampers with it."""
    name = f"packshot_test_fresh_{os.getpid()}"
    yield FreshDatabase(_clone(server.url, name))
    _drop(server.url, name)


@pytest.fixture
def own_database(
    fresh_database: FreshDatabase, server: Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FreshDatabase]:
    """As `fresh_database`, and all of this process works in it: for what counts over all organizations.

    Named first among a test's fixtures (or by `usefixtures`), it also moves `admin`, `login` and `tenant`.
    """
    from django.db import connections

    from packshot.db.addresses import parameters
    from packshot.settings import settings

    connections.close_all()
    connections["default"].close_pool()
    name = parameters(fresh_database.url)["dbname"]
    for login in connections:
        monkeypatch.setitem(connections[login].settings_dict, "NAME", name)
    monkeypatch.setattr(server, "database_url", fresh_database.url)
    monkeypatch.setattr(settings(), "database_url", fresh_database.url)
    monkeypatch.setenv("DATABASE_URL", fresh_database.url)
    yield fresh_database
    connections.close_all()
    connections["default"].close_pool()


@pytest.fixture
def as_worker(own_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """In a database of one's own: from the call on this process's connections are a worker's."""
    from django.db import connections

    def turn() -> None:
        connections.close_all()
        connections["default"].close_pool()
        monkeypatch.setitem(connections["default"].settings_dict, "USER", "packshot_worker")

    yield turn
    connections.close_all()
    connections["default"].close_pool()


@pytest.fixture
def outbox() -> Iterator[list[EmailMultiAlternatives]]:
    """The mails that were sent, instead of sending them."""
    from django.core import mail
    from django.test import override_settings

    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        mail.outbox = []
        yield mail.outbox


@dataclass(frozen=True)
class Tenant:
    """A person with a personal organization, made as the sign-up makes it."""

    user_id: UUID
    organization_id: UUID
    email: str

    @property
    def actor(self):  # type: ignore[no-untyped-def]
        from packshot.db.tenancy import Actor

        return Actor(user_id=self.user_id, organization_id=self.organization_id)


@pytest.fixture
def new_tenant() -> Callable[[], Tenant]:
    """Make tenants: each call gives another person with another organization, wallet and allowance."""
    from django.db import transaction
    from uuid_utils.compat import uuid7

    from packshot.foundation.accounts.models import User
    from packshot.foundation.organizations.commands import open_personal

    def make(password: str = "a long enough password") -> Tenant:
        email = f"person-{uuid7()}@example.com"
        with transaction.atomic():
            user = User.objects.create_user(email, password, name="A Person")
            organization_id = open_personal(user.id, "A Person's studio")
        return Tenant(user.id, organization_id, email)

    return make


@pytest.fixture
def tenant(new_tenant: Callable[[], Tenant]) -> Tenant:
    return new_tenant()
