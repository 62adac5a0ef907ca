"""The worker's part in payments: messages are worked off, and once a day all is compared with the provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from django.db import Error

from packshot import wiring
from packshot.db.sql import call
from packshot.db.threads import beside
from packshot.errors import Problem
from packshot.foundation.billing import commands, inbox, projecting, seating
from packshot.foundation.billing.leaving import leave
from packshot.ports.payments import PaymentsUnavailable
from packshot.settings import settings
from packshot.worker.pace import Pace

log = structlog.get_logger(__name__)


async def take_payments(pace: Pace) -> None:
    """For ever; every worker does it, and the database gives each message to one of them."""
    await _once(commands.publish_plans)
    if settings().payments is None:
        await asyncio.Event().wait()  # another setting is another process
    since_round = pace.sweep
    while True:
        await _once(step)
        if since_round >= pace.sweep:
            await _once(projecting.remind)
            await _once(compare)
            since_round = 0.0
        await asyncio.sleep(pace.payments)
        since_round += pace.payments


def step() -> int:
    """What waits in the inbox; the mock, which has no internet to send over, is asked for its messages first."""
    if settings().payments == "mock":
        for headers, body in wiring.mock_payments().unsent():
            inbox.receive("mock", headers, body)
    leave()
    worked = inbox.work()
    seating.invite_due()
    return worked


def compare() -> None:
    """Once a day, by one of the workers."""
    if call("billing_begin_round_v1"):
        log.info("payments compared with the provider", **inbox.reconcile())


async def _once(work: Callable[[], object]) -> None:
    """In a thread. Nothing of it ends the worker: pictures go on while money waits."""
    try:
        await beside(work)
    except (Error, PaymentsUnavailable, Problem, ValueError) as error:
        log.error("payments wait", error=str(error))
