"""What can be made: the menu of models, and what a single picture can be made into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from packshot.studio.assets.queries import AssetView
from packshot.studio.generation.contracts import ModelView

Act = Literal["vary", "remove_background", "upscale", "video"]
ACTS: tuple[Act, ...] = ("vary", "remove_background", "upscale", "video")


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that a press of a button makes of a picture, and what it costs."""

    act: Act
    word: str
    icon: str
    price: int
    model: ModelView | None
    """None for a variation: that is the request's own."""
    why_not: str = ""
    """Why it cannot be had now; empty: it can."""
    key: UUID = field(default_factory=uuid7)
    """Pressed twice is made once."""


def groups(models: list[ModelView]) -> list[tuple[str, list[ModelView]]]:
    """The models by what they do, both in the catalogue's order."""
    found: dict[str, list[ModelView]] = {}
    for model in models:
        found.setdefault(model.operation, []).append(model)
    return list(found.items())


def offers(picture: AssetView, models: list[ModelView], vary: tuple[int, str] | None) -> list[Offer]:
    """What can be made of a picture. `vary`, the price of one more like it and why it cannot be had now, is None
    where nothing says how it was made."""
    words: dict[Act, tuple[str, str]] = {
        "remove_background": (_("Remove background"), "scissors"),
        "upscale": (_("Enlarge 2×"), "scaling"),
        "video": (_("Make a clip"), "clapperboard"),
    }
    found = []
    if vary is not None:
        found.append(Offer("vary", _("One more like this"), "shuffle", vary[0], None, why_not=vary[1]))
    if not picture.media_type.startswith("image/"):
        return found
    for act, (word, icon) in words.items():
        able = [each for each in models if each.operation == act]
        model = next((each for each in able if each.available), next(iter(able), None))
        if model is not None:
            found.append(Offer(act, word, icon, usual_price(model), model, why_not=model.why_not))
    return found


def usual_price(model: ModelView) -> int:
    """Micro-credits for one picture with all choices at their defaults."""
    chosen = model.parameters.get(model.price_by, ())
    if chosen and int(chosen[0]) in model.prices:
        return model.prices[int(chosen[0])]
    return next(iter(model.prices.values()))
