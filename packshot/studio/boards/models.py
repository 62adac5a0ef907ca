"""A board: where requests and their pictures are kept together."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now


class Board(models.Model):
    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id: models.UUIDField[UUID, UUID] = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    slug = models.CharField(max_length=24, unique=True)
    title = models.CharField(max_length=120)
    created_by: models.UUIDField[UUID, UUID] = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    cover_asset_id: models.UUIDField[UUID | None, UUID | None] = models.UUIDField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["organization_id", "-updated_at", "-id"], name="boards_board_recent"),
        )

    def __str__(self) -> str:
        return self.title
