"""Calling our SQL functions through Django's connection."""

from __future__ import annotations

import json
import re
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from packshot.db.errors import problems

_JSON = (114, 3802)  # json and jsonb: Django leaves both as text
_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")


def _adapt(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, (dict, list)) else value


def call(function: str, *args: Any) -> Any:
    """The one value that an SQL function of ours returns; dicts and lists travel as jsonb.

    Raises the `Problem` that the function's SQLSTATE stands for.
    """
    name = _qualified(function)
    marks = ", ".join(["%s"] * len(args))
    with problems(), connection.cursor() as cursor:
        cursor.execute(f"select {name}({marks})", [_adapt(a) for a in args])
        row = cursor.fetchone()
        kind = cursor.description[0].type_code if cursor.description else None
    assert row is not None
    return json.loads(row[0]) if kind in _JSON and row[0] is not None else row[0]


def rows(function: str, *args: Any) -> list[dict[str, Any]]:
    """The rows that a set-returning SQL function of ours gives, as dicts."""
    name = _qualified(function)
    marks = ", ".join(["%s"] * len(args))
    with problems(), connection.cursor() as cursor:
        statement = f"select * from {name}({marks})"  # noqa: S608  the name is checked, the rest are marks
        cursor.execute(statement, [_adapt(a) for a in args])
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _qualified(function: str) -> str:
    if not _NAME.fullmatch(function):
        raise ValueError(f"not a function's name: {function!r}")
    return function if "." in function else f"public.{function}"
