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
    erase_at = models.DateTimeField(null=True)
    """When a worker erases it, once an owner has asked for that; None: it stays."""
    closing_by = models.UUIDField(null=True)
    erased_at = models.DateTimeField(null=True)

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


class Invitation(models.Model):
    """A mailed offer to become a member; a seat is kept for it while it is open."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    email = models.CharField(max_length=254)
    role = models.CharField(max_length=10)
    seed = models.UUIDField()
    """What the token is derived from, with the studio's secret key; another one each time it is mailed."""
    token_hash = models.CharField(max_length=64)
    invited_by = models.UUIDField()
    language = models.CharField(max_length=10)
    """Of whoever invited: what the invited person speaks is not known."""
    state = models.CharField(max_length=10)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    mailed_at = models.DateTimeField(null=True)
    mail_failed = models.BooleanField(db_default=False)

    def __str__(self) -> str:
        return f"{self.state} invitation {self.id}"


class Takeout(models.Model):
    """A ZIP of everything an organization has, made by a worker and kept for a week."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    created_by = models.UUIDField()
    state = models.CharField(max_length=10)
    done = models.IntegerField(db_default=0)
    """Lines and files that are in it so far."""
    bytes = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    moved_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.state} takeout {self.id}"
