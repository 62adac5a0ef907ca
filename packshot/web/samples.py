"""`/_components`, while developing: every component of the studio as its real template draws it, in light and dark.

To show one more: add a `Sample` with its template and what that template is given.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.settings import settings
from packshot.studio.generation.contracts import BatchState, BatchView, JobState, TileView
from packshot.studio.generation.pages import present
from packshot.web.balance import BalanceLines, EntryLine, LotLine
from packshot.web.palette import Found
from packshot.web.views import Work

MICRO = 1_000_000
DAY = datetime(2026, 1, 1, tzinfo=UTC)

_TILE = TileView(
    job_id=UUID(int=1),
    index=0,
    state=JobState.QUEUED,
    progress=0,
    place=2,
    estimate=(8, 20),
    error_code=None,
    error_message=None,
    charged=0,
    returned=0,
    asset_id=None,
    retryable=False,
)
_TILES = (
    _TILE,
    replace(_TILE, index=1, state=JobState.RUNNING, progress=37, place=None, estimate=(4, 9)),
    replace(
        _TILE,
        index=2,
        state=JobState.FAILED,
        place=None,
        estimate=None,
        error_message="It took too long and was given up.",
        returned=2 * MICRO,
        retryable=True,
    ),
    replace(_TILE, index=3, state=JobState.CANCELLED, place=None, estimate=None, returned=2 * MICRO),
    replace(_TILE, index=4, state=JobState.SUCCEEDED, place=None, estimate=None, asset_id=UUID(int=9)),
)
_BATCH = BatchView(
    id=UUID(int=2),
    board_id=None,
    operation="generate",
    model="local-scene",
    model_title="Studio scene",
    prompt="On white marble, soft window light from the left",
    ratio="4:5",
    size=1024,
    seed=7,
    references=(),
    state=BatchState.RUNNING,
    created_at=DAY,
    created_by=UUID(int=3),
    price=2 * MICRO,
    cost_quoted=10 * MICRO,
    cost_charged=2 * MICRO,
    cost_returned=4 * MICRO,
    tiles=_TILES,
    asked="On white marble, soft window light from the left",
    refers_to=None,
    negative="",
    styles=(),
    parameters={},
    waited_s=1.0,
    took_s=None,
)
_BALANCE = BalanceLines(
    available=498 * MICRO,
    held=8 * MICRO,
    debt=0,
    resets_at=DAY + timedelta(days=31),
    lots=(
        LotLine("Monthly allowance", 398 * MICRO, DAY + timedelta(days=31)),
        LotLine("Bought", 100 * MICRO, None),
    ),
)


@dataclass(frozen=True, slots=True)
class Sample:
    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)


@require_GET
@signed_in
def components(request: MemberRequest) -> HttpResponse:
    """Only where `debug` is set; elsewhere there is no such page."""
    if not settings().debug:
        raise Http404
    themes = [(theme, _samples(request, number)) for number, theme in enumerate(("light", "dark"), 1)]
    return render(request, "samples/page.html", {"themes": themes})


def _samples(request: MemberRequest, number: int) -> list[Sample]:
    """`number` keeps the ids of the two halves apart."""
    batch = replace(_BATCH, id=UUID(int=number), asked=f"{_BATCH.asked}, {number}")
    work = Work(UUID(int=number), "On white marble", "#", 1, 4)
    entry = EntryLine("Held for work", -8 * MICRO, 4, DAY)
    found = Found("Bottles", "#", None, None, "bottle.jpg")
    return [
        Sample("Buttons", "samples/buttons.html"),
        Sample("Fields", "samples/fields.html", {"number": number}),
        Sample("Notices and badges", "samples/notices.html"),
        Sample("Tabs and table", "samples/table.html", {"number": number}),
        Sample("Request and tiles", "generation/batch.html", {"card": present(request.actor, [batch])[0]}),
        Sample("Message", "components/toast.html", {"text": "Renamed to Bottles."}),
        Sample(
            "Message of trouble", "components/toast.html", {"text": "Not sent.", "sign": "triangle-alert"}
        ),
        Sample("Credits", "components/credits.html", {"balance": _BALANCE, "entries": [entry]}),
        Sample("Queue", "components/queue.html", {"works": [work], "waiting": 3}),
        Sample("Queue, empty", "components/queue.html", {"works": []}),
        Sample("Found in the palette", "samples/found.html", {"each": found, "sign": "layout-grid"}),
    ]
