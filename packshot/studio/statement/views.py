"""The credits page: what there is, what was used on what, how long it lasts; and its CSV."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from packshot.errors import Invalid
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.foundation.organizations.queries import organizations_of
from packshot.studio.credits import notices
from packshot.studio.credits import queries as wallets
from packshot.studio.credits.queries import Balance
from packshot.studio.statement import charts, forecast, pages, queries
from packshot.studio.statement.export import csv_of

RANGES = (7, 30, 90)
_CHOICES_DAYS = 365
"""Boards that had no work for a year are not offered in the filter."""


@require_GET
@signed_in
def page(request: MemberRequest) -> HttpResponse:
    actor, today = request.actor, timezone.now().astimezone(UTC).date()
    left = queries.catch_up(actor)
    span = _range(request.GET.get("days", "30"))
    found = queries.usage(actor, today - timedelta(days=span - 1), today)
    wanted = pages.filter_of(request.GET)
    lines = queries.lines(actor, wanted, _before(request.GET.get("before")), queries.PAGE + 1)
    year = queries.usage(actor, today - timedelta(days=_CHOICES_DAYS), today)
    board_ids = {UUID(share.key) for share in (*found.boards, *year.boards) if share.key != pages.NOBODY}
    known = pages.names(actor, board_ids | {line.board_id for line in lines if line.board_id is not None})
    balance = wallets.balance(actor)
    context: dict[str, Any] = {
        "role": next(
            each.role
            for each in organizations_of(actor.user_id)
            if each.organization_id == actor.organization_id
        ),
        "balance": balance,
        "lots": [(pages.lot_word(lot.source), lot) for lot in balance.lots],
        "watch": notices.watch(actor),
        "spendable": wallets.spendable(actor),
        "left": left,
        "ranges": RANGES,
        "span": span,
        "usage": found,
        "chart": charts.days(found.days),
        "shares": pages.shares(found, known),
        "forecast": _forecast(request, balance, today),
        "entries": pages.entries(actor, lines[: queries.PAGE], known),
        "filter": wanted,
        "group": request.GET.get("kind", ""),
        "groups": pages.group_words(),
        "members": known.members,
        "boards": {key: known.board(key) for key in known.boards},
        "models": {share.key: known.model(share.key) for share in year.models if share.key},
        "filtered": bool(_kept(request)),
        "query": urlencode(_kept(request)),
        "earlier": urlencode({**_kept(request), "before": lines[queries.PAGE - 1].seq})
        if len(lines) > queries.PAGE
        else None,
        "continued": "before" in request.GET,
    }
    return render(request, "statement/page.html", context)


@require_GET
@signed_in
def export(request: MemberRequest) -> StreamingHttpResponse:
    """The filtered history as CSV, streamed."""
    wanted = pages.filter_of(request.GET)
    queries.catch_up(request.actor)
    name = _("credits-%(day)s.csv") % {"day": timezone.now().astimezone(UTC).date().isoformat()}
    headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
    return StreamingHttpResponse(
        csv_of(request.actor, wanted), content_type="text/csv; charset=utf-8", headers=headers
    )


def _forecast(request: MemberRequest, balance: Balance, today: date) -> dict[str, Any] | None:
    daily = queries.pace(request.actor, today, forecast.SEEN_DAYS)
    now = datetime.now(UTC)
    days_left = max(0.0, (balance.next_reset_at - now).total_seconds() / 86400)
    found = forecast.forecast(daily, days_left, balance.available + balance.held)
    if found is None:
        return None
    runs_out = None
    if found.lasts_days is not None and found.lasts_days < days_left:
        runs_out = now + timedelta(days=found.lasts_days)
    return {"found": found, "ends": balance.next_reset_at, "runs_out": runs_out}


def _range(words: str) -> int:
    if words not in {str(days) for days in RANGES}:
        raise Invalid(_("There is no such range of days."))
    return int(words)


def _before(words: str | None) -> int | None:
    if words is None:
        return None
    if not words.isdecimal() or len(words) > 18:
        raise Invalid(_("There is no such page."))
    return int(words)


def _kept(request: MemberRequest) -> dict[str, str]:
    """The filter as it stands in the address."""
    names = ("kind", "member", "board", "model", "since", "until")
    return {name: request.GET[name] for name in names if request.GET.get(name)}
