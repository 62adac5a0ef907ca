"""Real threads, let go at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from packshot.errors import Problem


def at_once(number: int, work: Callable[[int], Any]) -> list[Any]:
    """What each of so many threads got, or which problem it met; what else went wrong is raised."""
    gate = threading.Barrier(number)
    found: list[Any] = [None] * number

    def run(index: int) -> None:
        gate.wait()
        try:
            found[index] = work(index)
        except Exception as error:  # noqa: BLE001  (told below)
            found[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in found:
        if isinstance(each, Exception) and not isinstance(each, Problem):
            raise each
    return found
