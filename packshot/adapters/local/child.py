"""One process of the imaging pool: reads jobs from its standard input, answers on its standard output.

`python -m packshot.adapters.local.child MODULE` where MODULE has a dict FUNCTIONS. It ends when its input
ends, at once and whatever it is doing: that is how it follows its parent into death, even a kill -9.
"""

from __future__ import annotations

import importlib
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from typing import BinaryIO

import cv2

from packshot.imaging.errors import BadPicture


def main() -> None:
    """Serve until the parent goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    answers = _claim_stdout()
    jobs: queue.SimpleQueue[tuple[str, tuple[object, ...]]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, jobs), daemon=True).start()
    functions = importlib.import_module(sys.argv[1]).FUNCTIONS
    while True:
        name, args = jobs.get()
        try:
            result = functions[name](lambda percent: _send(answers, ("report", percent)), *args)
        except BadPicture as error:
            _send(answers, ("bad_picture", error.code, error.message))
        except Exception as error:  # noqa: BLE001 (whatever a job raises is told, not swallowed)
            _send(answers, ("error", f"{type(error).__name__}: {error}", traceback.format_exc()))
        else:
            _send(answers, ("done", result))
            del result


def _claim_stdout() -> BinaryIO:
    """The pipe for answers alone; whatever a native library prints goes to standard error."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def _read(jobs_in: BinaryIO, jobs: queue.SimpleQueue[tuple[str, tuple[object, ...]]]) -> None:
    while True:
        try:
            jobs.put(pickle.load(jobs_in))  # noqa: S301 (our own parent wrote it)
        except (EOFError, pickle.UnpicklingError):
            os._exit(0)


def _send(answers: BinaryIO, message: tuple[object, ...]) -> None:
    try:
        pickle.dump(message, answers, protocol=5)
        answers.flush()
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
