"""Processes for CPU work, each of which may die without harm to the others or to the pool.

Not concurrent.futures: its pool breaks as a whole when one child dies, cannot kill a running job, and
multiprocessing's children import the parent's main module (here a web framework) before they can decode
a thumbnail. A child of ours is a plain `python -m`, spoken to over its own two pipes.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, cast

from packshot.imaging.errors import BadPicture

JOBS_PER_CHILD = 500
"""A child is replaced after so many jobs, so that no leak of a native library grows for ever."""


class PoolError(Exception):
    """The job has no result, through no fault of its picture. Trying again is allowed."""


class JobTimeout(PoolError):
    """The job ran longer than it may; its process was killed."""


class ChildDied(PoolError):
    """The process ended in the middle of the job (killed, out of memory, crashed)."""


class JobRaised(PoolError):
    """The function raised something that is not BadPicture; `traceback` tells where."""

    def __init__(self, message: str, traceback: str) -> None:
        super().__init__(message)
        self.traceback = traceback


class PoolClosed(PoolError):
    """The pool is closing or closed."""


_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""There are as many children as cores already."""

Report = Callable[[int], None]


class ImagingPool:
    """At most `processes` children, started when first needed, replaced when they die.

    `module` names the module whose FUNCTIONS the children serve. Belongs to one event loop.
    """

    def __init__(self, processes: int, module: str = "packshot.adapters.local.work") -> None:
        if processes < 1:
            raise ValueError("a pool needs at least one process")
        self._module = module
        self._free = asyncio.Semaphore(processes)
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="imaging")
        self._closed = False

    @property
    def pids(self) -> frozenset[int]:
        """The processes alive now."""
        return frozenset(child.pid for child in (*self._idle, *self._busy))

    async def run(
        self,
        name: str,
        *args: Any,
        timeout: float,  # noqa: ASYNC109 (asyncio.timeout could not end a process)
        report: Report | None = None,
    ) -> Any:
        """Run `FUNCTIONS[name](report, *args)` in a child; `timeout` seconds count from its start.

        `report` is called in the event loop with each percent. Raises BadPicture as the function did, else
        a PoolError. Cancelling the awaiting task kills the child, which is replaced.
        """
        async with self._free:
            if self._closed:
                raise PoolClosed("the imaging pool is closed")
            child = self._take()
            self._busy.add(child)
            job = asyncio.get_running_loop().run_in_executor(
                self._threads, child.converse, name, args, timeout, _in_loop(report)
            )
            try:
                return await asyncio.shield(job)
            except asyncio.CancelledError:
                child.kill()
                await asyncio.wait([job])  # the thread sees the pipe end at once
                job.exception()
                raise
            finally:
                self._busy.discard(child)
                self._put_back(child)

    async def close(self) -> None:
        """End every child, running jobs included, and wait until they are gone. Idempotent."""
        self._closed = True
        for child in self._busy:
            child.kill()
        while self._idle:
            self._idle.pop().end()
        await asyncio.to_thread(self._threads.shutdown)

    def _take(self) -> _Child:
        while self._idle:
            # The one used last has its networks loaded and its memory warm.
            child = self._idle.pop()
            if child.alive:
                return child
            child.end()
        return _Child(self._module)

    def _put_back(self, child: _Child) -> None:
        if self._closed or not child.alive or child.jobs >= JOBS_PER_CHILD:
            child.end()
        else:
            self._idle.append(child)


def _in_loop(report: Report | None) -> Report:
    if report is None:
        return lambda _percent: None
    loop = asyncio.get_running_loop()

    def tell(percent: int) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(report, percent)

    return tell


class _Child:
    """One process and the two pipes to it; a thread speaks with it, anyone may kill it."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "packshot.adapters.local.child", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | _ONE_THREAD,
            # Its own group: Ctrl-C in a terminal is for the parent, which ends its children in order.
            process_group=0,
        )
        self._stdin = cast("BinaryIO", self._process.stdin)
        self._stdout = cast("BinaryIO", self._process.stdout)
        self.jobs = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process now and reap it; harmless when it is gone."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Kill, and close the pipes; only when no thread converses any more."""
        self.kill()
        self._stdout.close()
        with contextlib.suppress(BrokenPipeError):  # what was buffered for the dead process is of no use
            self._stdin.close()

    def converse(self, name: str, args: tuple[Any, ...], timeout: float, report: Report) -> Any:
        """One job, blocking; runs in a thread of the pool."""
        self.jobs += 1
        job = pickle.dumps((name, args), protocol=5)  # in full before the first byte is sent
        late = threading.Event()

        def expire() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(timeout, expire)
        timer.start()
        try:
            self._stdin.write(job)
            self._stdin.flush()
            return self._await_answer(report)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
            self.kill()
            if late.is_set():
                raise JobTimeout(f"{name} took longer than {timeout:g} s") from error
            raise ChildDied(f"the process of {name} ended with {self._process.returncode}") from error
        finally:
            timer.cancel()

    def _await_answer(self, report: Report) -> Any:
        while True:
            kind, *rest = _Answers(self._stdout).load()
            if kind == "report":
                report(rest[0])
            elif kind == "done":
                return rest[0]
            elif kind == "bad_picture":
                raise BadPicture(rest[0], rest[1])
            else:
                raise JobRaised(rest[0], rest[1])


class _Answers(pickle.Unpickler):
    """Children open strangers' files with native decoders: what they say may build values, not run code."""

    _ALLOWED = ("packshot.imaging.", "packshot.adapters.local.work")
    _NUMPY = frozenset({"_frombuffer", "_reconstruct", "ndarray", "dtype", "scalar"})

    def __init__(self, file: io.BufferedIOBase | BinaryIO) -> None:
        super().__init__(file)

    def find_class(self, module: str, name: str) -> Any:
        ours = module.startswith(self._ALLOWED) and name[:1].isupper()
        if ours or (module.startswith("numpy") and name in self._NUMPY):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"unexpected {module}.{name}")
