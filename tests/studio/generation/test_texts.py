"""What a model has written is kept when it can be stored and is what was asked for."""

from __future__ import annotations

import pytest

from packshot.studio.generation.texts import LARGEST, Unreadable, kept

SCHEMA = {"type": "object", "required": ["say"]}


@pytest.mark.parametrize("text", ["Good morning.", "ü" * (LARGEST // 2), '{"other": 1}'])
def test_a_text_is_kept_as_it_is(text):
    assert kept(text, None) == text


def test_a_document_with_all_that_is_required_is_kept():
    assert kept('{"say": null, "more": 1}', SCHEMA) == '{"say": null, "more": 1}'


@pytest.mark.parametrize("text", [None, "", " \n", "ü" * (LARGEST // 2 + 1), "a\x00b", "half \ud800 a sign"])
def test_what_cannot_be_stored_is_refused(text):
    with pytest.raises(Unreadable):
        kept(text, None)


@pytest.mark.parametrize("text", ["Good morning.", "{", "[]", "null", '{"other": 1}', "[" * 9999])
def test_what_is_no_such_document_is_refused(text):
    with pytest.raises(Unreadable):
        kept(text, SCHEMA)
