"""How much will be used until the allowance comes again: a range, and nothing where nothing can be said. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

LEAST_DAYS = 3
"""Fewer whole days say nothing about a pace."""
SEEN_DAYS = 28
_Z = 1.2816
"""Four of five outcomes lie between minus and plus this many deviations of a normal distribution."""

Verdict = Literal["enough", "tight", "short"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """In four of five cases between `low` and `high` micro-credits more, if the next days are like the last ones."""

    low: int
    high: int
    days_seen: int
    days_left: float
    have: int
    """What is there, held credits included: they are among those that will be charged."""
    lasts_days: float | None
    """How long that lasts at the mean pace; None: nothing is used."""

    @property
    def verdict(self) -> Verdict:
        if self.have >= self.high:
            return "enough"
        return "tight" if self.have >= self.low else "short"


def forecast(daily: Sequence[int], days_left: float, have: int) -> Forecast | None:
    """From what was used on the last whole days (micro-credits); None where they are too few.

    The range allows for days that differ, and for the mean of so few days being itself uncertain.
    """
    if len(daily) < LEAST_DAYS or days_left < 0:
        return None
    mean = max(0.0, statistics.fmean(daily))
    deviation = statistics.stdev(daily)
    spread = _Z * deviation * math.sqrt(days_left + days_left**2 / len(daily))
    return Forecast(
        low=max(0, math.floor(mean * days_left - spread)),
        high=max(0, math.ceil(mean * days_left + spread)),
        days_seen=len(daily),
        days_left=days_left,
        have=have,
        lasts_days=have / mean if mean else None,
    )
