"""What the pages show of a batch: the views of this room and of the pictures, joined and put into words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.foundation.billing import gates
from packshot.foundation.organizations.current import MemberRequest
from packshot.studio.assets import queries as assets
from packshot.studio.assets.queries import AssetView
from packshot.studio.credits import queries as wallets
from packshot.studio.credits.errors import cap_sentence
from packshot.studio.generation import queries
from packshot.studio.generation.contracts import BatchView, JobState, TileView
from packshot.studio.generation.errors import InsufficientCredits, MemberCapReached
from packshot.studio.generation.wording import api_call, failures

Face = Literal["waiting", "working", "done", "failed", "cancelled"]

_WIDE = 1.2

_FACES: dict[JobState, Face] = {
    JobState.QUEUED: "waiting",
    JobState.RUNNING: "working",
    JobState.WAITING: "working",
    JobState.SUCCEEDED: "done",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class TileCard:
    """One tile: which face it shows, and what for."""

    tile: TileView
    face: Face
    number: int
    picture: AssetView | None
    soft: str | None
    """Colours for the tile before the picture is there: its own miniature, else that of the photo worked on."""
    alt: str
    said: str
    """What a screen reader is told when the tile gets this face."""

    @property
    def video(self) -> bool:
        return self.picture is not None and self.picture.media_type.startswith("video/")

    @property
    def seed(self) -> int | None:
        return None if self.picture is None else self.picture.seed

    @property
    def follow(self) -> str:
        """The picture as the composer takes it for a follow-up, as JSON."""
        return "" if self.picture is None else json.dumps({**picked(self.picture), "as": "follow"})

    @property
    def alpha(self) -> bool:
        """Whether the picture is cut out: what is not there is shown on a chequer."""
        return self.picture is not None and self.picture.operation == "remove_background"

    @property
    def thumb_width(self) -> int:
        """The width of the 512 px thumbnail, whose longer side that is."""
        if self.picture is None or not self.picture.width or not self.picture.height:
            return 512
        return round(min(1, 512 / max(self.picture.width, self.picture.height)) * self.picture.width)


@dataclass(frozen=True, slots=True)
class BatchCard:
    """One request of a thread."""

    batch: BatchView
    tiles: tuple[TileCard, ...]
    references: tuple[AssetView, ...]
    styles: tuple[AssetView, ...]
    about: AssetView | None
    """The picture that the request is about."""
    width: int
    height: int
    """The shape of every tile, as a pair of numbers whose ratio it is."""
    columns: int
    shaped: bool
    """Whether ratio and size were asked for; else the pictures have the shape of what they were made from."""
    failures: tuple[str, ...]
    """What went wrong, a sentence for each reason; said when all is over."""
    key: UUID
    """For asking for the same once more: pressed twice is asked once."""
    growing: bool = False
    """Whether a larger plan is sold that runs more side by side."""

    template = "generation/batch.html"

    @property
    def open(self) -> bool:
        return not self.batch.state.final

    @property
    def held_at(self) -> int | None:
        """How many the plan runs side by side, where some of these wait because of it."""
        return next((tile.held_at for tile in self.batch.tiles if tile.held_at is not None), None)

    @property
    def wide(self) -> bool:
        """Whether the tiles are broader than they are high: on a phone each then takes the whole width."""
        return self.width / self.height > _WIDE

    @property
    def asked(self) -> str:
        """What the person wrote, else what it was made with."""
        return self.batch.asked or self.batch.prompt or self.batch.model_title

    @property
    def retryable(self) -> int:
        """How many ended badly and can be tried again."""
        return 0 if self.open else sum(tile.state is JobState.FAILED for tile in self.batch.tiles)

    @property
    def retry_price(self) -> int:
        return self.retryable * self.batch.price

    @property
    def again_price(self) -> int:
        return len(self.batch.tiles) * self.batch.price_now

    @property
    def made_by(self) -> str:
        """The providers that stood in for the one that was meant."""
        return ", ".join(dict.fromkeys(tile.made_by for tile in self.batch.tiles if tile.made_by))

    @property
    def last_seed(self) -> int:
        return self.batch.seed + len(self.batch.tiles) - 1

    @property
    def result(self) -> str:
        """What has become of it, in a word or two."""
        done = sum(tile.state is JobState.SUCCEEDED for tile in self.batch.tiles)
        count = len(self.batch.tiles)
        words = ngettext("%(done)d of %(count)d picture", "%(done)d of %(count)d pictures", count)
        return words % {"done": done, "count": count}

    @property
    def parameters(self) -> list[tuple[str, Any]]:
        """The further choices, but for what is told elsewhere."""
        told = {"styles", "negative", "base"}
        return [(name, value) for name, value in self.batch.parameters.items() if name not in told]

    @property
    def base(self) -> str:
        """The words that made the picture that was changed."""
        return str(self.batch.parameters.get("base", ""))

    @property
    def reuse(self) -> str:
        """What the composer is filled with to ask for the same with another seed, as JSON."""
        batch = self.batch
        followed = self.about is not None and batch.operation == "edit"
        filled = {
            "prompt": batch.asked or batch.prompt,
            "model": batch.model,
            "ratio": batch.ratio,
            "size": batch.size,
            "variants": len(batch.tiles),
            "negative": batch.negative,
            "parameters": batch.parameters,
            "seed": None,
            "about": picked(self.about) if self.about is not None else None,
            "references": [
                picked(each) for each in self.references if not followed and each.id != batch.refers_to
            ],
            "styles": [picked(each) for each in self.styles],
        }
        return json.dumps(filled)

    @property
    def reuse_prompt(self) -> str:
        return json.dumps({"prompt": self.batch.asked or self.batch.prompt})

    @property
    def reuse_seed(self) -> str:
        return json.dumps({"seed": str(self.batch.seed)})

    @property
    def api_call(self) -> str:
        return api_call(self.batch)


def picked(view: AssetView) -> dict[str, str]:
    """A picture as the composer picks it up."""
    return {"asset": str(view.id), "thumb": view.thumb_256 or "", "name": view.name}


def present(actor: Actor, batches: Iterable[BatchView]) -> list[BatchCard]:
    """Cards in the batches' order; all pictures are read at once."""
    wanted = list(batches)
    ids = {asset_id for batch in wanted for asset_id in batch.references}
    ids |= {asset_id for batch in wanted for asset_id in batch.styles}
    ids |= {batch.refers_to for batch in wanted if batch.refers_to is not None}
    ids |= {tile.asset_id for batch in wanted for tile in batch.tiles if tile.asset_id is not None}
    found = {view.id: view for view in assets.assets(actor, ids)} if ids else {}
    cards = [_card(batch, found) for batch in wanted]
    if not any(card.held_at for card in cards):
        return cards
    growing = gates.grows(actor, "concurrent_jobs")
    return [replace(card, growing=growing) for card in cards]


