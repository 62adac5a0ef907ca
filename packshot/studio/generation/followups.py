"""Requests about a picture: what a follow-up sends, whichever model makes it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from packshot.db.tenancy import Actor
from packshot.studio.assets import queries as assets
from packshot.studio.assets.queries import AssetView
from packshot.studio.generation import queries as work
from packshot.studio.generation.contracts import BatchView, ModelView

_MOST_STEPS = 40
_MOST_BASE = 2000


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is sent for words about a picture."""

    prompt: str
    references: tuple[UUID, ...]
    parameters: dict[str, object]
    seed: int | None
    """The picture's own where a change of it is asked for: what the words do not touch stays as it is."""


def follow_up(
    actor: Actor, model: ModelView, picture: AssetView, words: str, others: tuple[UUID, ...]
) -> FollowUp:
    """A model that edits gets the picture, the photo it began with, and the words that made it; any other makes
    something new with the picture as its first reference, from the words of both.
    """
    made = None if picture.job_id is None else work.batch_of(actor, picture.job_id)
    base = ", ".join(part for part in (_base(made), (picture.prompt or "").strip().rstrip(".,")) if part)
    if model.operation == "edit":
        photo = root(actor, picture)
        wanted = (picture.id, *(() if photo is None else (photo,)))
        known: dict[str, object] = {"base": base[-_MOST_BASE:] or None, "variant": _variant(made, picture)}
        parameters = {n: v for n, v in known.items() if v is not None and n in model.parameters}
        return FollowUp(words, wanted[: model.max_references], parameters, picture.seed)
    prompt = ", ".join(part for part in (base, words) if part)
    rest = tuple(each for each in others if each != picture.id)
    return FollowUp(prompt if model.max_prompt else "", (picture.id, *rest)[: model.max_references], {}, None)


def _base(made: BatchView | None) -> str:
    """What was said before the picture's own words: where it is itself a change of another."""
    return "" if made is None else str(made.parameters.get("base", ""))


def _variant(made: BatchView | None, picture: AssetView) -> int | None:
    """The picture's place in the batch in which its scene was first made."""
    place = next((t.index for t in made.tiles if t.job_id == picture.job_id), None) if made else None
    if made is None or place is None:
        return None
    return int(made.parameters.get("variant", 0)) + place


def root(actor: Actor, picture: AssetView) -> UUID | None:
    """The photo at the beginning of a picture's lineage; None for a picture that was made from nothing."""
    here = picture
    for _step in range(_MOST_STEPS):
        found = assets.assets(actor, [here.parent_id]) if here.parent_id is not None else []
        if not found:
            break
        here = found[0]
    return None if here.id == picture.id else here.id
