"""What lies in the studio: an asset is a picture in its use, a blob the bytes it shows."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Blob(models.Model):
    """Stored bytes by content: the same file uploaded twice is one blob of the organization."""

    pk = models.CompositePrimaryKey("organization_id", "sha256")
    organization_id = models.UUIDField()
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=40)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.sha256


class Asset(models.Model):
    """Media type, bytes and size of the picture are the blob's: copied, since a blob never changes."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id = models.UUIDField()
    board_id = models.UUIDField(null=True)
    job_id = models.UUIDField(null=True)
    parent_id = models.UUIDField(null=True)
    origin = models.CharField(max_length=10)
    operation = models.CharField(max_length=40, null=True)
    state = models.CharField(max_length=10)
    reject_reason = models.TextField(null=True)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=40)
    bytes = models.BigIntegerField()
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    placeholder = models.TextField(null=True)
    source_type = models.CharField(max_length=60, null=True)
    confidence = models.FloatField(null=True)
    note = models.TextField(null=True)
    prompt = models.TextField(null=True)
    seed = models.BigIntegerField(null=True)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
