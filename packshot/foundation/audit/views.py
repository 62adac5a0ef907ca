"""The audit log as a page and as a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from packshot.foundation.accounts.clients import describe
from packshot.foundation.audit import queries
from packshot.foundation.audit.queries import FIELDS, EventView, Filter
from packshot.foundation.audit.sentences import groups, said
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.foundation.organizations.pages import run_by


@dataclass(frozen=True, slots=True)
class Line:
    """An event with its words."""

    event: EventView
    said: str
    browser: str


@never_cache
@require_GET
@signed_in
def log(request: MemberRequest) -> HttpResponse:
    """The log, a page at a time; filters stand in the address. Raises Forbidden for members."""
    workspace = run_by(request)
    wanted = _filter(request)
    events, after = queries.page(request.actor, wanted, _uuid(request.GET.get("before", "")))
    asked = {
        "who": wanted.who,
        "what": wanted.what,
        "since": wanted.since or "",
        "until": wanted.until or "",
    }
    context = {
        "workspace": workspace,
        "lines": [
            Line(each, said(each), describe(each.user_agent) if each.user_agent else "") for each in events
        ],
        "filter": wanted,
        "filtered": wanted != Filter(),
        "actors": queries.actors(request.actor),
        "groups": groups(),
        "query": urlencode(asked),
        "next": urlencode({**asked, "before": after}) if after else "",
        "first": "before" not in request.GET,
    }
    return render(request, "audit/log.html", context)


@never_cache
@require_GET
@signed_in
def export(request: MemberRequest) -> StreamingHttpResponse:
    """All that the filter finds, `as=csv` or `as=json`, made while it is sent. Raises Forbidden for members."""
    run_by(request)
    form = request.GET.get("as", "csv")
    if form not in ("csv", "json"):
        raise Http404
    events = queries.walk(request.actor, _filter(request))
    day = timezone.now().date().isoformat()
    return StreamingHttpResponse(
        _csv(events) if form == "csv" else _json(events),
        content_type="text/csv; charset=utf-8" if form == "csv" else "application/json",
        headers={"Content-Disposition": f'attachment; filename="audit-{day}.{form}"'},
    )


def _csv(events: Iterator[EventView]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(FIELDS)
    for event in events:
        yield writer.writerow([_cell(value) for value in _plain(event).values()])


def _json(events: Iterator[EventView]) -> Iterator[str]:
    lead = "[\n"
    for event in events:
        yield lead + json.dumps(_plain(event), ensure_ascii=False)
        lead = ",\n"
    yield "[]\n" if lead == "[\n" else "\n]\n"


def _plain(event: EventView) -> dict[str, Any]:
    return {
        **asdict(event),
        "id": str(event.id),
        "at": event.at.isoformat(),
        "actor_id": str(event.actor_id or ""),
    }


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: names and browsers are other people's words."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


class _Echo:
    """What csv writes to: it hands each line on."""

    def write(self, line: str) -> str:
        return line


def _filter(request: HttpRequest) -> Filter:
    """What of the address means something; the rest is left out."""
    asked = request.GET
    return Filter(
        who=asked.get("who", "").replace("\0", "")[:300],
        what=asked.get("what", "").replace("\0", "")[:60],
        since=_day(asked.get("since", "")),
        until=_day(asked.get("until", "")),
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # The first and the last day of the calendar have no neighbours.
    return found if date.min < found < date.max - timedelta(days=1) else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
