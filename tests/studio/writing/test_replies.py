"""What a model answers is a stranger's text: it is read, judged, and never obeyed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from packshot.studio.generation.catalogue import catalogue
from packshot.studio.generation.queries import WRITING
from packshot.studio.writing import replies

HERE, ELSEWHERE = uuid7(), uuid7()
GOOD: dict[str, Any] = {
    "operation": "generate",
    "model": "mock-scene",
    "prompt": "on oak",
    "ratio": "4:5",
    "size": 512,
    "count": 3,
    "references": [str(HERE)],
}


def read(**parts: Any):
    return replies.reply(json.dumps({"say": "So.", **parts}), [HERE])


def test_a_proposal_of_what_is_offered_is_shown_as_it_would_be_ordered():
    found = read(proposal=GOOD)
    assert found.left_out is None
    assert found.proposal is not None
    order = replies.ordered(found.proposal, board_id=None, key="k")
    assert (order.model, order.variants, order.ratio, order.size) == ("mock-scene", 3, "4:5", 512)
    assert order.references == (HERE,)
    assert replies.price(found.proposal) == 2_000_000


def test_what_it_leaves_open_is_as_usual():
    found = read(proposal={"operation": "generate", "model": "mock-scene", "prompt": "on oak"}).proposal
    assert found is not None
    assert (found.ratio, found.size, found.count, found.references) == ("1:1", 1024, 1, ())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"model": "gold-plated"}, "there is no such model."),
        ({"model": "mock-reply", "operation": "reply"}, "there is no such model."),
        ({"operation": "edit"}, "Mock scene does other work."),
        ({"ratio": "7:1"}, "Mock scene does not make this ratio."),
        ({"size": 8192}, "Mock scene does not make this size."),
        ({"count": 5000}, "1 to 100 variants."),
        ({"count": 0}, "1 to 100 variants."),
        ({"references": [str(ELSEWHERE)]}, "one of the pictures."),
        ({"references": ["; drop table"]}, "it could not be read."),
        ({"prompt": "x" * 3000}, "The text is too long."),
        ({"prompt": "a\x00b"}, "The text holds a sign that cannot be stored."),
        ({"model": "local-edit", "operation": "edit", "references": []}, "Choose a photo first."),
    ],
)
def test_what_is_not_offered_is_left_out_and_said_so(changed, why):
    found = read(proposal=GOOD | changed)
    assert found.proposal is None
    assert found.left_out == f"It also proposed something that is not offered here: {why}"
    assert found.say == "So."


def test_a_question_has_a_few_short_choices():
    found = read(question={"text": "Where?", "choices": ["Oak", "Slate", "Oak"]}).question
    assert found is not None
    assert (found.text, found.choices) == ("Where?", ("Oak", "Slate"))
    for odd in (
        {"text": ""},
        {"text": "Where?", "choices": ["x" * 300]},
        {"text": "Where?", "choices": "Oak"},
        7,
    ):
        found = read(question=odd)
        assert found.question is None
        assert found.left_out == "It also asked something that could not be read."


@pytest.mark.parametrize(
    "text", ["", "null", "[]", '"say"', '{"say": 7}', "{", '{"say": "\\ud800"}', "[" * 9000]
)
def test_what_cannot_be_read_is_said(text):
    assert replies.reply(text, []).left_out is not None
    assert replies.words(text) is None
    assert replies.refined(text) is None


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
known = st.sampled_from(
    [
        "say",
        "question",
        "proposal",
        "text",
        "choices",
        *GOOD,
        "generate",
        "edit",
        *catalogue(),
        "1:1",
        str(HERE),
    ]
)
documents = st.recursive(
    scalars | known,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(known | st.text(), inner, max_size=8),
)
nearly = st.builds(
    lambda changes, rest: {"say": "So.", "proposal": GOOD | changes, **rest},
    st.dictionaries(st.sampled_from(list(GOOD)), documents, max_size=3),
    st.dictionaries(known, documents, max_size=2),
)


@given(documents | nearly)
def test_no_answer_raises_and_what_it_shows_is_offered(document):
    found = replies.reply(json.dumps(document), [HERE])
    replies.words(json.dumps(document))
    replies.refined(json.dumps(document))
    if found.proposal is not None:
        model = catalogue()[found.proposal.model]
        assert model.operation == found.proposal.operation
        assert model.operation not in WRITING
        assert 1 <= found.proposal.count <= model.max_variants
        assert set(found.proposal.references) <= {HERE}
        assert replies.price(found.proposal) >= 0


@given(st.text())
def test_no_text_raises(text):
    replies.reply(text, [])
    replies.words(text)
    replies.refined(text)
