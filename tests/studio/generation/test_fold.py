"""The state of a batch, and how long is left: rules without a database."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from packshot.studio.generation.contracts import BatchState, JobState, Typical
from packshot.studio.generation.fold import estimate, fold

states = st.lists(st.sampled_from(JobState), min_size=1, max_size=12)


@given(states)
def test_a_batch_is_final_exactly_when_all_its_variants_are(found):
    assert fold(found).final == all(state.final for state in found)


@given(states, st.randoms())
def test_the_order_of_variants_does_not_matter(found, random):
    shuffled = list(found)
    random.shuffle(shuffled)
    assert fold(shuffled) is fold(found)


@given(states)
def test_every_state_means_one_thing(found):
    state, kinds = fold(found), set(found)
    assert (state is BatchState.SUCCEEDED) == (kinds == {JobState.SUCCEEDED})
    assert (state is BatchState.CANCELLED) == (kinds == {JobState.CANCELLED})
    assert (state is BatchState.QUEUED) == (kinds == {JobState.QUEUED})
    assert (state is BatchState.PARTIAL) == (
        state.final and JobState.SUCCEEDED in kinds and kinds != {JobState.SUCCEEDED}
    )
    assert (state is BatchState.FAILED) == (
        state.final and JobState.SUCCEEDED not in kinds and JobState.FAILED in kinds
    )


@given(states)
def test_a_variant_more_never_makes_a_running_batch_final(found):
    if not fold(found).final:
        for more in JobState:
            assert not fold([*found, more]).final


@given(
    st.sampled_from(JobState),
    st.floats(0.1, 600),
    st.floats(1, 10),
    st.floats(0, 1e6),
    st.none() | st.integers(1, 10_000),
    st.integers(1, 64),
)
def test_an_estimate_is_a_range_that_has_not_passed(state, typical_s, spread, elapsed_s, place, at_once):
    found = estimate(
        state, Typical(typical_s, typical_s * spread, True), elapsed_s=elapsed_s, place=place, at_once=at_once
    )
    assert (found is None) == state.final
    if found is not None:
        assert 1 <= found[0] < found[1]


@given(st.floats(0.1, 600), st.floats(1, 10), st.integers(1, 1000), st.integers(1, 64))
def test_who_stands_further_back_waits_no_less(typical_s, spread, place, at_once):
    def low(at: int) -> int:
        found = estimate(
            JobState.QUEUED,
            Typical(typical_s, typical_s * spread, True),
            elapsed_s=0,
            place=at,
            at_once=at_once,
        )
        assert found is not None
        return found[0]

    assert low(place) <= low(place + 1)
