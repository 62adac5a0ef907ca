"""SQLSTATEs of our own and the problems they stand for: the one table of both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import DatabaseError

from packshot.errors import Conflict, Forbidden, Invalid, NotFound, Problem, UpgradeNeeded

PROBLEMS: dict[str, type[Problem]] = {
    "PX402": UpgradeNeeded,
    "PX404": NotFound,
    "PX403": Forbidden,
    "PX409": Conflict,
    "PX422": Invalid,
}


@contextmanager
def problems() -> Iterator[None]:
    """Turn our SQLSTATEs into problems, a JSON object in DETAIL into theirs; other database errors pass unchanged."""
    try:
        yield
    except DatabaseError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.Error) and (kind := PROBLEMS.get(cause.sqlstate or "")):
            detail = json.loads(cause.diag.message_detail or "{}")
            raise kind(cause.diag.message_primary or kind.code, **detail) from error
        if _unkept(cause):
            raise Invalid(
                "The text holds a character that cannot be kept. Nothing was changed: take it out."
            ) from error
        raise


def _unkept(cause: BaseException | None) -> bool:
    """Whether a text held NUL: psycopg finds it in a text, PostgreSQL in a document."""
    return isinstance(cause, psycopg.errors.UntranslatableCharacter) or (
        isinstance(cause, psycopg.DataError) and "NUL (0x00)" in str(cause)
    )
