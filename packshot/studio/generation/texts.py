"""What a model has written: whether it may be kept. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LARGEST = 20_000
"""Bytes of one text; the database keeps no more either."""


class Unreadable(ValueError):
    """The text is not what was asked for; the sentence is for the log."""


def kept(text: str | None, schema: Mapping[str, Any] | None) -> str:
    """The text as it is stored. With a schema it must be a JSON object with all that the schema requires: an answer
    that nobody can read is not paid for. Raises Unreadable."""
    if text is None or not text.strip():
        raise Unreadable("there is no text")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Unreadable("the text holds signs that are none") from error
    if size > LARGEST:
        raise Unreadable(f"a text of {size} bytes")
    if "\x00" in text:
        raise Unreadable("the text holds a sign that cannot be stored")
    if schema is not None:
        _conforms(text, schema)
    return text


def _conforms(text: str, schema: Mapping[str, Any]) -> None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the text is not JSON") from error
    if not isinstance(found, dict):
        raise Unreadable("the text is not a JSON object")
    missing = [name for name in schema.get("required", ()) if name not in found]
    if missing:
        raise Unreadable(f"the text lacks {', '.join(missing)}")
