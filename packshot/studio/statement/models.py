"""What the statement keeps beside the ledger: nothing that the log could not tell again, ordered for reading.

The log is append-only and gapless, so each organization has a cursor; `statement_fold_v1` reads on from there.
"""

from __future__ import annotations

from django.db import models


class Cursor(models.Model):
    """How far an organization's log has been read: every entry up to `seq` is in the other tables."""

    organization_id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.organization_id} up to {self.seq}"


class Line(models.Model):
    """An entry of the log with what it was for. Amounts and balances stay in the entry, which has the same `seq`."""

    pk = models.CompositePrimaryKey("organization_id", "seq")
    organization_id = models.UUIDField()
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    member_id = models.UUIDField(null=True)
    """Who asked for the work, or who gave the command."""
    job_id = models.UUIDField(null=True)
    batch_id = models.UUIDField(null=True)
    board_id = models.UUIDField(null=True)
    """Where the work was asked for."""
    model = models.CharField(max_length=80, null=True)
    operation = models.CharField(max_length=40, null=True)

    def __str__(self) -> str:
        return f"{self.seq}: {self.kind}"


class Day(models.Model):
    """What was charged less what was refunded on a day of UTC, for each way in which it is looked at.

    The zero UUID and the empty word stand for what is not known: a key has no nulls.
    """

    pk = models.CompositePrimaryKey("organization_id", "day", "member_id", "board_id", "model", "operation")
    organization_id = models.UUIDField()
    day = models.DateField()
    member_id = models.UUIDField()
    board_id = models.UUIDField()
    model = models.CharField(max_length=80)
    operation = models.CharField(max_length=40)
    spent = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.spent} on {self.day}"


class Date(models.Model):
    """Where in the log a day begins. The log's times never go back, so a date is a range of it."""

    pk = models.CompositePrimaryKey("organization_id", "day")
    organization_id = models.UUIDField()
    day = models.DateField()
    first_seq = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.day} from {self.first_seq}"
