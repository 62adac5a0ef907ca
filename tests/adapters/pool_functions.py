"""What the pool's tests make its children do."""

from __future__ import annotations

import os
import signal
import threading

import cv2

from packshot.imaging.errors import BadPicture
from packshot.imaging.types import Progress


def echo(report: Progress, value: object) -> object:
    return value


def count(report: Progress, to: int) -> int:
    for percent in range(0, 101, 100 // to):
        report(percent)
    return os.getpid()


def stick(report: Progress) -> None:
    """Says that it runs, then never ends."""
    report(1)
    threading.Event().wait()


def die(report: Progress, number: int) -> None:
    os.kill(os.getpid(), number)


def interrupt(report: Progress) -> str:
    """What Ctrl-C does to a whole process group."""
    os.kill(os.getpid(), signal.SIGINT)
    return "still here"


def fail(report: Progress) -> None:
    raise KeyError("no such thing")


def refuse(report: Progress) -> None:
    raise BadPicture("damaged", "The picture is damaged.")


def threads(report: Progress) -> int:
    return cv2.getNumThreads()


def shout(report: Progress) -> str:
    """A native library that prints must not break the conversation."""
    os.write(1, b"warning: something\n")
    return "ok"


class Stranger:
    """Not among what a child may send."""


def smuggle(report: Progress) -> Stranger:
    return Stranger()


FUNCTIONS = {
    function.__name__: function
    for function in (echo, count, stick, die, interrupt, fail, refuse, threads, shout, smuggle)
}
