"""Lists by cursor: a place behind which the list goes on, so that what comes meanwhile moves nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import Field

from packshot.api.errors import BadRequest, Fault
from packshot.api.operations import Given, View

MOST = 100
_LONGEST = 400

Item = TypeVar("Item")
Row = TypeVar("Row")


class Paged(Given):
    """What every list takes."""

    limit: Annotated[int, Field(ge=1, le=MOST, description="How many at most.")] = 20
    cursor: Annotated[
        str | None,
        Field(max_length=_LONGEST, description="`next_cursor` of the page before; none begins anew."),
    ] = None


class Page(View, Generic[Item]):
    """A page of a list, and whether it goes on."""

    data: list[Item]
    has_more: bool
    next_cursor: str | None


def cursor(kind: str, *place: object) -> str:
    """A place in a list, opaque to whoever carries it."""
    return base64.urlsafe_b64encode(json.dumps([kind, *map(str, place)]).encode()).decode().rstrip("=")


def place(kind: str, text: str | None, length: int = 1) -> list[str] | None:
    """The place that a cursor of this kind of list names; None for the beginning. Raises BadRequest."""
    if text is None:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        found = None
    if (
        not isinstance(found, list)
        or len(found) != length + 1
        or found[0] != kind
        or not all(isinstance(each, str) for each in found)
    ):
        raise wrong()
    return found[1:]


def id_in(kind: str, text: str | None) -> UUID | None:
    """The id that a cursor names. Raises BadRequest."""
    found = place(kind, text)
    try:
        return None if found is None else UUID(found[0])
    except ValueError:
        raise wrong() from None


def number_in(kind: str, text: str | None) -> int | None:
    """The number that a cursor names. Raises BadRequest."""
    found = place(kind, text)
    if found is None:
        return None
    if not found[0].isdecimal() or len(found[0]) > 18:
        raise wrong()
    return int(found[0])


def cut(rows: Sequence[Row], limit: int, end: Callable[[Row], str]) -> tuple[Sequence[Row], bool, str | None]:
    """Of one row more than asked for: the page, whether there is more, and where that begins."""
    shown = rows[:limit]
    more = len(rows) > limit
    return shown, more, end(shown[-1]) if more else None


def wrong() -> BadRequest:
    """The problem of a cursor that is none."""
    said = "This cursor is not one of this list."
    return BadRequest(said, Fault(said, parameter="cursor"), code="invalid_cursor")
