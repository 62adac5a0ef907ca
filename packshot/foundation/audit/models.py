"""What was done to rights, money and keys. Appended by one function, changed by nobody."""

from __future__ import annotations

from uuid import UUID

from django.db import models


class Event(models.Model):
    """Who did what to whom or what, when, and from where."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    """Ordered by time: what the pages walk along."""
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True)
    """None where no person of the studio did it."""
    actor = models.TextField()
    """The person's address at that time; `operator` on the command line, `system` for the studio itself."""
    action = models.CharField(max_length=60)
    """`room.deed`, such as `member.removed`: stable words for programs."""
    target = models.TextField()
    """Whom or what it was done to, as a person knows it: an address, a name."""
    details = models.JSONField()
    address = models.TextField()
    user_agent = models.TextField()
    request_id = models.TextField()

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}"
