"""What was said and made before, as a model is told it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from packshot.db.tenancy import Actor
from packshot.studio.generation import queries as work
from packshot.studio.generation.contracts import BatchView, JobState
from packshot.studio.writing.queries import declined

_LONGEST = 1_000
"""Characters of one thing said."""


def turns(actor: Actor, batches: Sequence[BatchView], *, data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The board's last exchanges, oldest first, opened by the data; the two sides take turns, the person begins."""
    jobs = [tile.job_id for batch in batches for tile in batch.tiles if batch.operation == "reply"]
    texts, refused = work.texts(actor, jobs), declined(actor, jobs)
    said = [("user", json.dumps(data, ensure_ascii=False))]
    for batch in batches:
        job = batch.tiles[-1].job_id if batch.tiles else None
        if batch.operation not in work.WRITING:
            said.append(("user", _made(batch)))
        elif batch.parameters.get("purpose") == "talk" and job in texts:
            said += [("user", batch.asked[:_LONGEST]), ("model", texts[job][:_LONGEST])]
            if job in refused:
                said.append(("user", "(They said no to this proposal.)"))
    return _alternating(said)


def _made(batch: BatchView) -> str:
    """A request in a line: what was asked for, and what became of it."""
    states = [tile.state for tile in batch.tiles]
    facts = {
        "made": states.count(JobState.SUCCEEDED),
        "failed": states.count(JobState.FAILED),
        "under way": sum(not state.final for state in states),
        "operation": batch.operation,
        "model": batch.model,
        "prompt": (batch.asked or batch.prompt)[:_LONGEST],
        "ratio": batch.ratio,
        "pictures": [str(tile.asset_id) for tile in batch.tiles if tile.asset_id],
        "why it failed": next((tile.error_message for tile in batch.tiles if tile.error_message), None),
    }
    return "(A request on this board: " + json.dumps(facts, ensure_ascii=False) + ")"


def _alternating(said: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for role, text in said:
        if found and found[-1]["role"] == role:
            found[-1]["text"] += "\n" + text
        else:
            found.append({"role": role, "text": text})
    return found
