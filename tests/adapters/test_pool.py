"""Children may be killed, hang, crash or lie; the pool goes on, and none of them outlives its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import numpy as np
import psutil
import pytest

from packshot.adapters.local import pool as pooling
from packshot.adapters.local.pool import ChildDied, ImagingPool, JobRaised, JobTimeout, PoolClosed
from packshot.imaging.errors import BadPicture

FUNCTIONS = "tests.adapters.pool_functions"


@pytest.fixture
async def pool() -> AsyncIterator[ImagingPool]:
    made = ImagingPool(2, FUNCTIONS)
    yield made
    pids = made.pids
    await made.close()
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def _stuck(pool: ImagingPool, limit: float = 60) -> asyncio.Task[object]:
    """A task that runs in a child, and will for ever."""
    running = asyncio.Event()
    task = asyncio.create_task(pool.run("stick", timeout=limit, report=lambda _percent: running.set()))
    await asyncio.wait_for(running.wait(), 30)
    return task


async def test_values_go_and_come(pool: ImagingPool) -> None:
    picture = np.arange(3_000_000, dtype=np.uint8).reshape(1000, 1000, 3)
    assert await pool.run("echo", b"x" * 5_000_000, timeout=30) == b"x" * 5_000_000
    assert np.array_equal(await pool.run("echo", picture, timeout=30), picture)


async def test_more_jobs_than_children(pool: ImagingPool) -> None:
    results = await asyncio.gather(*(pool.run("echo", number, timeout=30) for number in range(20)))
    assert results == list(range(20))
    assert len(pool.pids) <= 2


async def test_progress_travels_back(pool: ImagingPool) -> None:
    told: list[int] = []
    await pool.run("count", 5, timeout=30, report=told.append)
    assert told == [0, 20, 40, 60, 80, 100]


async def test_a_refusal_keeps_its_words_and_its_child(pool: ImagingPool) -> None:
    before = await pool.run("count", 1, timeout=30)
    with pytest.raises(BadPicture, match="The picture is damaged"):
        await pool.run("refuse", timeout=30)
    assert await pool.run("count", 1, timeout=30) == before


async def test_an_exception_comes_with_its_traceback(pool: ImagingPool) -> None:
    with pytest.raises(JobRaised, match="KeyError") as caught:
        await pool.run("fail", timeout=30)
    assert "pool_functions.py" in caught.value.traceback


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
async def test_a_dying_child_fails_its_own_job_only(pool: ImagingPool, number: signal.Signals) -> None:
    neighbour = await _stuck(pool)
    with pytest.raises(ChildDied):
        await pool.run("die", number, timeout=30)
    assert await pool.run("echo", "healed", timeout=30) == "healed"
    assert not neighbour.done()
    neighbour.cancel()


async def test_a_child_killed_from_outside_while_idle_is_replaced(pool: ImagingPool) -> None:
    pid = await pool.run("count", 1, timeout=30)
    os.kill(pid, signal.SIGKILL)
    psutil.Process(pid).wait(10) if psutil.pid_exists(pid) else None
    assert await pool.run("count", 1, timeout=30) != pid


async def test_a_job_that_takes_too_long_is_killed(pool: ImagingPool) -> None:
    with pytest.raises(JobTimeout, match=r"stick took longer than 0\.2 s"):
        await pool.run("stick", timeout=0.2)
    assert await pool.run("echo", 1, timeout=30) == 1


async def test_cancelling_kills_the_child(pool: ImagingPool) -> None:
    task = await _stuck(pool)
    (pid,) = pool.pids
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not psutil.pid_exists(pid)
    assert await pool.run("echo", 1, timeout=30) == 1


async def test_a_cancelled_wait_for_a_free_child_harms_nobody(pool: ImagingPool) -> None:
    stuck = [await _stuck(pool), await _stuck(pool)]
    waiting = asyncio.create_task(pool.run("echo", 1, timeout=30))
    await asyncio.wait([waiting], timeout=0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not any(task.done() for task in stuck)
    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)


async def test_ctrl_c_is_the_parents_business(pool: ImagingPool) -> None:
    assert await pool.run("interrupt", timeout=30) == "still here"
    (pid,) = pool.pids
    assert os.getpgid(pid) != os.getpgid(0)


async def test_one_thread_each_and_printing_does_no_harm(pool: ImagingPool) -> None:
    assert await pool.run("threads", timeout=30) == 1
    assert await pool.run("shout", timeout=30) == "ok"


async def test_a_child_cannot_send_what_is_not_ours(pool: ImagingPool) -> None:
    with pytest.raises(ChildDied):
        await pool.run("smuggle", timeout=30)
    assert await pool.run("echo", 1, timeout=30) == 1


async def test_children_are_recycled(pool: ImagingPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooling, "JOBS_PER_CHILD", 2)
    pids = [await pool.run("count", 1, timeout=30) for _ in range(5)]
    assert pids[0] == pids[1]
    assert pids[2] == pids[3]
    assert len(set(pids)) == 3


async def test_closing_ends_what_runs() -> None:
    pool = ImagingPool(1, FUNCTIONS)
    task = await _stuck(pool)
    (pid,) = pool.pids
    await pool.close()
    with pytest.raises(ChildDied):
        await task
    assert not psutil.pid_exists(pid)
    with pytest.raises(PoolClosed):
        await pool.run("echo", 1, timeout=30)
    await pool.close()


async def test_a_pool_has_at_least_one_process() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ImagingPool(0)


_PARENT = """
import asyncio
from packshot.adapters.local.pool import ImagingPool

async def main():
    pool = ImagingPool(2, "tests.adapters.pool_functions")
    idle = await pool.run("count", 1, timeout=60)
    await asyncio.gather(
        pool.run("stick", timeout=60, report=lambda _percent: print(*pool.pids, flush=True)),
        pool.run("stick", timeout=60, report=lambda _percent: print(*pool.pids, flush=True)),
    )

asyncio.run(main())
"""


@pytest.mark.crash
def test_children_die_with_a_parent_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    parent.stdout.readline()
    children = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
    assert len(children) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _gone, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
