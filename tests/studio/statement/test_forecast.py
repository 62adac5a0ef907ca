"""The forecast is a range that deserves the word."""

from __future__ import annotations

from datetime import date, timedelta

import hypothesis.strategies as st
from hypothesis import given

from packshot.studio.credits.money import MICRO
from packshot.studio.statement import charts
from packshot.studio.statement.forecast import LEAST_DAYS, forecast

daily = st.lists(st.integers(-50, 5000).map(lambda n: n * MICRO), min_size=LEAST_DAYS, max_size=28)
left = st.floats(0, 31)


def test_too_few_days_say_nothing():
    assert forecast([5, 5], 10, 100) is None
    assert forecast([], 10, 100) is None


def test_the_same_every_day_has_no_spread():
    found = forecast([4 * MICRO] * 14, 10, 50 * MICRO)
    assert found is not None
    assert (found.low, found.high, found.lasts_days) == (40 * MICRO, 40 * MICRO, 12.5)
    assert found.verdict == "enough"


@given(daily, left)
def test_the_mean_lies_in_the_range(days, days_left):
    found = forecast(days, days_left, 0)
    assert found is not None
    mean = max(0.0, sum(days) / len(days)) * days_left
    assert 0 <= found.low <= mean + 1
    assert found.high >= mean - 1


@given(daily, left, st.integers(0, 10**12))
def test_the_verdict_is_the_ranges(days, days_left, have):
    found = forecast(days, days_left, have)
    assert found is not None
    assert (found.verdict == "enough") == (have >= found.high)
    assert (found.verdict == "short") == (have < found.low)


@given(daily, st.floats(0, 15))
def test_farther_away_is_less_certain(days, days_left):
    near, far = forecast(days, days_left, 0), forecast(days, 2 * days_left, 0)
    assert near is not None
    assert far is not None
    assert far.high >= near.high


@given(st.lists(st.integers(-100, 10**6), min_size=1, max_size=90))
def test_bars_stay_in_their_box(amounts):
    start = date(2027, 1, 1)
    chart = charts.days([(start + timedelta(days=n), each * MICRO) for n, each in enumerate(amounts)])
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= chart.width + 0.01
        assert 0 <= bar.y <= bar.y + bar.height <= chart.height + 0.01
    assert chart.top >= max(0, *amounts, 0) * MICRO
    assert str(chart.top // MICRO)[0] in "125"


def test_many_shares_are_the_large_ones_and_the_rest():
    rows = charts.rows([(f"board {n}", (20 - n) * MICRO, None) for n in range(20)], "others")
    assert len(rows) == charts.SHOWN + 1
    assert rows[-1].name == "others"
    assert sum(row.spent for row in rows) == sum(range(1, 21)) * MICRO
    assert max(row.part for row in rows) == 100
    assert abs(sum(row.share for row in rows) - 1) < 1e-9
