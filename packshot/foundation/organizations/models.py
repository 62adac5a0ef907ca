"""Who owns: an organization is the tenant, a membership is the right to act for it."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now
from uuid_utils.compat import uuid7


class Organization(models.Model):
    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    personal = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    pk = models.CompositePrimaryKey("organization_id", "user_id")
    organization_id = models.UUIDField()
    user_id = models.UUIDField()
    role = models.CharField(
        max_length=10, choices=[("owner", "owner"), ("admin", "admin"), ("member", "member")]
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.role} {self.user_id} of {self.organization_id}"
