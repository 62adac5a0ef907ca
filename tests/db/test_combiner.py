"""The combiner's promises: own answers, one flush at a time, no neighbour harmed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from packshot.db.combiner import Combiner


def test_every_caller_gets_its_own_answer_and_flushes_never_overlap():
    sizes: list[int] = []
    inside = threading.Lock()

    def send(commands: list[int]) -> list[int]:
        assert inside.acquire(blocking=False), "two flushes at once"
        try:
            sizes.append(len(commands))
            return [command * 2 for command in commands]
        finally:
            inside.release()

    combiner = Combiner(send, max_batch=16)
    with ThreadPoolExecutor(32) as threads:
        assert list(threads.map(combiner.run, range(2000))) == [n * 2 for n in range(2000)]
    assert sum(sizes) == 2000
    assert max(sizes) <= 16


def test_what_arrives_during_a_flush_shares_the_next_one():
    first_is_in, may_go_on = threading.Event(), threading.Event()
    batches: list[list[int]] = []

    def send(commands: list[int]) -> list[int]:
        batches.append(commands)
        if len(batches) == 1:
            first_is_in.set()
            assert may_go_on.wait(60)
        return commands

    combiner = Combiner(send)
    futures = [combiner.submit(0)]
    assert first_is_in.wait(60)
    futures += [combiner.submit(n) for n in range(1, 50)]
    may_go_on.set()
    assert [future.result(60) for future in futures] == list(range(50))
    assert batches == [[0], list(range(1, 50))]


def test_one_bad_command_never_fails_its_neighbours():
    first_is_in, may_go_on = threading.Event(), threading.Event()

    def send(commands: list[int]) -> list[int]:
        if commands == [0]:
            first_is_in.set()
            assert may_go_on.wait(60)
        if 13 in commands:
            raise ValueError("unlucky")
        return commands

    combiner = Combiner(send)
    first = combiner.submit(0)
    assert first_is_in.wait(60)
    futures = {n: combiner.submit(n) for n in (12, 13, 14)}
    may_go_on.set()
    assert first.result(60) == 0
    assert futures[12].result(60) == 12
    assert futures[14].result(60) == 14
    with pytest.raises(ValueError, match="unlucky"):
        futures[13].result(60)


def test_an_answer_too_few_is_an_error_for_all_not_a_mix_up():
    combiner: Combiner[int, int] = Combiner(lambda commands: [])
    with pytest.raises(RuntimeError, match="1 commands were sent and 0 answers"):
        combiner.run(1)
