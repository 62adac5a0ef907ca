"""The combiner of the event loop."""

from __future__ import annotations

import asyncio

import pytest

from packshot.worker.grouped import Grouped
from packshot.worker.road import backoff


async def test_what_arrives_during_a_flush_is_the_next_batch():
    sent: list[list[int]] = []
    gate = asyncio.Event()

    async def send(batch: list[int]) -> list[int]:
        sent.append(batch)
        if len(sent) == 1:
            await gate.wait()
        return [one * 2 for one in batch]

    grouped: Grouped[int, int] = Grouped(send)
    first = asyncio.create_task(grouped.run(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(grouped.run(i)) for i in range(2, 6)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8, 10]
    assert sent == [[1], [2, 3, 4, 5]]


async def test_one_bad_command_never_fails_its_neighbours():
    async def send(batch: list[int]) -> list[int]:
        if 3 in batch:
            raise ValueError("three")
        return batch

    grouped: Grouped[int, int] = Grouped(send)
    found = await asyncio.gather(*(grouped.run(i) for i in range(5)), return_exceptions=True)
    assert [one for one in found if isinstance(one, int)] == [0, 1, 2, 4]
    assert isinstance(found[3], ValueError)


async def test_a_batch_is_not_larger_than_allowed_and_a_wrong_count_is_an_error():
    sizes: list[int] = []

    async def send(batch: list[int]) -> list[int]:
        sizes.append(len(batch))
        return batch if len(batch) > 1 else []

    grouped: Grouped[int, int] = Grouped(send, max_batch=4)
    assert await asyncio.gather(*(grouped.run(i) for i in range(8))) == list(range(8))
    assert sizes == [4, 4]
    with pytest.raises(RuntimeError, match="0 answers"):
        await grouped.run(1)


async def test_a_caller_that_gives_up_does_not_disturb_the_others():
    gate = asyncio.Event()

    async def send(batch: list[int]) -> list[int]:
        await gate.wait()
        return batch

    grouped: Grouped[int, int] = Grouped(send)
    gone, stays = asyncio.create_task(grouped.run(1)), asyncio.create_task(grouped.run(2))
    await asyncio.sleep(0)
    gone.cancel()
    gate.set()
    assert await stays == 2
    assert gone.cancelled() or await asyncio.wait([gone])


@pytest.mark.parametrize(
    ("chance", "attempt", "seconds"), [(0.0, 1, 1.6), (1.0, 1, 2.4), (0.5, 4, 16.0), (0.5, 20, 60.0)]
)
def test_back_off_doubles_and_is_limited(chance, attempt, seconds):
    assert backoff(attempt, lambda: chance) == pytest.approx(seconds)
