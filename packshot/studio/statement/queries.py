"""Every read of the statement. Each brings what it reads up to date with the log first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from packshot.db.sql import call, rows
from packshot.db.tenancy import Actor, acting_as
from packshot.studio.statement.contracts import Filter, Line, Share, Usage

PAGE = 50
_CHUNK = 1000
"""Lines of an export that are read at once."""


def catch_up(actor: Actor) -> int:
    """Read the log on, as far as a request may take; how many entries are left to the worker, most often 0."""
    with acting_as(actor):
        left: int = call("statement_catch_up_v1")
    return left


def lines(actor: Actor, wanted: Filter, before: int | None = None, limit: int = PAGE) -> list[Line]:
    """A page of the history, newest first; `before` continues below that `seq`. Raises Forbidden."""
    with acting_as(actor):
        return [Line(**row) for row in rows("statement_lines_v1", wanted.document(), before, limit)]


def every_line(actor: Actor, wanted: Filter) -> Iterator[Line]:
    """All of the history that the filter lets through, newest first, read page by page: no transaction stays open."""
    before: int | None = None
    while True:
        found = lines(actor, wanted, before, _CHUNK)
        yield from found
        if len(found) < _CHUNK:
            return
        before = found[-1].seq


def usage(actor: Actor, since: date, until: date) -> Usage:
    """What was used from `since` to `until`, both included: of everybody for owners and admins, else one's own."""
    with acting_as(actor):
        found = rows("statement_usage_v1", since, until)
    by_day = {row["day"]: row["spent"] for row in found if row["day"] is not None}
    span = (until - since).days + 1
    return Usage(
        since=since,
        until=until,
        total=sum(by_day.values()),
        days=tuple((day, by_day.get(day, 0)) for day in (since + timedelta(days=n) for n in range(span))),
        models=_shares(found, "model"),
        operations=_shares(found, "operation"),
        members=_shares(found, "member_id"),
        boards=_shares(found, "board_id"),
    )


def pace(actor: Actor, today: date, days: int) -> list[int]:
    """What the organization used on each of the last whole days, oldest first; fewer where its log is younger."""
    with acting_as(actor):
        first = call("statement_first_day_v1")
        if first is None:
            return []
        # The first day was not a whole one.
        since = max(today - timedelta(days=days), first + timedelta(days=1))
        by_day = {row["day"]: row["spent"] for row in rows("statement_pace_v1", since)}
    return [by_day.get(since + timedelta(days=n), 0) for n in range((today - since).days)]


def boards(actor: Actor, board_ids: Iterable[UUID]) -> dict[UUID, tuple[str, bool]]:
    """Those of these boards that the actor sees: their title, and whether it is the inbox."""
    with acting_as(actor):
        found = rows("statement_boards_v1", [str(board_id) for board_id in board_ids])
    return {row["id"]: (row["title"], row["inbox"]) for row in found}


def _shares(found: list[dict[str, Any]], name: str) -> tuple[Share, ...]:
    shares = [Share(str(row[name]), row["spent"]) for row in found if row[name] is not None]
    return tuple(sorted(shares, key=lambda share: (-share.spent, share.key)))
