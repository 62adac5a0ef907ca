"""What the mock writes: as it is told, else the smallest answer that the schema allows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from packshot.adapters.mock.script import Script
from packshot.adapters.mock.writing import written
from packshot.ports.generation import Reference, Task

PHOTO = uuid7()
PROPOSAL = {
    "operation": {"enum": ["generate"]},
    "model": {"enum": ["mock-scene"]},
    "references": {"items": {"enum": [str(PHOTO)]}},
}
TALK = {"properties": {"say": {}, "question": {}, "proposal": {"properties": PROPOSAL}}}


def task(schema: Any = None, turns: Any = ()) -> Task:
    parameters = {"turns": list(turns)} | ({"schema": schema} if schema else {})
    reference = Reference(PHOTO, "image/png", b"")
    return Task(uuid7(), "reply", "mock-reply", "On oak", 1, references=(reference,), parameters=parameters)


def test_it_asks_back_and_proposes_once_it_was_answered():
    asked = json.loads(written(Script(), task(TALK)))
    assert len(asked["question"]["choices"]) == 2
    turns = [{"role": "user", "text": "A mug"}, {"role": "model", "text": json.dumps(asked)}]
    proposal = json.loads(written(Script(), task(TALK, turns)))["proposal"]
    assert proposal == {
        "operation": "generate",
        "model": "mock-scene",
        "prompt": "On oak",
        "count": 2,
        "references": [str(PHOTO)],
    }


def test_it_writes_what_it_is_told():
    assert written(Script(text="Good morning."), task()) == "Good morning."
    assert json.loads(written(Script(text={"references": ["#1"]}), task())) == {"references": [str(PHOTO)]}


def test_it_fills_every_field_of_a_schema():
    schema = {"properties": {"title": {}, "alt": {}, "description": {}, "tags": {}}}
    found = json.loads(written(Script(), task(schema)))
    assert found.keys() == schema["properties"].keys()
    assert found["tags"] == ["square", "colour"]


def test_it_breaks_off_when_it_is_told_to():
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(written(Script(output="garbage"), task(TALK)))
