"""Messages to other people's servers: where they go, what they say, and what became of each."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class Endpoint(models.Model):
    """Where an organization wants to be told."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200)
    types = ArrayField(models.CharField(max_length=60), db_default=models.Value("{}"))
    """Of which events; none: of all, those to come too."""
    secret = models.TextField()
    """What messages are signed with, sealed (see keys.py)."""
    previous_secret = models.TextField(null=True)
    previous_until = models.DateTimeField(null=True)
    """Until then messages are signed with the secret before as well."""
    state = models.CharField(max_length=10)
    reason = models.CharField(max_length=10, null=True)
    """Why it is disabled: `person`, `gone` (it answered 410) or `failing`."""
    disabled_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    """The first failure since it last took a message; None where the last try succeeded."""
    created_by = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.url


class Event(models.Model):
    """Something that happened, as it is told."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    type = models.CharField(max_length=60)
    object = models.UUIDField()
    """What it happened to: messages about one object are delivered in order."""
    version = models.CharField(max_length=10)
    """Of the body's shape: the day from which on it is so."""
    body = models.JSONField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class Delivery(models.Model):
    """An event on its way to an endpoint."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    event_id: models.UUIDField[UUID, UUID] = models.UUIDField()
    endpoint_id: models.UUIDField[UUID, UUID] = models.UUIDField()
    object = models.UUIDField()
    seq = models.BigIntegerField()
    """The order in which events happened."""
    state = models.CharField(max_length=10)
    attempt = models.SmallIntegerField(db_default=0)
    """How often it has been tried since it was sent, or replayed."""
    next_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    """While a worker posts it."""
    token = models.BigIntegerField(db_default=0)
    """Raised by each claim: what a worker records counts under its own only."""
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.state} {self.id}"


class Attempt(models.Model):
    """One try to deliver, and what was answered."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    delivery_id: models.UUIDField[UUID, UUID] = models.UUIDField()
    at = models.DateTimeField()
    status = models.SmallIntegerField(null=True)
    """HTTP's; None where nothing was answered."""
    ms = models.IntegerField()
    excerpt = models.TextField()
    """The answer's first kilobyte."""
    error = models.CharField(max_length=20, null=True)
    """Why nothing was answered: `refused`, `timeout`, `unreachable` or `sealed`."""

    def __str__(self) -> str:
        return f"{self.status or self.error} {self.id}"
