"""Batches, jobs, settlements and the callback inbox. Written by the functions in `sql/` alone."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class Batch(models.Model):
    """One order: what was asked for, by whom, and what one variant costs."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id = models.UUIDField()
    board_id = models.UUIDField(null=True)
    created_by = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    operation = models.CharField(max_length=40)
    model = models.CharField(max_length=80)
    prompt = models.TextField()
    ratio = models.CharField(max_length=9)
    size = models.IntegerField()
    seed = models.BigIntegerField()
    references = models.JSONField()
    """Snapshot of the references: `[{"id", "sha256", "media_type"}]`, in order."""
    parameters = models.JSONField()
    price = models.BigIntegerField()
    """Micro-credits for one variant."""
    key = models.CharField(max_length=200)
    order_hash = models.CharField(max_length=64)
    """Of the whole order: tells a repeated request from another one under the same key."""
    asked = models.TextField(db_default="")
    """What the person wrote; `prompt` is what was sent."""
    refers_to = models.UUIDField(null=True)
    """The picture that a follow-up is about."""
    negative = models.TextField(db_default="")
    """What shall not be seen."""
    styles = models.SmallIntegerField(db_default=0)
    """How many of the references, the last ones, lend their style only."""
    trace = models.CharField(max_length=55, null=True)
    """The W3C `traceparent` under which it was ordered, for whoever works on its jobs; None while not traced."""

    def __str__(self) -> str:
        return str(self.id)


class Job(models.Model):
    """One attempt at one variant that the person pays for. The truth of the pipeline (see docs/pipeline.md)."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id = models.UUIDField()
    """Also the id of its hold in the ledger."""
    batch_id = models.UUIDField()
    index = models.SmallIntegerField()
    """Which variant of the batch."""
    retry_key = models.CharField(max_length=200, null=True)
    """The idempotency key of a further paid attempt; None for the one that came with the batch."""
    current = models.BooleanField(db_default=True)
    """False once the person has paid for another attempt at this variant."""
    state = models.CharField(max_length=10)
    lane = models.CharField(max_length=20)
    """The queue's entrypoint: `advance` for work that waits for others, `render` for work on our cores."""
    provider = models.CharField(max_length=40)
    """Who makes it, or was asked last."""
    routes = ArrayField(models.CharField(max_length=40), db_default=models.Value("{}"))
    """The providers that may still make it, `provider` among them; that alone once it has taken the work."""
    preferred = models.CharField(max_length=40, null=True)
    """The provider that was meant first when it was ordered."""
    cost = models.BigIntegerField(db_default=0)
    """Micro-dollars that a provider may bill us for it: the most when it is ordered, mended at its end."""
    priority = models.SmallIntegerField(db_default=0)
    price = models.BigIntegerField()
    timeout_s = models.IntegerField()
    max_attempts = models.SmallIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    released = models.BooleanField(db_default=False)
    """Whether admission has let it into the queue."""
    swept = models.SmallIntegerField(db_default=0)
    """How often the sweep has offered it to the workers since one last took it."""
    attempt = models.SmallIntegerField(db_default=0)
    """How often the provider was, or was about to be, asked to do it."""
    token = models.BigIntegerField(db_default=0)
    """Fences every transition: raised by each claim."""
    worker = models.CharField(max_length=80, null=True)
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(db_default=Now())
    """Not to be claimed before: the back-off of a retry, or the next poll."""
    deadline_at = models.DateTimeField(null=True)
    """Set by the first claim: time in our queue does not count."""
    submit_started_at = models.DateTimeField(null=True)
    """Committed before a submit that must not be repeated."""
    provider_ref = models.CharField(max_length=400, null=True)
    cancel_requested = models.BooleanField(db_default=False)

    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    progress = models.SmallIntegerField(db_default=0)
    error_code = models.CharField(max_length=40, null=True)
    error_message = models.TextField(null=True)
    charged = models.BigIntegerField(db_default=0)
    returned = models.BigIntegerField(db_default=0)
    asset_id = models.UUIDField(null=True)
    late = models.BooleanField(db_default=False)

    def __str__(self) -> str:
        return str(self.id)


class Text(models.Model):
    """What a job has written. Beside the job, whose row changes often and stays small."""

    pk = models.CompositePrimaryKey("organization_id", "job_id")
    organization_id = models.UUIDField()
    job_id = models.UUIDField()
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return str(self.job_id)


class Snippet(models.Model):
    """Words that an organization uses again and again in its prompts."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id = models.UUIDField()
    name = models.CharField(max_length=80)
    text = models.TextField()
    created_by = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.name


class Settlement(models.Model):
    """That a job's hold has ended, once: the primary key is the promise."""

    pk = models.CompositePrimaryKey("organization_id", "job_id")
    organization_id = models.UUIDField()
    job_id = models.UUIDField()
    outcome = models.CharField(max_length=10)
    token = models.BigIntegerField()
    charged = models.BigIntegerField()
    returned = models.BigIntegerField()
    settled_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return str(self.job_id)


class Callback(models.Model):
    """A verified message of a provider, stored before anything is made of it."""

    provider = models.CharField(max_length=40)
    event_id = models.CharField(max_length=400)
    ref = models.CharField(max_length=400)
    received_at = models.DateTimeField(db_default=Now(), editable=False)
    handled_at = models.DateTimeField(null=True)
    """When its job was woken; None while no job of this name is known."""
    body = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint("provider", "event_id", name="generation_callback_once"),)
        indexes = (models.Index("provider", "ref", name="generation_callback_of"),)

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"


class ModelSetting(models.Model):
    """What the operator has changed of a model of the catalogue."""

    model = models.CharField(max_length=80, primary_key=True)
    off = models.BooleanField(db_default=False)
    price = models.JSONField(null=True)
    """A price rule as in the catalogue; None: the catalogue's own."""
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.model


class Limit(models.Model):
    """How many jobs an organization may have at once, where the operator has set it."""

    organization_id = models.UUIDField(primary_key=True)
    jobs = models.SmallIntegerField()

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.jobs}"


class Provider(models.Model):
    """The breaker of a provider that has failed at least once (see sql/routing.sql)."""

    name = models.CharField(max_length=40, primary_key=True)
    state = models.CharField(max_length=10)
    failures = models.IntegerField()
    """In a row, since `first_at`."""
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True)
    since = models.DateTimeField()
    """When `state` began."""
    trial_at = models.DateTimeField(null=True)
    """While it is open: when one job may try it next."""
    code = models.CharField(max_length=40, null=True)
    """Of its last outage."""

    def __str__(self) -> str:
        return f"{self.name} {self.state}"
