"""Webhooks are delivered: claimed, signed, posted through the door out, and what was answered is recorded."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import structlog
from cryptography.fernet import InvalidToken

from packshot.foundation.webhooks import keys, signing
from packshot.ports.fetch import FetchFailed, FetchRefused, FetchTimedOut, Poster
from packshot.worker.database import Database
from packshot.worker.pace import Pace

log = structlog.get_logger(__name__)

_AT_ONCE = 100
"""Posts that one worker has under way; most of the time of each is waiting."""
_TIMEOUT_S = 15.0
_LEASE_S = 40.0
"""Well above the time that a post may take: after it another worker posts the same again."""
_EXCERPT = 1024


@dataclass(frozen=True, slots=True)
class Tried:
    """What a try came to, as `webhooks_tried_v1` takes it."""

    status: int | None
    ms: int
    excerpt: str = ""
    error: str | None = None
    retry_after_s: int | None = None


async def deliver_for_ever(database: Database, poster: Poster, pace: Pace) -> None:
    """For ever; every worker does it, and the database gives each delivery to one of them. Nothing of it ends the
    worker; what is under way when it stops is sent again by another one."""
    under_way: set[asyncio.Task[None]] = set()
    try:
        while True:
            for each in await _claim(database, _AT_ONCE - len(under_way)):
                under_way.add(asyncio.create_task(_deliver(database, poster, each)))
            if under_way:
                _, under_way = await asyncio.wait(
                    under_way, timeout=pace.webhooks, return_when=asyncio.FIRST_COMPLETED
                )
            else:
                await asyncio.sleep(pace.webhooks)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _claim(database: Database, room: int) -> list[dict[str, Any]]:
    if room <= 0:
        return []
    try:
        return await database.fetch("select * from public.webhooks_claim_v1($1, $2)", room, _LEASE_S)
    except Exception:  # the next round tries again
        log.exception("webhooks not claimed")
        return []


async def _deliver(database: Database, poster: Poster, claimed: dict[str, Any]) -> None:
    try:
        tried = await _post(poster, claimed)
        word = await database.fetch(
            "select public.webhooks_tried_v1($1, $2, $3, $4, $5, $6, $7, $8) as word",
            claimed["organization_id"],
            claimed["id"],
            claimed["token"],
            tried.status,
            tried.ms,
            tried.excerpt,
            tried.error,
            tried.retry_after_s,
        )
        if (said := word[0]["word"]) in ("failed", "disabled"):
            log.warning("webhook given up", delivery=str(claimed["id"]), word=said)
    except Exception:  # its lease runs out, and it is claimed again
        log.exception("webhook not delivered", delivery=str(claimed["id"]))


async def _post(poster: Poster, claimed: dict[str, Any]) -> Tried:
    event_id, body = UUID(str(claimed["event_id"])), claimed["body"].encode()
    began = time.monotonic()
    try:
        secrets = [keys.unseal(each) for each in claimed["secrets"]]
        headers = signing.headers(event_id, body, secrets, int(time.time()))
        answer = await poster.post(
            claimed["url"], body, headers=headers, timeout_s=_TIMEOUT_S, max_bytes=_EXCERPT
        )
    except (FetchRefused, FetchFailed, InvalidToken) as error:
        log.info(
            "webhook not answered", delivery=str(claimed["id"]), error=f"{type(error).__name__}: {error}"
        )
        return Tried(None, round((time.monotonic() - began) * 1000), error=_why(error))
    return Tried(
        answer.status,
        answer.took_ms,
        excerpt=answer.head.decode("utf-8", "replace").replace("\0", ""),
        retry_after_s=_seconds(answer.retry_after, time.time()),
    )


def _why(error: Exception) -> str:
    """In a word: what the error says of our network is nobody's business."""
    if isinstance(error, InvalidToken):
        return "sealed"
    if isinstance(error, FetchRefused):
        return "refused"
    return "timeout" if isinstance(error, FetchTimedOut) else "unreachable"


def _seconds(retry_after: str | None, now: float) -> int | None:
    """What a Retry-After asks for; None where it asks for nothing that can be read."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return min(int(retry_after[:9]), 86400)
    try:
        return max(0, min(round(parsedate_to_datetime(retry_after).timestamp() - now), 86400))
    except (ValueError, OverflowError):
        return None
