"""Calling our SQL functions through Django's connection."""

from __future__ import annotations

import json
import re
from typing import Any

from django.db import connection
from psycopg import Column
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
        assert row is not None
        assert cursor.description is not None
        return _read(row[0], cursor.description[0])


def rows(function: str, *args: Any) -> list[dict[str, Any]]:
    """The rows that a set-returning SQL function of ours gives, as dicts; json is read."""
    name = _qualified(function)
    marks = ", ".join(["%s"] * len(args))
    with problems(), connection.cursor() as cursor:
        statement = f"select * from {name}({marks})"  # noqa: S608  the name is checked, the rest are marks
        cursor.execute(statement, [_adapt(a) for a in args])
        columns = cursor.description or ()
        return [
            {column.name: _read(value, column) for column, value in zip(columns, row, strict=True)}
            for row in cursor.fetchall()
        ]


def _read(value: Any, column: Column) -> Any:
    return json.loads(value) if column.type_code in _JSON and value is not None else value


def _qualified(function: str) -> str:
    if not _NAME.fullmatch(function):
        raise ValueError(f"not a function's name: {function!r}")
    return function if "." in function else f"public.{function}"
