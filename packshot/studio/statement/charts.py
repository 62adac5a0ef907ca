"""Charts as plain numbers for an SVG; the words beside them are HTML and stay as large as other words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from packshot.studio.credits.money import MICRO

WIDTH, HEIGHT = 1000, 100
_GAP = 0.25
"""Of a bar's place."""
SHOWN = 8
"""Shares that are told one by one."""


@dataclass(frozen=True, slots=True)
class Bar:
    day: date
    spent: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class DayChart:
    """Bars in a box of WIDTH x HEIGHT, the origin at its upper left; `top` is what its upper edge stands for."""

    bars: tuple[Bar, ...]
    top: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def middle(self) -> int:
        return self.top // 2


@dataclass(frozen=True, slots=True)
class Row:
    """A share with its bar: `part` of a hundred, measured against the largest one; `share` of the whole."""

    name: str
    spent: int
    part: float
    share: float
    address: str | None = None


def days(found: Sequence[tuple[date, int]]) -> DayChart:
    """A bar for each day; days on which more came back than went are empty."""
    top = nice(max((spent for _, spent in found), default=0))
    place = WIDTH / max(1, len(found))
    bars = []
    for n, (day, spent) in enumerate(found):
        height = HEIGHT * max(0, spent) / top
        bars.append(
            Bar(
                day,
                spent,
                _r(n * place + place * _GAP / 2),
                _r(HEIGHT - height),
                _r(place * (1 - _GAP)),
                _r(height),
            )
        )
    return DayChart(tuple(bars), top)


def rows(named: Sequence[tuple[str, int, str | None]], rest: str) -> list[Row]:
    """Name, amount and address of each share, the largest first, as rows; the small ones are summed up as `rest`."""
    shown, others = list(named[:SHOWN]), named[SHOWN:]
    if others:
        shown.append((rest, sum(spent for _, spent, _ in others), None))
    most = max((spent for _, spent, _ in shown), default=0)
    total = sum(spent for _, spent, _ in named)
    return [
        Row(
            name,
            spent,
            _r(100 * max(0, spent) / most) if most > 0 else 0,
            max(0, spent) / total if total > 0 else 0,
            address,
        )
        for name, spent, address in shown
    ]


def nice(most: int) -> int:
    """The next amount of 1, 2 or 5 times a power of ten credits: what a person reads off an axis. At least 1 credit."""
    whole = max(1, math.ceil(most / MICRO))
    step = 1
    while True:
        for digit in (1, 2, 5):
            if digit * step >= whole:
                return digit * step * MICRO
        step *= 10


def _r(value: float) -> float:
    return round(value, 2)
