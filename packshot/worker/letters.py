"""Letters that are due are sent."""

from __future__ import annotations

import asyncio

import structlog
from django.db import Error

from packshot.db.threads import beside
from packshot.foundation.letters import commands
from packshot.worker.pace import Pace

log = structlog.get_logger(__name__)


async def send_for_ever(pace: Pace) -> None:
    """For ever; every worker does it, and the database gives each letter to one of them."""
    while True:
        try:
            await beside(commands.deliver)
        except Error as error:
            log.warning("letters wait", error=str(error))
        await asyncio.sleep(pace.letters)
