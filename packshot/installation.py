"""What every command needs before it works: the home, the database, the schema, Django."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packshot.db.guard import Guard
from packshot.settings import Role, settings


def configure(*, home: Path | None = None, role: Role | None = None, **values: object) -> None:
    """Put a command's options into the environment, where this process and its children read settings."""
    options = {"home": home, "role": role, **values}
    for name, value in options.items():
        if value is not None:
            os.environ[f"PACKSHOT_{name.upper()}"] = str(value)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "packshot.web.conf")
    settings.cache_clear()


@contextmanager
def database() -> Iterator[Guard]:
    """The database named by `DATABASE_URL`, or the embedded one for as long as the block lasts.

    Gives the guard, which ends what it is told to watch when this process is gone. Raises ServerError.
    """
    embedded = settings().database_url is None
    guard = Guard.over(settings().home) if embedded else Guard.without_server()
    if embedded:
        os.environ["DATABASE_URL"] = guard.url
        settings.cache_clear()
    try:
        yield guard
    finally:
        if embedded:
            del os.environ["DATABASE_URL"]
            settings.cache_clear()
        guard.close()


def database_url() -> str:
    """The administrator's URL; only inside `database`."""
    url = settings().database_url
    assert url is not None
    return url


def set_up_django() -> None:
    """Django with its apps, logging included; the database need not answer yet."""
    import django

    from packshot import logs

    logs.configure()
    django.setup()


def prepare_schema() -> None:
    """Roles, schemas and migrations, up to date. Cheap when nothing is to be done."""
    from packshot.db import provision

    url = database_url()
    if provision.up_to_date(url):
        return
    provision.provision(url)
    set_up_django()
    provision.migrate(url)
