"""Waiting for news of an organization instead of asking for it all the time."""

from __future__ import annotations

import time
from types import TracebackType
from uuid import UUID

import psycopg

from packshot.db.addresses import parameters


class Bell:
    """Rings when the database tells of something of this organization; a lost connection is a ring too."""

    def __init__(self, url: str, organization_id: UUID) -> None:
        self._url = url
        self._mark = str(organization_id)
        self._connection: psycopg.Connection | None = None

    def __enter__(self) -> Bell:
        self._listen()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()

    def wait(self, limit_s: float) -> None:
        """Return after the next event, or after `limit_s`: what is missed while we do not listen is seen then."""
        deadline = time.monotonic() + limit_s
        try:
            listening = self._connection or self._listen()
            while (left := deadline - time.monotonic()) > 0:
                if any(self._mark in told.payload for told in listening.notifies(timeout=left, stop_after=1)):
                    return
        except psycopg.OperationalError:
            self._connection = None
            time.sleep(max(0.0, min(0.1, deadline - time.monotonic())))

    def _listen(self) -> psycopg.Connection:
        self._connection = psycopg.connect(
            **parameters(self._url, login="packshot_web"), autocommit=True, connect_timeout=5
        )
        self._connection.execute("listen packshot_events")
        return self._connection