def refused(request: MemberRequest, *, needed: int, affordable: int) -> HttpResponse:
    """The dialog of a wallet, or of a monthly cap, that does not cover an order: what it needs, what there is, what
    can be done.

    The order itself travels back in the dialog, so that the affordable part of it can be asked for.
    """
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    kept = [pair for pair in fields if pair[0] not in {"csrfmiddlewaretoken", "key", "variants"}]
    spendable = wallets.spendable(request.actor)
    capped = spendable.cap if spendable.capped(needed) else None
    context = {
        "needed": needed,
        "spendable": spendable,
        "capped": None if capped is None else cap_sentence(capped),
        "affordable": affordable,
        "fields": kept,
        "action": request.path,
        "key": uuid7(),
    }
    status = InsufficientCredits.status if capped is None else MemberCapReached.status
    return render(request, "generation/insufficient.html", context, status=status)


def _card(batch: BatchView, found: dict[UUID, AssetView]) -> BatchCard:
    references = tuple(found[each] for each in batch.references if each in found)
    soft = next((each.placeholder for each in references if each.placeholder), None)
    width, height = _shape(batch, references, found)
    return BatchCard(
        batch=batch,
        tiles=tuple(_tile(batch, tile, found, soft) for tile in batch.tiles),
        references=references,
        styles=tuple(found[each] for each in batch.styles if each in found),
        about=found.get(batch.refers_to) if batch.refers_to is not None else None,
        width=width,
        height=height,
        columns=_columns(len(batch.tiles), width / height),
        shaped=batch.model not in _shapeless(),
        failures=tuple(failures(batch)) if batch.state.final else (),
        key=uuid7(),
    )


def _tile(batch: BatchView, tile: TileView, found: dict[UUID, AssetView], soft: str | None) -> TileCard:
    face = _FACES[tile.state]
    picture = found.get(tile.asset_id) if tile.asset_id is not None else None
    place = {"n": tile.index + 1, "count": len(batch.tiles)}
    words = {
        "waiting": _("Picture %(n)d of %(count)d is waiting."),
        "working": _("Picture %(n)d of %(count)d is being made."),
        "done": _("Picture %(n)d of %(count)d is ready."),
        "failed": _("Picture %(n)d of %(count)d failed."),
        "cancelled": _("Picture %(n)d of %(count)d was cancelled."),
    }
    return TileCard(
        tile=tile,
        face=face,
        number=tile.index + 1,
        picture=picture,
        soft=(picture.placeholder if picture is not None else None) or soft,
        alt=_("%(prompt)s, picture %(n)d of %(count)d")
        % {"prompt": batch.asked or batch.prompt or batch.model_title, **place},
        said=words[face] % place,
    )


def _shape(
    batch: BatchView, references: tuple[AssetView, ...], found: dict[UUID, AssetView]
) -> tuple[int, int]:
    """The ratio asked for; for work that keeps a picture's shape, that picture's; a square where none is known."""
    width, _sign, height = batch.ratio.partition(":")
    if (
        batch.model not in _shapeless()
        and width.isdecimal()
        and height.isdecimal()
        and int(width)
        and int(height)
    ):
        return int(width), int(height)
    made = [found[tile.asset_id] for tile in batch.tiles if tile.asset_id in found]
    for view in (*references, *made):
        if view.width and view.height:
            return view.width, view.height
    return 1, 1


def _shapeless() -> set[str]:
    """Models whose pictures have the shape of what they are made from."""
    return {model.id for model in queries.models() if not model.ratios}


def _columns(count: int, ratio: float) -> int:
    """How many tiles stand side by side on a wide page: as large as the width allows, none a postage stamp."""
    if ratio > _WIDE:
        return min(count, 2)
    return min(count, 4)
