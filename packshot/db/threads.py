"""Blocking work of Django's, beside an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

Value = TypeVar("Value")


async def beside(work: Callable[..., Value], *args: object) -> Value:
    """Do it in a thread. However it ends, its connection goes back: a broken one would meet the thread's next work."""

    def run() -> Value:
        try:
            return work(*args)
        finally:
            connection.close()

    return await asyncio.to_thread(run)
