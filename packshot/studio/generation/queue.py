"""The queue as it is now, for whoever watches it: no Django needed, one short connection a look."""

from __future__ import annotations

from typing import Any

import psycopg

from packshot.db.addresses import parameters

_LIMIT_S = 5


def look(url: str) -> dict[str, Any]:
    """What `generation_queue_v1` answers (see sql/health.sql). Raises psycopg.Error."""
    address = parameters(url, login="packshot_worker") | {"connect_timeout": _LIMIT_S}
    with psycopg.connect(**address, autocommit=True) as connection:
        found = connection.execute("select public.generation_queue_v1()").fetchone()
    assert found is not None
    answer: dict[str, Any] = found[0]
    return answer


def age_s(url: str) -> float | None:
    """For how long the oldest message that is due has waited for a worker; None while the database is away.

    This is the figure to scale workers by: it says when people wait for a worker, whatever the work is.
    """
    try:
        lanes = look(url)["lanes"].values()
    except psycopg.Error:
        return None
    return max((float(lane["age_s"]) for lane in lanes), default=0.0)
