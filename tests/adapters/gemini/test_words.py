"""Words: what is sent, and that an answer which is not what was asked for is none."""

from __future__ import annotations

import json

import pytest

from packshot.adapters.gemini.conforming import conforms
from packshot.ports.generation import Done, FailureCode
from tests.adapters.gemini.support import failure, photo, submitted, task
from tests.fakes.gemini import says

SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["title"],
    "additionalProperties": False,
}


def describe(**changes):
    facts = {"prompt": "Describe it.", "references": (photo(),), "parameters": {"schema": SCHEMA}}
    return task("gemini-describe", **(facts | changes))


def written(words: str, finish: str = "STOP"):
    return says.candidate([{"text": "thinking", "thought": True}, {"text": words}], finish)


async def test_a_description_is_json_of_the_schema(google, gemini):
    answer = await submitted(gemini, describe())
    assert isinstance(answer, Done), answer
    assert answer.outputs == ()
    assert json.loads(answer.text or "") == {"title": "Glass bottle", "tags": ["Glass bottle"]}
    [post] = google.posts
    assert post.path == "/v1/models/gemini-3.8-flash:generateContent"
    assert post.body["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    }
    picture, words = post.body["contents"][0]["parts"]
    assert picture["inlineData"]["mimeType"] == "image/jpeg"
    assert words == {"text": "Describe it."}


async def test_a_conversation_tells_what_was_said_before(google, gemini):
    turns = [{"role": "user", "text": "A mug."}, {"role": "model", "text": "On what?"}]
    asked = task("gemini-chat", prompt="On oak.", parameters={"turns": turns, "system": "Be brief."})
    answer = await submitted(gemini, asked)
    assert answer == Done(text="A bottle on a stone.")
    body = google.posts[0].body
    assert [(each["role"], each["parts"][0]["text"]) for each in body["contents"]] == [
        ("user", "A mug."), ("model", "On what?"), ("user", "On oak."),
    ]  # fmt: skip
    assert body["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    assert "generationConfig" not in body


@pytest.mark.parametrize(
    ("words", "finish"),
    [
        ("not json", "STOP"),
        ('{"tags": []}', "STOP"),
        ('{"title": 3}', "STOP"),
        ('{"title": "x", "more": 1}', "STOP"),
        ('{"title": "x"', "MAX_TOKENS"),
        ("", "STOP"),
        ("", "OTHER"),
    ],
)
async def test_what_was_not_asked_for_may_be_asked_again(google, gemini, words, finish):
    google.say(written(words, finish))
    answer = await failure(gemini, describe())
    assert (answer.code, answer.retryable) == (FailureCode.OUTPUT_INVALID, True)
    assert len(google.posts) == 1


async def test_a_refusal_to_write_is_a_refusal(google, gemini):
    google.say(says.blocked("PROHIBITED_CONTENT"), says.ended("SPII"))
    for _ in range(2):
        answer = await failure(gemini, describe())
        assert (answer.code, answer.retryable) == (FailureCode.CONTENT_POLICY, False)


async def test_a_description_needs_its_picture(google, gemini):
    assert (await failure(gemini, describe(references=()))).code is FailureCode.INVALID_INPUT
    assert google.posts == []


TREE = {"type": "object", "properties": {"of": {"$ref": "#/$defs/tree"}}}
DEFINED = {"$ref": "#/$defs/tree", "$defs": {"tree": TREE}}
ROUND = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}


@pytest.mark.parametrize(
    ("value", "schema", "fits"),
    [
        ({"title": "x"}, SCHEMA, True),
        ({"title": "x", "tags": ["a"]}, SCHEMA, True),
        ({"title": ""}, SCHEMA, False),
        ({"title": "x", "tags": [1]}, SCHEMA, False),
        ([], SCHEMA, False),
        (1, {"type": "integer"}, True),
        (1.0, {"type": "integer"}, True),
        (1.5, {"type": "integer"}, False),
        (True, {"type": "integer"}, False),
        (True, {"type": "number"}, False),
        (None, {"type": ["string", "null"]}, True),
        (0, {"type": ["string", "null"]}, False),
        (5, {"minimum": 1, "maximum": 4}, False),
        (4, {"minimum": 1, "maximum": 4}, True),
        ([1, 2], {"maxItems": 1}, False),
        ("b", {"enum": ["a"]}, False),
        ("a", {"enum": ["a"]}, True),
        ("b", {"const": "a"}, False),
        ("a", {"anyOf": [{"type": "null"}, {"type": "string"}]}, True),
        (3, {"anyOf": [{"type": "null"}, {"type": "string"}]}, False),
        ({"of": {"of": {}}}, DEFINED, True),
        ({"of": {"of": 1}}, DEFINED, False),
        ("anything", {}, True),
    ],
)
def test_conforming(value, schema, fits):
    assert conforms(value, schema) is fits


@pytest.mark.parametrize("schema", [{"type": "picture"}, {"$ref": "#/$defs/none"}, ROUND])
def test_a_schema_that_cannot_be_meant_is_an_error(schema):
    with pytest.raises(ValueError):
        conforms("x", schema)
