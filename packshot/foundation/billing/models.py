"""What is sold, what was ordered, what the provider says, what we made of it. Money is in minor units."""

from __future__ import annotations

from uuid import UUID

from django.db import models


class Plan(models.Model):
    """A plan's terms as they are sold now; what somebody has bought stands with its price."""

    key = models.CharField(max_length=40, primary_key=True)
    rank = models.IntegerField()
    terms = models.JSONField()

    def __str__(self) -> str:
        return self.key


class Price(models.Model):
    """A price and what it buys, frozen for ever: another amount or other terms are another key."""

    key = models.CharField(max_length=80, primary_key=True)
    item = models.CharField(max_length=40)
    kind = models.CharField(max_length=4)
    interval = models.CharField(max_length=5, null=True)
    unit = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    terms = models.JSONField()
    sold = models.BooleanField()

    def __str__(self) -> str:
        return self.key


class Customer(models.Model):
    """An organization at a provider."""

    pk = models.CompositePrimaryKey("organization_id", "provider")
    organization_id = models.UUIDField()
    provider = models.CharField(max_length=40)
    ref = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.provider} {self.ref}"


class Order(models.Model):
    """A page that was asked for, or a charge: what is bought, frozen when it was asked for."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    kind = models.CharField(max_length=12)
    """subscription | pack | topup | change"""
    price = models.CharField(max_length=80)
    quantity = models.IntegerField()
    credits = models.BigIntegerField()
    """Micro-credits that it brings once, for a pack; 0 for a subscription, whose periods bring them."""
    provider = models.CharField(max_length=40)
    ref = models.CharField(max_length=200, null=True)
    """The checkout's at the provider, once the provider has answered."""
    url = models.TextField(null=True)
    status = models.CharField(max_length=8)
    """open | paid | failed | closed"""
    back = models.TextField()
    """The path in the studio that the person came from, and comes back to."""
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    guests = models.JSONField(null=True)
    """Whom to invite once its seats are bought; null as soon as they are invited, and for everything else."""

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Record(models.Model):
    """What the provider last said of one object: a state of the port (`packshot.ports.payment_states`), whole."""

    pk = models.CompositePrimaryKey("organization_id", "provider", "kind", "ref")
    organization_id = models.UUIDField()
    provider = models.CharField(max_length=40)
    kind = models.CharField(max_length=12)
    ref = models.CharField(max_length=200)
    as_of = models.DateTimeField()
    state = models.JSONField()

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"


class Fact(models.Model):
    """A fact that was published, with what followed from it in the same transaction: never twice."""

    pk = models.CompositePrimaryKey("organization_id", "key")
    organization_id = models.UUIDField()
    key = models.CharField(max_length=260)
    number = models.IntegerField()
    body = models.JSONField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class Message(models.Model):
    """The inbox: every verified message of a provider, kept for ever."""

    id: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=40)
    event_id = models.CharField(max_length=200)
    type = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, null=True)
    ref = models.CharField(max_length=200, null=True)
    version = models.CharField(max_length=80, null=True)
    seen = models.JSONField(null=True)
    state = models.CharField(max_length=8)
    """waiting | done | ignored | parked | dead"""
    error = models.TextField(null=True)
    tries = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
