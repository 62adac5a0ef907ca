"""Numbers and times in the words of the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.web.templatetags import studio


@pytest.mark.parametrize(
    ("micro", "shown"),
    [(0, "0"), (8_000_000, "8"), (2_500_000, "2.50"), (1_999_999, "1.99"), (-8_000_000, "−8")],
)
def test_credits(micro, shown):
    assert studio.credits(micro) == shown


@given(st.integers(min_value=0, max_value=10**15))
def test_a_balance_is_never_shown_larger_than_it_is(micro):
    shown = Decimal(studio.credits(micro).replace(",", "").replace("\xa0", ""))
    assert 0 <= Decimal(micro) / 1_000_000 - shown < Decimal("0.01")


def test_one_credit_is_singular():
    assert studio.credits_word(1_000_000) == "1 credit"
    assert studio.credits_word(8_000_000) == "8 credits"
    assert studio.returned_word(1_000_000) == "1 credit came back."


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        ((3, 7), "about 3 to 7 s"),
        ((4, 4), "about 4 s"),
        ((60, 200), "about 60 s to 3 min"),
        ((170, 190), "about 3 min"),
    ],
)
def test_an_estimate_is_a_range(seconds, shown):
    assert studio.estimate(seconds) == shown


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=40), "May 1, 2026"),
    ],
)
def test_times_are_relative(ago, shown):
    now = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
    assert studio._relative(now - ago, now) == shown


def test_a_ratio_is_drawn_in_its_shape():
    assert 'width="12.0" height="6.8"' in studio.ratio_sign("16:9")


def test_an_unknown_icon_is_an_error():
    with pytest.raises(KeyError, match=r"icons\.txt"):
        studio.icon("unicorn")
