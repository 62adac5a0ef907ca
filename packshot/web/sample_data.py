"""What `/_components` shows: things of every kind as the pages are given them, none of them in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.templatetags.static import static

from packshot.db.tenancy import Actor
from packshot.foundation.organizations.queries import Person
from packshot.studio.assets.contracts import ChangeView, ExportView
from packshot.studio.assets.queries import AssetView
from packshot.studio.boards.contracts import BoardView, Card, Seat
from packshot.studio.boards.menu import Offer
from packshot.studio.generation.contracts import BatchState, BatchView, JobState, TileView
from packshot.studio.generation.pages import BatchCard, present
from packshot.web.balance import BalanceLines, EntryLine, LotLine
from packshot.web.palette import Found
from packshot.web.views import Work

MICRO = 1_000_000
DAY = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = "On white marble, soft window light from the left"

PERSON = Person(UUID(int=3), "Mara Lind", "mara@example.com", "owner")
COLLEAGUE = Person(UUID(int=4), "", "tom.okafor@example.com", "member")
SEATS = [Seat(PERSON, "owner"), Seat(COLLEAGUE, "editor")]

BALANCE = BalanceLines(
    available=498 * MICRO,
    held=8 * MICRO,
    debt=0,
    resets_at=DAY + timedelta(days=31),
    lots=(
        LotLine("Monthly allowance", 398 * MICRO, DAY + timedelta(days=31)),
        LotLine("Bought", 100 * MICRO, None),
    ),
    low=False,
)
ENTRY = EntryLine("Held for work", -8 * MICRO, 4, DAY)
WORK = Work(UUID(int=1), "On white marble", "#", 1, 4)
FOUND = Found("Bottles", "#", None, None, "bottle.jpg")


def picture(number: int = 9, sample: str = "bottle") -> AssetView:
    """A photo that is in the package, as a picture of somebody's."""
    address = static(f"samples/{sample}.jpg")
    return AssetView(
        id=UUID(int=number),
        state="ready",
        reject_reason=None,
        name=f"{sample}.jpg",
        media_type="image/jpeg",
        bytes=240_000,
        width=1024,
        height=1024,
        url=address,
        thumb_256=address,
        thumb_512=address,
        placeholder=None,
        source_type="compositeSynthetic",
        confidence=None,
        note=None,
        prompt=ASKED,
        seed=7,
        operation="generate",
        parent_id=None,
        job_id=UUID(int=1),
        board_id=None,
        created_at=DAY,
        created_by=PERSON.user_id,
        kind="picture",
        model="local-scene",
        title="",
        alt="",
        tags=(),
        product="",
        favourite=False,
        pinned_at=None,
        review=None,
        review_by=None,
        review_at=None,
        colours=(),
        duration_s=None,
        deleted_at=None,
    )


def cells() -> list[AssetView]:
    """A picture in each state that a gallery knows."""
    plain = picture(10)
    pending = replace(picture(15), state="new", thumb_256=None, thumb_512=None, width=None, height=None)
    return [
        plain,
        replace(picture(11, "jar"), favourite=True, review="approved", pinned_at=DAY),
        replace(picture(12), review="rejected"),
        replace(picture(13, "jar"), kind="video", media_type="video/mp4", duration_s=5),
        replace(picture(14), operation="remove_background"),
        pending,
        replace(pending, id=UUID(int=16), state="rejected", reject_reason="The file is empty."),
    ]


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
_FAILED = replace(
    _TILE,
    state=JobState.FAILED,
    place=None,
    estimate=None,
    error_code="timeout",
    error_message="It took too long and was given up.",
    returned=2 * MICRO,
    retryable=True,
)
_DONE = replace(_TILE, state=JobState.SUCCEEDED, place=None, estimate=None, charged=2 * MICRO)
_TILES = (
    _TILE,
    replace(_TILE, state=JobState.RUNNING, progress=37, place=None, estimate=(4, 9)),
    _FAILED,
    replace(_TILE, state=JobState.CANCELLED, place=None, estimate=None, returned=2 * MICRO),
    _DONE,
)
_BATCH = BatchView(
    id=UUID(int=2),
    board_id=None,
    operation="generate",
    model="local-scene",
    model_title="Studio scene",
    prompt=ASKED,
    ratio="1:1",
    size=1024,
    seed=7,
    references=(),
    state=BatchState.RUNNING,
    created_at=DAY,
    created_by=PERSON.user_id,
    price=2 * MICRO,
    price_now=2 * MICRO,
    cost_quoted=10 * MICRO,
    cost_charged=2 * MICRO,
    cost_returned=4 * MICRO,
    tiles=_TILES,
    asked=ASKED,
    refers_to=None,
    negative="",
    styles=(),
    parameters={},
    waited_s=1.0,
    took_s=None,
)


def request(actor: Actor) -> BatchCard:
    """A request under way, a tile of each face."""
    return _shown(actor, _BATCH)


def conversation(actor: Actor) -> list[BatchCard]:
    """A request of which half failed, and what was said about a picture of it."""
    half = replace(_BATCH, id=UUID(int=5), state=BatchState.PARTIAL, tiles=(_DONE, _FAILED, _FAILED, _DONE))
    follow = replace(
        _BATCH,
        id=UUID(int=6),
        state=BatchState.SUCCEEDED,
        tiles=(_DONE, _DONE),
        operation="edit",
        asked="Warmer, with eucalyptus",
    )
    return [_shown(actor, half), replace(_shown(actor, follow), about=picture())]


def _shown(actor: Actor, batch: BatchView) -> BatchCard:
    """The card, with a picture on each tile that is done."""
    numbered: Iterable[TileView] = (replace(tile, index=at) for at, tile in enumerate(batch.tiles))
    card = present(actor, [replace(batch, tiles=tuple(numbered))])[0]
    first = batch.id.int * 100
    tiles = (
        replace(each, picture=picture(first + each.number)) if each.face == "done" else each
        for each in card.tiles
    )
    return replace(card, tiles=tuple(tiles))


BOARD = BoardView(
    id=UUID(int=20),
    slug="autumn-mugs",
    title="Autumn mugs",
    kind="board",
    audience="invited",
    description="",
    updated_at=DAY,
    archived_at=None,
    cover_asset_id=None,
    role="owner",
)


def boards() -> list[Card]:
    """The inbox, a board, one in the trash."""
    plain = Card(BOARD, 128, False, 3, picture(), (PERSON, COLLEAGUE))
    inbox = replace(BOARD, id=UUID(int=21), slug="inbox", kind="inbox", audience="organization")
    gone = replace(BOARD, id=UUID(int=22), slug="gone", title="Spring", audience="organization", role=None)
    return [
        replace(plain, board=inbox, pictures=4, running=0, cover=None, people=()),
        plain,
        replace(plain, board=gone, running=0, people=(), deleted_at=DAY, deleted_by=PERSON, days_left=12),
    ]


OFFERS = [
    Offer("vary", "One more like this", "shuffle", 2 * MICRO, None),
    Offer("upscale", "Enlarge 2×", "scaling", 4 * MICRO, None),
]
CHANGE = ChangeView(UUID(int=30), "move", None, "working", 1_200, 2_499, DAY)
EXPORT = ExportView(UUID(int=31), "working", 3, 8, "packshot.zip", None, None, None, DAY)
READY = replace(EXPORT, state="ready", done=8, bytes=8_400_000, url="#")
