"""One picture as the viewer's panel shows it: its acts, its request to be used again, its family."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from packshot.studio.assets.contracts import Action
from packshot.studio.assets.queries import AssetView, Relative
from packshot.studio.generation.pages import BatchCard


@dataclass(frozen=True, slots=True)
class Act:
    """A button of the panel."""

    action: Action
    shortcut: str
    """The name in packshot/web/shortcuts.py."""
    key: str
    icon: str
    words: str
    pressed: bool | None = None
    """For what is on or off; None for what is done once."""


@dataclass(frozen=True, slots=True)
class Again:
    """A part of the request that made the picture, as the composer takes it."""

    shortcut: str
    key: str
    words: str
    title: str
    reuse: str


@dataclass(slots=True)
class Node:
    """A picture in the family tree."""

    picture: AssetView
    words: str
    here: bool
    before: bool
    """Whether the picture on show was made of this one."""
    children: list[Node] = field(default_factory=list)


def acts(picture: AssetView) -> list[Act]:
    """What can be done with the picture alone, and what of it is done."""
    favourite, approved = picture.favourite, picture.review == "approved"
    rejected, pinned = picture.review == "rejected", picture.pinned_at is not None
    return [
        Act("unfavourite" if favourite else "favourite", "favourite", ".", "star", _("Favourite"), favourite),
        Act("undecide" if approved else "approve", "approve", "y", "circle-check", _("Approve"), approved),
        Act("undecide" if rejected else "reject", "reject", "n", "ban", _("Reject"), rejected),
        Act("unpin" if pinned else "pin", "pin", "", "pin", _("Pin to the top of its board"), pinned),
        Act("trash", "trash", _("Del"), "trash-2", _("Put into the trash")),
    ]


def reuses(card: BatchCard, picture: AssetView) -> list[Again]:
    """The request that made a picture, by parts: pressing one fills the form and sends nothing."""
    whole = json.loads(card.reuse)
    parts = {
        "prompt": {"prompt": whole["prompt"]},
        "seed": {"seed": None if picture.seed is None else str(picture.seed)},
        "all": whole | {"seed": None if picture.seed is None else str(picture.seed)},
        "remix": whole,
    }
    texts = [
        ("reuse-prompt", "p", "prompt", _("Prompt"), _("Put its words into the form")),
        ("reuse-seed", "s", "seed", _("Seed"), _("Put its seed into the form")),
        ("reuse-all", "a", "all", _("All"), _("Put the whole request into the form")),
        ("remix", "r", "remix", _("Remix"), _("Put the request into the form, with another seed")),
    ]
    return [
        Again(shortcut, key, words, title, json.dumps(parts[part]))
        for shortcut, key, part, words, title in texts
    ]


def tree(family: Iterable[Relative]) -> list[Node]:
    """The family as a tree, its eldest first; empty for a picture that has none."""
    relatives = list(family)
    if len(relatives) < 2:
        return []
    own = next(each.picture for each in relatives if each.depth == 0)
    nodes = {
        each.picture.id: Node(
            each.picture, _made(each.picture), each.depth == 0, each.picture.id == own.parent_id
        )
        for each in relatives
    }
    roots: list[Node] = []
    for node in nodes.values():
        parent: UUID | None = node.picture.parent_id
        (nodes[parent].children if parent in nodes else roots).append(node)
    return roots


def _made(picture: AssetView) -> str:
    """How a picture came to be, in a word."""
    if picture.kind == "photo":
        return _("Photo")
    words = {
        "generate": _("Scene"),
        "edit": _("Edit"),
        "remove_background": _("Cut-out"),
        "upscale": _("Enlargement"),
        "video": _("Clip"),
    }
    return words.get(picture.operation or "", _("Picture"))
