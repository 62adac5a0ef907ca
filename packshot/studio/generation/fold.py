"""Rules without a database: the state of a batch, and how long is left. Time is passed in."""

from __future__ import annotations

from collections.abc import Iterable

from packshot.studio.generation.contracts import BatchState, JobState


def fold(states: Iterable[JobState]) -> BatchState:
    """The state of a batch from those of its variants; of none, failed: nothing can become of it."""
    found = list(states)
    if not all(state.final for state in found):
        begun = any(state is not JobState.QUEUED for state in found)
        return BatchState.RUNNING if begun else BatchState.QUEUED
    ends = set(found)
    if ends == {JobState.SUCCEEDED}:
        return BatchState.SUCCEEDED
    if JobState.SUCCEEDED in ends:
        return BatchState.PARTIAL
    return BatchState.CANCELLED if ends == {JobState.CANCELLED} else BatchState.FAILED


def estimate(
    state: JobState, *, typical_s: float, elapsed_s: float, place: int | None, at_once: int
) -> tuple[int, int] | None:
    """Seconds until a variant is done, from and to. `at_once` jobs of the organization run side by side.

    A guess from the model's typical time: shown as a range, and never a time that has already passed.
    """
    if state.final:
        return None
    ahead = ((place or 1) - 1) // max(1, at_once) * typical_s if state is JobState.QUEUED else 0.0
    left = typical_s - elapsed_s
    low = max(1, round(ahead + left * 0.7))
    return low, max(low + 1, round(ahead + max(left, typical_s * 0.5) * 1.8))
