"""What there is to spend, what moved, and what it was used for."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Annotated
from uuid import UUID

from django.utils import timezone
from ninja import Query, Router
from pydantic import Field

from packshot.api import paging
from packshot.api.errors import Fault, InvalidRequest
from packshot.api.guard import ApiRequest
from packshot.api.operations import ApiKey, Given, Micros, Time, View
from packshot.studio.credits import queries as wallets
from packshot.studio.statement import queries
from packshot.studio.statement.contracts import Filter, Share

router = Router(tags=["Credits"])

_MOST_DAYS = 366
_USUAL_DAYS = 30


class Lot(View):
    """Credits that came in together; they are spent in the order of the list."""

    id: UUID
    source: str
    granted_micros: Micros
    remaining_micros: Micros
    held_micros: Micros
    frozen_micros: Micros
    effective_at: Time
    expires_at: Time | None


class Credits(View):
    available_micros: Annotated[Micros, Field(description="What the workspace can spend.")]
    spendable_micros: Annotated[
        Micros, Field(description="Of it, what the monthly cap of the key's maker leaves.")
    ]
    held_micros: Annotated[Micros, Field(description="Set aside for work under way.")]
    debt_micros: Annotated[Micros, Field(description="What the next credits that come in pay first.")]
    allowance_micros: Annotated[Micros, Field(description="What each period includes.")]
    next_reset_at: Time
    lots: list[Lot]


class Entry(View):
    """A line of the log. `amount_micros` has the sign of a statement."""

    seq: int
    kind: str
    amount_micros: Micros
    available_after_micros: Micros
    held_after_micros: Micros
    at: Time
    user_id: UUID | None
    generation: UUID | None
    board: UUID | None
    model: str | None
    operation: str | None


class EntryList(paging.Page[Entry]):
    pass


class Span(Given):
    since: Annotated[date | None, Field(description="The first day, of UTC; 30 days ago.")] = None
    until: Annotated[date | None, Field(description="The last day; today.")] = None


class Used(View):
    key: str
    micros: Micros


class Day(View):
    day: date
    micros: Micros


class Usage(View):
    """What was charged less what came back: of everybody for owners and admins, else of the key's maker."""

    since: date
    until: date
    total_micros: Micros
    days: list[Day]
    models: list[Used]
    operations: list[Used]
    members: list[Used]
    boards: list[Used]


@router.get("/credits", response=Credits, auth=ApiKey("credits:read"), operation_id="get_credits")
def balance(request: ApiRequest) -> Credits:
    """The balance at this moment, and the lots it is made of."""
    actor = request.caller.actor
    found = wallets.balance(actor)
    return Credits(
        available_micros=found.available,
        spendable_micros=wallets.spendable(actor).amount,
        held_micros=found.held,
        debt_micros=found.debt,
        allowance_micros=found.allowance,
        next_reset_at=found.next_reset_at,
        lots=[
            Lot(
                id=lot.id,
                source=lot.source,
                granted_micros=lot.granted,
                remaining_micros=lot.remaining,
                held_micros=lot.held,
                frozen_micros=lot.frozen,
                effective_at=lot.effective_at,
                expires_at=lot.expires_at,
            )
            for lot in found.lots
        ],
    )


@router.get(
    "/credits/entries", response=EntryList, auth=ApiKey("credits:read"), operation_id="list_credit_entries"
)
def entries(request: ApiRequest, wanted: Query[paging.Paged]) -> EntryList:
    """The log, the latest first. Of others' work owners and admins see all, members nothing."""
    actor = request.caller.actor
    before = paging.number_in("entries", wanted.cursor)
    queries.catch_up(actor)
    found = queries.lines(actor, Filter(), before, wanted.limit + 1)
    rows, more, end = paging.cut(found, wanted.limit, lambda last: paging.cursor("entries", last.seq))
    data = [
        Entry(
            seq=line.seq,
            kind=line.kind,
            amount_micros=line.amount,
            available_after_micros=line.available_after,
            held_after_micros=line.held_after,
            at=line.at,
            user_id=line.member_id,
            generation=None if line.hidden else line.batch_id,
            board=line.board_id,
            model=line.model,
            operation=line.operation,
        )
        for line in rows
    ]
    return EntryList(data=data, has_more=more, next_cursor=end)


@router.get("/usage", response=Usage, auth=ApiKey("credits:read"), operation_id="get_usage")
def usage(request: ApiRequest, wanted: Query[Span]) -> Usage:
    """What was used from day to day, and on what. At most a year."""
    actor = request.caller.actor
    until = wanted.until or timezone.now().astimezone(UTC).date()
    since = wanted.since or until - timedelta(days=min(_USUAL_DAYS - 1, until.toordinal() - 1))
    if not 0 <= (until - since).days < _MOST_DAYS:
        raise InvalidRequest(
            Fault("From the first day to the last there is at most a year.", parameter="since")
        )
    queries.catch_up(actor)
    found = queries.usage(actor, since, until)
    return Usage(
        since=found.since,
        until=found.until,
        total_micros=found.total,
        days=[Day(day=day, micros=spent) for day, spent in found.days],
        models=_used(found.models),
        operations=_used(found.operations),
        members=_used(found.members),
        boards=_used(found.boards),
    )


def _used(shares: tuple[Share, ...]) -> list[Used]:
    return [Used(key=share.key, micros=share.spent) for share in shares]
