"""What people decided on proposals. Written by the functions in `sql/` alone."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Declined(models.Model):
    """That somebody said no to what a reply proposed. What was made is known by its order's key instead."""

    pk = models.CompositePrimaryKey("organization_id", "job_id")
    organization_id = models.UUIDField()
    job_id = models.UUIDField()
    """The job that wrote the reply."""
    declined_by = models.UUIDField()
    declined_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return str(self.job_id)
