"""The history as CSV, made while it is sent."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from packshot.db.tenancy import Actor
from packshot.studio.credits.money import MICRO
from packshot.studio.statement import pages, queries
from packshot.studio.statement.contracts import Filter, Line

_COLUMNS = (
    "entry", "time", "kind", "credits", "available_after", "held_after", "owed_after", "member", "board", "model",
    "operation", "asked", "reason", "batch_id", "picture_id",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TOGETHER = 200
"""Lines that travel in one piece."""


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_of(actor: Actor, wanted: Filter) -> Iterator[str]:
    """The lines of the history, newest first, with a header; times are UTC's, amounts credits with a point."""
    writer = csv.writer(_Echo())
    known = pages.names(actor, [])
    yield "\ufeff" + writer.writerow(_COLUMNS)
    rows: list[str] = []
    for line in queries.every_line(actor, wanted):
        rows.append(writer.writerow(_row(line, known)))
        if len(rows) == _TOGETHER:
            yield "".join(rows)
            rows.clear()
    yield "".join(rows)


def _row(line: Line, known: pages.Names) -> list[str]:
    return [
        str(line.seq),
        pages.moment(line.at),
        line.kind,
        *(
            _credits(amount)
            for amount in (line.amount, line.available_after, line.held_after, line.debt_after)
        ),
        _words(known.member(line.member_id) if line.member_id is not None else ""),
        _words(_("Inbox") if line.inbox else line.board_title or ""),
        line.model or "",
        line.operation or "",
        _words(line.asked or ""),
        _words(str((line.note or {}).get("reason", ""))),
        str(line.batch_id or ""),
        str(line.asset_id or ""),
    ]


def _credits(amount: int) -> str:
    return f"{Decimal(amount) / MICRO:f}"


def _words(text: str) -> str:
    """What people wrote is text to a spreadsheet, and never a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
