"""SQLSTATEs of our own and the problems they stand for: the one table of both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import DatabaseError

from packshot.errors import Conflict, Forbidden, Invalid, NotFound, Problem

PROBLEMS: dict[str, type[Problem]] = {
    "PX404": NotFound,
    "PX403": Forbidden,
    "PX409": Conflict,
    "PX422": Invalid,
}


@contextmanager
def problems() -> Iterator[None]:
    """Turn our SQLSTATEs into problems; every other database error passes unchanged."""
    try:
        yield
    except DatabaseError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.Error) and (kind := PROBLEMS.get(cause.sqlstate or "")):
            raise kind(cause.diag.message_primary or kind.code) from error
        raise
