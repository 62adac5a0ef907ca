"""What the mock writes: as its script says, else the smallest document that the schema allows.

Without a script it converses: it asks back when it is told something new, and proposes once it was answered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from packshot.adapters.mock.script import Script
from packshot.ports.generation import Task

_GARBAGE = '{"say": "this breaks off in the mid'


def written(script: Script, task: Task) -> str:
    """The text of a task that asks for words."""
    if script.output == "garbage":
        return _GARBAGE
    if isinstance(script.text, str):
        return script.text
    if script.text is not None:
        return json.dumps(_resolved(script.text, task))
    fields: Mapping[str, Any] = task.parameters.get("schema", {}).get("properties", {})
    if "proposal" in fields:
        return json.dumps(_conversed(task, fields))
    return json.dumps({name: _filled(name, task) for name in fields}) if fields else _said(task)


def _conversed(task: Task, fields: Mapping[str, Any]) -> dict[str, Any]:
    last = next(
        (turn for turn in reversed(task.parameters.get("turns", ())) if turn["role"] == "model"), None
    )
    if last is None or '"question"' not in last["text"]:
        choices = ["On oak, in warm evening light", "On white marble, in soft daylight"]
        return {"say": "Gladly.", "question": {"text": "What shall it stand on?", "choices": choices}}
    shape = fields["proposal"]["properties"]
    proposal = {
        "prompt": _said(task),
        "count": 2,
        "references": shape["references"]["items"].get("enum", [])[:1],
    }
    # Its own pictures, where they are offered: they take no time.
    models = shape["model"]["enum"]
    model = next((name for name in models if name.startswith("mock-")), models[0])
    proposal |= {"operation": shape["operation"]["enum"][0], "model": model}
    return {"say": "Then I would make this.", "proposal": proposal}


def _resolved(text: Any, task: Task) -> Any:
    """A script cannot know the ids of pictures: "#1" stands for the first reference."""
    if isinstance(text, dict):
        return {name: _resolved(value, task) for name, value in text.items()}
    if isinstance(text, list):
        return [_resolved(value, task) for value in text]
    if isinstance(text, str) and text[:1] == "#" and text[1:].isdecimal():
        return str(task.references[int(text[1:]) - 1].asset_id)
    return text


def _filled(name: str, task: Task) -> Any:
    if name == "tags":
        return ["square", "colour"]
    known = {
        "prompt": f"{_said(task)}, soft window light from the left, shallow depth of field",
        "title": "A coloured square",
        "alt": "One even colour fills a square picture.",
    }
    return known.get(name, "Made for tests: one even colour.")


def _said(task: Task) -> str:
    """The prompt without the script in it."""
    return task.prompt.partition("{")[0].strip() or "Nothing."
