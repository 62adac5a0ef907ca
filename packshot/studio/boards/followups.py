"""Requests about a picture: what a follow-up sends, whichever model makes it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from packshot.db.tenancy import Actor
from packshot.studio.assets import queries as assets
from packshot.studio.assets.queries import AssetView
from packshot.studio.generation.contracts import ModelView

_MOST_STEPS = 40


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is sent for words about a picture."""

    prompt: str
    references: tuple[UUID, ...]
    parameters: dict[str, object]


def follow_up(
    actor: Actor, model: ModelView, picture: AssetView, words: str, others: tuple[UUID, ...]
) -> FollowUp:
    """A model that edits gets the picture, the photo it began with, and the words that made it; any other makes
    something new with the picture as its first reference, from the words of both.
    """
    base = picture.prompt or ""
    if model.operation == "edit":
        photo = root(actor, picture)
        wanted = (picture.id, *(() if photo is None else (photo,)))
        parameters: dict[str, object] = {"base": base} if base and "base" in model.parameters else {}
        return FollowUp(words, wanted[: model.max_references], parameters)
    prompt = ", ".join(part for part in (base.strip().rstrip(".,"), words) if part)
    rest = tuple(each for each in others if each != picture.id)
    return FollowUp(prompt if model.max_prompt else "", (picture.id, *rest)[: model.max_references], {})


def root(actor: Actor, picture: AssetView) -> UUID | None:
    """The photo at the beginning of a picture's lineage; None for a picture that was made from nothing."""
    here = picture
    for _step in range(_MOST_STEPS):
        found = assets.assets(actor, [here.parent_id]) if here.parent_id is not None else []
        if not found:
            break
        here = found[0]
    return None if here.id == picture.id else here.id
