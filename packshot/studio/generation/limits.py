"""Limits of the whole installation and of single organizations, as the settings and the operator say them."""

from __future__ import annotations

from dataclasses import dataclass

from packshot.db.sql import rows
from packshot.settings import settings
from packshot.studio.generation.prices import micro


def spend_cap() -> int | None:
    """Micro-dollars that providers may bill us for the orders of one UTC day; None: no limit."""
    limit = settings().daily_spend_usd
    return None if limit is None else micro(limit)


@dataclass(frozen=True, slots=True)
class AtOnce:
    """How many jobs of an organization run side by side, and whether it is the plan that says so."""

    jobs: int
    by_plan: bool


def at_once() -> AtOnce:
    """Of the acting organization. Runs inside `acting_as`."""
    return AtOnce(**rows("generation_my_at_once_v1", settings().organization_jobs)[0])
