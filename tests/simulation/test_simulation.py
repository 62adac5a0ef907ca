"""A few seeds of the simulation, that a seed is one story, and that the oracle can say no.

Hundreds of seeds: `python -m tests.simulation --seeds 500`; one that failed: `--seed N`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.sabotage import SABOTAGE
from tests.simulation.simulation import run, stage
from tests.simulation.world import World

SEEDS = 15
STEPS = 50


@pytest.fixture
def world(own_database, admin) -> Iterator[World]:
    with stage(admin) as found:
        yield found


def test_seeds_are_clean(world):
    for seed in range(SEEDS):
        story = run(world, seed, steps=STEPS)
        assert story.wrong is None, "\n".join((*story.lines, f"seed {seed}: {story.wrong}"))


def test_a_paid_year_that_went_back_is_previewed_by_its_own_months(world):
    """A trial that is over and was fallen back to says nothing of them."""
    story = run(world, 211, steps=100)
    assert any("is refunded" in line for line in story.lines)
    assert story.wrong is None, story.wrong


def test_a_seed_is_one_story(world):
    first, second, other = (run(world, seed, steps=STEPS) for seed in (7, 7, 8))
    assert first.lines == second.lines
    assert first.faults == second.faults
    assert first.lines != other.lines


@pytest.mark.parametrize("name", SABOTAGE)
def test_what_is_broken_on_purpose_is_found(world, name):
    sabotage, sentence = SABOTAGE[name]
    with sabotage():
        wrong = (run(world, seed, steps=STEPS).wrong for seed in range(30))
        assert any(sentence in (each or "") for each in wrong)
