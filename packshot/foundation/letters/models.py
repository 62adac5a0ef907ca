"""Mails to people of the studio: written down in the transaction of what they tell, sent by a worker."""

from __future__ import annotations

from uuid import UUID

from django.db import models


class Letter(models.Model):
    """One mail to one person. The row stays, without its words, so that its key is told once."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    key = models.CharField(max_length=300)
    """What happened, by a name that the room which posts it never gives to anything else."""
    user_id = models.UUIDField()
    kind = models.CharField(max_length=40)
    """`room.name`: who writes its words (`packshot.foundation.letters.writing`)."""
    body = models.JSONField()
    """What its words are made of; empty once it is sent."""
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    """When it may be claimed; null while and after it is being sent."""
    tries = models.SmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(null=True)
    """Why it was not sent, or why nobody knows whether it was."""

    def __str__(self) -> str:
        return f"{self.kind} to {self.user_id}"
