"""Keys of the API, the limits of those who ask with them, and the answers that were given under idempotency keys."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class Key(models.Model):
    """A key acts as the membership of whoever made it, bounded by its scopes; it goes with that membership."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    made_by = models.UUIDField()
    name = models.CharField(max_length=80)
    shown = models.CharField(max_length=24)
    """Its first and last letters, by which people know it."""
    hash = models.CharField(max_length=64)
    """SHA-256 of the whole key, which is kept nowhere."""
    scopes = ArrayField(models.CharField(max_length=40))
    networks = ArrayField(models.CharField(max_length=50))
    """From where it may be used, as CIDR; empty: from everywhere."""
    version = models.CharField(max_length=10)
    """The API's dated version that it speaks where a request does not say."""
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    """To the minute."""
    replaced_by = models.UUIDField(null=True)
    """The key that it was rotated to; it ends at `expires_at`."""

    def __str__(self) -> str:
        return f"{self.name} {self.shown}"


class Bucket(models.Model):
    """How much somebody has asked lately, told as the moment at which their bucket is full again. Not logged: after a
    crash everybody begins anew."""

    name = models.CharField(max_length=80, primary_key=True)
    full_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Answer(models.Model):
    """What a person's keys were answered under an Idempotency-Key; no status: not answered yet."""

    pk = models.CompositePrimaryKey("organization_id", "user_id", "key")
    organization_id = models.UUIDField()
    user_id = models.UUIDField()
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.SmallIntegerField(null=True)
    body = models.TextField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.status} under {self.key}"
