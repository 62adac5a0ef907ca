"""A batch in words: which variants failed, why, and what came back; and the same order as a call of the API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from packshot.studio.generation.contracts import BatchView, JobState, TileView
from packshot.studio.generation.prices import MICRO

ORIGIN = "{origin}"
"""Stands for this server's address, which the page knows."""


def failures(batch: BatchView) -> list[str]:
    """One sentence or two for each reason: '2 and 4 failed: the provider refused. 4 credits came back.'"""
    reasons: dict[str, list[TileView]] = {}
    for tile in batch.tiles:
        if tile.state is JobState.FAILED:
            reasons.setdefault((tile.error_message or "").strip(), []).append(tile)
    return [_failure(reason, tiles, len(batch.tiles)) for reason, tiles in reasons.items()]


def _failure(reason: str, tiles: list[TileView], count: int) -> str:
    numbers = listed(str(tile.index + 1) for tile in tiles)
    if count == 1:
        said = _("It failed: %(why)s") if reason else _("It failed.")
    elif len(tiles) == count:
        said = _("All %(count)d failed: %(why)s") if reason else _("All %(count)d failed.")
    else:
        said = _("%(numbers)s failed: %(why)s") if reason else _("%(numbers)s failed.")
    words = said % {"numbers": numbers, "count": count, "why": _ended(reason)}
    back = sum(tile.returned for tile in tiles)
    return f"{words} {_came_back(back)}" if back else words


def listed(words: Iterable[str]) -> str:
    """'1', '1 and 2', '1, 2 and 3'."""
    found = list(words)
    if len(found) < 2:
        return "".join(found)
    return _("%(most)s and %(last)s") % {"most": ", ".join(found[:-1]), "last": found[-1]}


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "…")) else f"{sentence}."


def _came_back(micro: int) -> str:
    number = formats.number_format(micro / MICRO, 0 if micro % MICRO == 0 else 2)
    words = ngettext(
        "%(number)s credit came back.", "%(number)s credits came back.", 1 if micro == MICRO else 2
    )
    return words % {"number": number}


def api_call(batch: BatchView) -> str:
    """The order as a curl command; a seed is named, so that it makes the same pictures."""
    order: dict[str, Any] = {
        "operation": batch.operation,
        "model": batch.model,
        "prompt": batch.prompt,
        "variants": len(batch.tiles),
        "ratio": batch.ratio,
        "size": batch.size,
        "seed": batch.seed,
        "references": [str(each) for each in batch.references],
        "styles": [str(each) for each in batch.styles],
        "negative": batch.negative,
        "parameters": {n: v for n, v in batch.parameters.items() if n not in ("styles", "negative")},
        "board": batch.board_id and str(batch.board_id),
    }
    given = {name: value for name, value in order.items() if value not in ("", [], {}, None)}
    body = json.dumps(given, ensure_ascii=False, indent=2).replace("'", "'\\''")
    return (
        f"curl -X POST '{ORIGIN}/v1/generations' \\\n"
        '  -H "Authorization: Bearer $PACKSHOT_KEY" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}'"
    )


def operation_word(name: str) -> str:
    """An operation as the verb on its button."""
    verbs = {
        "generate": _("Generate"),
        "remove_background": _("Remove background"),
        "upscale": _("Enlarge"),
        "edit": _("Edit"),
        "video": _("Make video"),
        "describe": _("Describe"),
        "reply": _("Talk"),
    }
    return verbs.get(name, name.replace("_", " ").capitalize())
