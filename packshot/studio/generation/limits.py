"""Limits of the whole installation and of single organizations, as the settings and the operator say them."""

from __future__ import annotations

from uuid import UUID

from packshot.settings import settings
from packshot.studio.generation.models import Limit
from packshot.studio.generation.prices import micro


def spend_cap() -> int | None:
    """Micro-dollars that providers may bill us for the orders of one UTC day; None: no limit."""
    limit = settings().daily_spend_usd
    return None if limit is None else micro(limit)


def jobs_at_once(organization_id: UUID) -> int:
    """How many jobs of this organization run side by side. Runs inside `acting_as`."""
    found = Limit.objects.filter(organization_id=organization_id).values_list("jobs", flat=True).first()
    return settings().organization_jobs if found is None else found
