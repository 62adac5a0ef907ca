"""What lies in the studio: an asset is a picture in its use, a blob the bytes it shows."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
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
    """Media type, bytes and size of the picture are the blob's: copied, since a blob never changes.

    Two columns more, `ratio` and `search`, are made by the database (see sql/pictures.sql) and read by it alone.
    """

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
    deleted_by = models.UUIDField(null=True)
    title = models.CharField(max_length=200, db_default="")
    alt = models.TextField(db_default="")
    tags = ArrayField(models.TextField(), db_default=[])
    product = models.CharField(max_length=200, db_default="")
    """The product's name; a made picture has it of its first reference."""
    favourite = models.BooleanField(db_default=False)
    pinned_at = models.DateTimeField(null=True)
    review = models.CharField(max_length=10, null=True)
    review_by = models.UUIDField(null=True)
    review_at = models.DateTimeField(null=True)
    model = models.CharField(max_length=80, null=True)
    kind = models.CharField(max_length=10, db_default="photo")
    colours = ArrayField(models.TextField(), db_default=[])
    """Words of packshot.imaging.traits, the most of it first."""
    phash = models.BigIntegerField(null=True)
    likeness = models.UUIDField(null=True)
    """The first picture of those that look like this one, which may be this one; None until they were compared."""
    duration_s = models.FloatField(null=True)
    """Of a video."""

    def __str__(self) -> str:
        return self.name


class Change(models.Model):
    """One act on many pictures; what it did to each stands in its rows, so that it can be undone."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    created_by = models.UUIDField()
    action = models.CharField(max_length=12)
    value = models.TextField(null=True)
    """The board's id, the tag."""
    state = models.CharField(max_length=10)
    selection = models.JSONField()
    """`{"ids": [...]}` or `{"search": {...}, "upto": id, "but": [...]}`; see packshot/studio/assets/search.py."""
    cursor = models.UUIDField(null=True)
    """The picture that was last come to; pictures are walked from the newest to the oldest."""
    done = models.IntegerField(db_default=0)
    total = models.IntegerField(db_default=0)
    counted = models.BooleanField(db_default=False)
    """Whether `total` is the number and not only the least it can be."""
    kept = models.IntegerField(db_default=0)
    """Pictures that an undo left as they are, because somebody has changed them since."""
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    moved_at = models.DateTimeField(db_default=Now())
    """When it last went a step further."""

    def __str__(self) -> str:
        return f"{self.action} {self.id}"


class ChangeRow(models.Model):
    """What a change did to one picture: the fields it set, as they were and as it left them."""

    pk = models.CompositePrimaryKey("organization_id", "change_id", "asset_id")
    organization_id = models.UUIDField()
    change_id = models.UUIDField()
    asset_id = models.UUIDField()
    board_id = models.UUIDField()
    """Where the picture lay."""
    before = models.JSONField()
    after = models.JSONField()
    """For a copy: `{"id": ...}`, the copy's."""

    def __str__(self) -> str:
        return f"{self.asset_id} by {self.change_id}"


class Export(models.Model):
    """A file, or a ZIP of many, that is made for somebody and kept for a day."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    created_by = models.UUIDField()
    spec = models.JSONField()
    ids = ArrayField(models.UUIDField())
    """The pictures, in the order in which they are packed."""
    state = models.CharField(max_length=10)
    done = models.IntegerField(db_default=0)
    total = models.IntegerField()
    name = models.CharField(max_length=200)
    bytes = models.BigIntegerField(null=True)
    message = models.TextField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    moved_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class View(models.Model):
    """A search that an organization keeps under a name."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id = models.UUIDField()
    name = models.CharField(max_length=60)
    query = models.TextField()
    """The address's query, as packshot.studio.assets.search writes it."""
    created_by = models.UUIDField()
    position = models.IntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.name


class Arrival(models.Model):
    """A file that a browser brings straight into the store; when it is received, the picture has this id."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    created_by = models.UUIDField()
    board_id = models.UUIDField()
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, null=True)
    """What the browser says it is; None where it cannot tell."""
    bytes = models.BigIntegerField()
    media_type = models.CharField(max_length=40)
    state = models.CharField(max_length=10)
    reject_reason = models.TextField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    moved_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name
