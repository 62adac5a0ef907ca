"""Rules without a database: the state of a batch, and how long is left. Time is passed in."""

from __future__ import annotations

from collections.abc import Iterable

from packshot.studio.generation.contracts import BatchState, JobState, Typical


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
    state: JobState, typical: Typical, *, elapsed_s: float, place: int | None, at_once: int
) -> tuple[int, int] | None:
    """Seconds until a variant is done, from and to. `at_once` jobs of the organization run side by side.

    A guess from what the model usually takes: shown as a range, and never a time that has already passed.
    """
    if state.final:
        return None
    turns = ((place or 1) - 1) // max(1, at_once) if state is JobState.QUEUED else 0
    low = max(1, round(turns * typical.least_s + typical.least_s - elapsed_s))
    # What has overstayed even the long end is taken to need some of it again.
    left = max(typical.most_s - elapsed_s, typical.most_s * 0.5)
    return low, max(low + 1, round(turns * typical.most_s + left))
