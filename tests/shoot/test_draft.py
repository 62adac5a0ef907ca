"""From options to an order: what a model offers is asked of the catalogue and told in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from packshot.shoot.request import Mistake, Request
from packshot.shoot.road import EMAIL, draft, person


def request(**changes: Any) -> Request:
    whole: dict[str, Any] = {
        "photo": b"", "name": "mug.jpg", "operation": "generate", "prompt": "a mug", "out": Path(), "variants": 4
    }  # fmt: skip
    return Request(**whole | changes)


def test_an_order_takes_what_was_asked_for():
    order = draft(request(ratio="4:5", size=2048, seed=7))
    assert (order.model, order.variants, order.ratio, order.size, order.seed) == (
        "local-scene",
        4,
        "4:5",
        2048,
        7,
    )
    assert order.board_id is None
    assert order.key != draft(request()).key


@pytest.mark.parametrize(
    ("operation", "model", "parameters"),
    [("remove_background", "local-cutout", {}), ("upscale", "local-upscale", {})],
)
def test_each_operation_has_its_model(operation, model, parameters):
    order = draft(request(operation=operation, variants=1))
    assert (order.model, dict(order.parameters)) == (model, parameters)
    assert dict(draft(request(operation="upscale", variants=1, factor=4)).parameters) == {"factor": 4}


def test_a_model_may_be_named_and_words_may_be_enough():
    assert draft(request(model="mock-scene")).model == "mock-scene"
    assert draft(request(model="mock-nothing", photo=None)).references == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "mock-scene-9"}, ["--model mock-scene-9", "local-scene"]),
        ({"model": "mock-nothing"}, ["takes no photo"]),
        ({"photo": None, "operation": "upscale", "variants": 1}, ["needs a photo"]),
        ({"ratio": "7:3"}, ["--ratio 7:3", "16:9"]),
        ({"size": 777}, ["--size 777", "1024"]),
        ({"variants": 0}, ["1 to 8"]),
        ({"variants": 9}, ["1 to 8"]),
        ({"factor": 2}, ["--factor 2", "has none"]),
        ({"operation": "upscale", "variants": 1, "factor": 3}, ["--factor 3", "2, 4"]),
        ({"operation": "upscale", "variants": 2}, ["1 picture at a time"]),
        ({"operation": "remove_background", "variants": 1, "ratio": "1:1"}, ["--ratio 1:1", "has none"]),
    ],
)
def test_what_is_not_offered_is_told_with_what_is(changes, words):
    with pytest.raises(Mistake) as told:
        draft(request(**changes))
    assert all(word in str(told.value) for word in words)
    assert "\n" not in str(told.value)


def test_a_model_that_is_named_says_what_is_done():
    order = draft(request(model="omni-video", photo=None, variants=1))
    assert (order.operation, order.model, order.ratio, order.references) == (
        "video",
        "omni-video",
        "16:9",
        (),
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "no-such"}, ["--model no-such", "nano-banana"]),
        ({"model": "omni-video", "variants": 1}, ["takes no photo"]),
        ({"model": "nano-banana-edit", "variants": 1, "photo": None}, ["needs a photo"]),
    ],
)
def test_a_model_and_a_photo_that_do_not_go_together_are_told(changes, words):
    with pytest.raises(Mistake) as told:
        draft(request(**changes))
    assert all(word in str(told.value) for word in words)


def test_the_command_line_has_one_person_of_its_own(admin):
    first, second = person(), person()
    assert first == second
    count = "select count(*) from public.accounts_user where email = %s"
    assert admin.execute(count, [EMAIL]).fetchone() == (1,)
