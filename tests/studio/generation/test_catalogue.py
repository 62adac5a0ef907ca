"""The catalogue, its prices, and what an order may say."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from packshot.studio.generation import queries
from packshot.studio.generation.catalogue import Catalogue, catalogue
from packshot.studio.generation.errors import InvalidOrder
from packshot.studio.generation.offers import offer_of
from packshot.studio.generation.prices import ByTokens, Price
from tests.worker.support import order

CREDIT = 1_000_000
PRICE = TypeAdapter(Price)

MODEL = {
    "id": "some-model",
    "title": "Some model",
    "operation": "generate",
    "routes": ["mock"],
    "timeout_s": 10,
    "typical_s": 1,
    "price": {"by": "count", "credits": 1},
}
UPSCALE = {"model": "local-upscale", "operation": "upscale", "references": (UUID(int=1),)}


def test_the_catalogue_offers_what_the_local_engine_makes():
    found = {model.id: model for model in queries.models()}
    assert found["local-scene"].prices == {
        512: 2 * CREDIT,
        1024: 2 * CREDIT,
        1536: 4 * CREDIT,
        2048: 4 * CREDIT,
    }
    assert found["local-upscale"].prices == {2: 2 * CREDIT, 4: 4 * CREDIT}
    assert found["local-upscale"].price_by == "factor"
    assert found["local-edit"].operation == "edit"
    assert set(found["local-edit"].parameters) == {"base", "variant"}
    assert found["local-clip"].operation == "video"
    assert found["local-clip"].prices == {seconds: seconds * CREDIT for seconds in (3, 4, 5, 6, 7, 8)}
    assert found["local-clip"].price_by == "seconds"
    assert found["local-clip"].parameters["seconds"] == (4, 3, 5, 6, 7, 8)
    assert found["local-clip"].parameters["motion"][0] == "push_in"
    assert (found["local-cutout"].min_references, found["local-cutout"].max_references) == (1, 1)


@pytest.mark.parametrize(
    "flaw",
    [
        {"references": {"min": 2, "max": 1}},
        {"ratios": ["1:1"]},
        {"timeout_s": 0},
        {"operation": "dance"},
        {"colour": "red"},
        {"id": "No Id"},
        {"price": {"by": "count", "credits": -1}},
        {"price": {"by": "size", "tiers": []}},
        {"price": {"by": "size", "tiers": [{"upto": 2048, "credits": 4}, {"upto": 1024, "credits": 2}]}},
        {
            "ratios": ["1:1"],
            "sizes": [4096],
            "price": {"by": "size", "tiers": [{"upto": 1024, "credits": 2}]},
        },
    ],
)
def test_wrong_data_does_not_start(flaw):
    Catalogue.model_validate({"models": [MODEL]})
    with pytest.raises(ValidationError):
        Catalogue.model_validate({"models": [MODEL | flaw]})


def test_two_models_of_one_id_do_not_start():
    with pytest.raises(ValidationError, match="same id"):
        Catalogue.model_validate({"models": [MODEL, MODEL]})


def test_prices_by_seconds_and_tokens():
    seconds = PRICE.validate_python({"by": "seconds", "credits": 1.5})
    assert seconds.quoted(0, {"seconds": 8}) == 12 * CREDIT
    assert seconds.actual(5, 12 * CREDIT, {"seconds": 8}) == 7_500_000
    assert seconds.actual(50, 12 * CREDIT, {"seconds": 8}) == 12 * CREDIT
    assert (
        seconds.actual(5, 24 * CREDIT, {"seconds": 8}) == 15 * CREDIT
    )  # it was ordered at twice today's price
    tokens = PRICE.validate_python({"by": "tokens", "expected": 1290, "credits_per_1000": 0.03})
    assert tokens.quoted(0, {}) == 38_700
    assert tokens.actual(1, 38_700, {}) == 30


@given(st.integers(0, 10**7), st.integers(1, 10**6), st.decimals(0, 100, places=6))
def test_never_more_is_charged_than_was_quoted_and_nothing_is_rounded_in_our_disfavour(
    units, expected, price
):
    rule = ByTokens(by="tokens", expected=expected, credits_per_1000=price)
    quoted = rule.quoted(0, {})
    assert 0 <= rule.actual(units, quoted, {}) <= quoted
    assert rule.actual(expected, quoted, {}) == quoted


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": "no-such"}, "model"),
        ({"operation": "upscale"}, "operation"),
        ({"variants": 0}, "variants"),
        ({"variants": 1000}, "variants"),
        ({"prompt": "x" * 5000}, "prompt"),
        ({"prompt": "a\x00b"}, "prompt"),
        ({"model": "local-scene", "prompt": "  "}, "prompt"),
        ({"ratio": "7:3"}, "ratio"),
        ({"size": 1000}, "size"),
        ({"model": "mock-cutout", "operation": "remove_background"}, "references"),
        ({"key": ""}, "key"),
        ({"seed": -1}, "seed"),
        ({"parameters": {"colour": "red"}}, "colour"),
        ({"parameters": {"script": "none"}}, "script"),
        (UPSCALE | {"parameters": {"factor": 3}}, "factor"),
        (UPSCALE | {"parameters": {"factor": True}}, "factor"),
    ],
)
def test_an_order_that_a_model_does_not_take_says_which_field(change, field):
    wrong = order(**change)
    with pytest.raises(InvalidOrder) as raised:
        offer_of(wrong).model.check(wrong)
    assert raised.value.detail["field"] == field


def test_parameters_get_their_first_choice():
    assert catalogue()["local-upscale"].completed({}) == {"factor": 2}
