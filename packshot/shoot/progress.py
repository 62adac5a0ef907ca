"""What is seen on the way: bars in a terminal, a line for each finished picture elsewhere. All on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from packshot.studio.generation.contracts import BatchView, JobState, TileView


class Shown(Protocol):
    """Shows how far a shoot is."""

    def stage(self, text: str) -> None: ...

    def batch(self, view: BatchView) -> None: ...


@contextmanager
def shown() -> Iterator[Shown]:
    """Bars where standard error is a terminal, else lines."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    # What others print goes where they print it: standard output may be a program's.
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        yield _Bars(progress)


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._stage = progress.add_task("Starting", total=None)
        self._tiles: dict[int, TaskID] = {}

    def stage(self, text: str) -> None:
        self._progress.update(self._stage, description=text)

    def batch(self, view: BatchView) -> None:
        self._progress.update(self._stage, visible=False)
        for tile in view.tiles:
            if tile.index not in self._tiles:
                self._tiles[tile.index] = self._progress.add_task(f"Picture {tile.index + 1}", total=100)
            percent = 100 if tile.state is JobState.SUCCEEDED else tile.progress
            text = f"Picture {tile.index + 1}: {_word(tile)}"
            self._progress.update(self._tiles[tile.index], completed=percent, description=text)


class _Lines:
    def __init__(self) -> None:
        self._done: set[int] = set()

    def stage(self, text: str) -> None:
        """Stages pass too quickly to be worth a line in a log."""

    def batch(self, view: BatchView) -> None:
        for tile in view.tiles:
            if tile.state.final and tile.index not in self._done:
                self._done.add(tile.index)
                print(f"Picture {tile.index + 1} of {len(view.tiles)}: {_word(tile)}", file=sys.stderr)


def _word(tile: TileView) -> str:
    if tile.state is JobState.QUEUED and tile.place:
        return f"number {tile.place} in the queue"
    return {
        JobState.QUEUED: "in the queue",
        JobState.RUNNING: f"{tile.progress} %",
        JobState.WAITING: "at the provider",
        JobState.SUCCEEDED: "done",
        JobState.FAILED: "failed",
        JobState.CANCELLED: "cancelled",
    }[tile.state]
