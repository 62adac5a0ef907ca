"""A board: where requests and their pictures are kept together, and by whom."""

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
    kind = models.CharField(max_length=10, db_default="board")
    """`inbox` for the one that takes what comes without a board."""
    audience = models.CharField(max_length=12, db_default="organization")
    """`organization`: every member may edit; `invited`: only its own members see it."""
    description = models.TextField(db_default="")
    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by: models.UUIDField[UUID | None, UUID | None] = models.UUIDField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["organization_id", "-updated_at", "-id"], name="boards_board_recent"),
        )

    def __str__(self) -> str:
        return self.title


class Member(models.Model):
    """A person's own role on a board; what the organization's role gives beside it stands in sql/access.sql."""

    pk = models.CompositePrimaryKey("organization_id", "board_id", "user_id")
    organization_id = models.UUIDField()
    board_id = models.UUIDField()
    user_id = models.UUIDField()
    role = models.CharField(max_length=10)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.role} {self.user_id} of {self.board_id}"


class Activity(models.Model):
    """That somebody did something on a board."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id = models.UUIDField()
    board_id = models.UUIDField()
    actor_id = models.UUIDField(null=True)
    verb = models.CharField(max_length=20)
    subject = models.JSONField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.verb} on {self.board_id}"
